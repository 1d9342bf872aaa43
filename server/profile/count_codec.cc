#include "server/profile/count_codec.h"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <vector>

#include "absl/types/span.h"

namespace plumbline::profile {
namespace {

constexpr uint32_t kEscape = 24;
constexpr uint32_t kMaxLowBits = 30;
constexpr uint8_t kPairs = 0;

uint32_t WidthOf(uint64_t count) {
  return std::max<uint32_t>(1, static_cast<uint32_t>(std::bit_width(count)));
}

uint64_t BitsOf(uint64_t count, uint32_t low_bits) {
  const uint64_t high = count >> low_bits;
  return high < kEscape ? high + 1 + low_bits : kEscape + 6 + WidthOf(count);
}

// None of the counts is above `largest`.
template <class Count>
uint64_t BytesAsBits(absl::Span<const Count> counts, uint64_t largest, uint32_t low_bits) {
  uint64_t bits = 0;
  if (largest >> low_bits < kEscape) {
    for (const Count count : counts) bits += static_cast<Count>(count >> low_bits);
    bits += counts.size() * (1 + low_bits);
  } else {
    for (const Count count : counts) bits += BitsOf(count, low_bits);
  }
  return (bits + 7) / 8;
}

uint64_t BytesOfVarint(uint64_t value) { return (WidthOf(value) + 6) / 7; }

template <class Count, class Use>
void ForEachPair(absl::Span<const Count> counts, const Use& use) {
  size_t next = 0;
  for (size_t code = 0; code < counts.size(); ++code) {
    if (counts[code] == 0) continue;
    use(code - next, counts[code]);
    next = code + 1;
  }
}

template <class Count>
uint64_t BytesAsPairs(absl::Span<const Count> counts, uint64_t used) {
  uint64_t bytes = BytesOfVarint(used);
  ForEachPair(counts, [&](uint64_t gap, uint64_t count) {
    bytes += BytesOfVarint(gap) + BytesOfVarint(count);
  });
  return bytes;
}

// Bits into bytes, the lowest first.
class BitWriter {
 public:
  explicit BitWriter(ByteWriter* out) : out_(out) {}

  // At most 56 bits.
  void Put(uint64_t bits, uint32_t count) {
    if (held_ + count > 64) Drain();
    buffer_ |= bits << held_;
    held_ += count;
  }
  void Finish() {
    Drain();
    if (held_ > 0) out_->Byte(static_cast<uint8_t>(buffer_));
  }

 private:
  // All but the last bits that are less than a byte.
  void Drain() {
    const uint32_t whole = held_ / 8;
    out_->Bytes(buffer_, whole);
    buffer_ = whole < 8 ? buffer_ >> (8 * whole) : 0;
    held_ %= 8;
  }

  ByteWriter* out_;
  uint64_t buffer_ = 0;
  uint32_t held_ = 0;
};

class BitReader {
 public:
  explicit BitReader(absl::string_view bytes) : bytes_(bytes) {}

  bool ok() const { return ok_; }
  // Bytes that were begun.
  size_t used() const { return next_ - held_ / 8; }

  // At most 32 bits.
  uint64_t Take(uint32_t count) {
    Fill();
    const uint64_t bits = buffer_ & ((uint64_t{1} << count) - 1);
    Drop(count);
    return bits;
  }
  // Reads counts of ones alone, each up to a zero, as many as the bits at hand hold and no more
  // than there is room for. Returns how many; one of kEscape ones is left.
  size_t TakeOnes(absl::Span<uint64_t> counts) {
    Fill();
    uint64_t zeros = ~buffer_ & ((uint64_t{1} << std::min(held_, 63u)) - 1);
    uint32_t begin = 0;
    size_t taken = 0;
    for (; taken < counts.size() && zeros != 0; ++taken) {
      const auto end = static_cast<uint32_t>(std::countr_zero(zeros));
      if (end - begin >= kEscape) break;
      counts[taken] = end - begin;
      begin = end + 1;
      zeros &= zeros - 1;
    }
    Drop(begin);
    return taken;
  }
  // Ones up to a zero, which is dropped; kEscape ones have no zero behind them.
  uint32_t Ones() {
    Fill();
    const auto ones = std::min(static_cast<uint32_t>(std::countr_one(buffer_)), kEscape);
    Drop(ones < kEscape ? ones + 1 : ones);
    return ones;
  }

 private:
  void Fill() {
    if (held_ >= 32) return;
    const size_t room = (64 - held_) / 8;
    const absl::string_view next = bytes_.substr(next_, 8);
    uint64_t bits = 0;
    if (next.size() == 8) {
      for (int i = 0; i < 8; ++i) bits |= uint64_t{static_cast<uint8_t>(next[i])} << (8 * i);
    } else {
      for (size_t i = 0; i < next.size(); ++i) {
        bits |= uint64_t{static_cast<uint8_t>(next[i])} << (8 * i);
      }
    }
    const size_t taken = std::min(room, next.size());
    if (taken < 8) bits &= (uint64_t{1} << (8 * taken)) - 1;
    buffer_ |= bits << held_;
    next_ += taken;
    held_ += static_cast<uint32_t>(8 * taken);
  }
  void Drop(uint32_t count) {
    ok_ = ok_ && count <= held_;
    buffer_ >>= count;
    held_ -= std::min(count, held_);
  }

  absl::string_view bytes_;
  size_t next_ = 0;
  uint64_t buffer_ = 0;
  uint32_t held_ = 0;
  bool ok_ = true;
};

// One that needs no escape.
inline void PutShort(uint64_t count, uint32_t low_bits, BitWriter* out) {
  const uint64_t high = count >> low_bits;
  const uint64_t low = count & ((uint64_t{1} << low_bits) - 1);
  out->Put(low << (high + 1) | ((uint64_t{1} << high) - 1),
           static_cast<uint32_t>(high) + 1 + low_bits);
}

void PutCount(uint64_t count, uint32_t low_bits, BitWriter* out) {
  if (count >> low_bits < kEscape) return PutShort(count, low_bits, out);
  const uint32_t width = WidthOf(count);
  out->Put((uint64_t{1} << kEscape) - 1, kEscape);
  out->Put(width - 1, 6);
  out->Put(count & 0xffff'ffff, std::min<uint32_t>(width, 32));
  if (width > 32) out->Put(count >> 32, width - 32);
}

uint64_t TakeCount(uint32_t low_bits, BitReader* in) {
  const uint64_t high = in->Ones();
  if (high < kEscape) return high << low_bits | in->Take(low_bits);
  const auto width = static_cast<uint32_t>(in->Take(6)) + 1;
  uint64_t count = in->Take(std::min<uint32_t>(width, 32));
  if (width > 32) count |= in->Take(width - 32) << 32;
  return count;
}

template <class Count>
void WriteNarrow(absl::Span<const Count> counts, ByteWriter* out) {
  uint64_t total = 0, used = 0;
  Count largest = 0;
  for (const Count count : counts) {
    total += count;
    used += count > 0 ? 1 : 0;
    largest = std::max(largest, count);
  }
  // The best k is near the logarithm of the mean, or below it where a few counts make the mean.
  const uint64_t mean = counts.empty() ? 0 : total / counts.size();
  uint32_t low_bits = std::min(static_cast<uint32_t>(std::bit_width(mean)), kMaxLowBits);
  uint64_t as_bits = BytesAsBits(counts, largest, low_bits);
  while (low_bits > 0) {
    const uint64_t fewer = BytesAsBits(counts, largest, low_bits - 1);
    if (fewer > as_bits) break;
    as_bits = fewer;
    --low_bits;
  }
  // A pair takes two bytes at least.
  if (1 + 2 * used <= as_bits && BytesAsPairs(counts, used) <= as_bits) {
    out->Byte(kPairs);
    out->Varint(used);
    ForEachPair(counts, [&](uint64_t gap, uint64_t count) {
      out->Varint(gap);
      out->Varint(count);
    });
    return;
  }
  out->Byte(static_cast<uint8_t>(1 + low_bits));
  BitWriter bits(out);
  if (uint64_t{largest} >> low_bits < kEscape) {
    for (const Count count : counts) PutShort(count, low_bits, &bits);
  } else {
    for (const Count count : counts) PutCount(count, low_bits, &bits);
  }
  bits.Finish();
}

}  // namespace

void WriteCounts(const CodeCounts& counts, ByteWriter* out) {
  counts.Visit([out](auto narrow) { WriteNarrow(narrow, out); });
}

absl::Status ReadCountPairs(ByteReader* in, absl::Span<uint64_t> counts) {
  std::fill(counts.begin(), counts.end(), 0);
  const uint64_t used = in->Varint();
  if (used > counts.size()) return absl::DataLossError("more codes than the baseline has");
  uint64_t next = 0;
  for (uint64_t i = 0; i < used; ++i) {
    const uint64_t gap = in->Varint();
    const uint64_t count = in->Varint();
    if (!in->ok() || count == 0 || next >= counts.size() || gap >= counts.size() - next) {
      return absl::DataLossError("a code is outside the baseline's");
    }
    counts[next + gap] = count;
    next += gap + 1;
  }
  return absl::OkStatus();
}

absl::Status ReadCounts(ByteReader* in, absl::Span<uint64_t> counts) {
  const uint8_t form = in->Byte();
  if (form == kPairs) return ReadCountPairs(in, counts);
  const uint32_t low_bits = form - 1u;
  if (low_bits > kMaxLowBits) return absl::DataLossError("counts of an unknown form");
  BitReader bits(in->rest());
  for (size_t code = 0; code < counts.size(); ++code) {
    if (low_bits == 0) {  // as of few rows: many at once
      code += bits.TakeOnes(counts.subspan(code));
      if (code == counts.size()) break;
    }
    counts[code] = TakeCount(low_bits, &bits);
  }
  if (!bits.ok()) return absl::DataLossError("the counts are cut short");
  in->Skip(bits.used());
  return absl::OkStatus();
}

}  // namespace plumbline::profile
