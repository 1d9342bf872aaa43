#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/profile/pane.h"

// Layout: version byte; rows; per variable its eight counters, codes as (gap, count) pairs behind
// their number, moments and tail sums; unknown variables as (name, rows) behind their number;
// overflow. Integers are LEB128 varints, doubles 8 bytes little-endian.
namespace plumbline::profile {
namespace {

constexpr char kVersion = 1;

class Writer {
 public:
  void Byte(char byte) { bytes_.push_back(byte); }
  void Varint(uint64_t value) {
    while (value >= 0x80) {
      bytes_.push_back(static_cast<char>(value | 0x80));
      value >>= 7;
    }
    bytes_.push_back(static_cast<char>(value));
  }
  void Double(double value) {
    uint64_t bits;
    std::memcpy(&bits, &value, sizeof(bits));
    for (int shift = 0; shift < 64; shift += 8) bytes_.push_back(static_cast<char>(bits >> shift));
  }
  void Text(absl::string_view text) {
    Varint(text.size());
    bytes_.append(text.data(), text.size());
  }
  std::string Take() { return std::move(bytes_); }

 private:
  std::string bytes_;
};

// Reads what Writer wrote; after a short or overlong read ok() is false and every read gives 0.
class Reader {
 public:
  explicit Reader(absl::string_view bytes) : bytes_(bytes) {}

  bool ok() const { return ok_; }
  bool AtEnd() const { return bytes_.empty(); }

  uint8_t Byte() {
    if (bytes_.empty()) return Fail();
    const auto byte = static_cast<uint8_t>(bytes_.front());
    bytes_.remove_prefix(1);
    return byte;
  }
  uint64_t Varint() {
    uint64_t value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      const uint8_t byte = Byte();
      if (!ok_) return 0;
      if (shift == 63 && byte > 1) return Fail();
      value |= uint64_t{byte & 0x7fu} << shift;
      if (byte < 0x80) return value;
    }
    return Fail();
  }
  double Double() {
    if (bytes_.size() < 8) return Fail();
    uint64_t bits = 0;
    for (int i = 0; i < 8; ++i) bits |= uint64_t{static_cast<uint8_t>(bytes_[i])} << (8 * i);
    bytes_.remove_prefix(8);
    double value;
    std::memcpy(&value, &bits, sizeof(value));
    return value;
  }
  absl::string_view Text() {
    const uint64_t size = Varint();
    if (!ok_ || size > bytes_.size()) {
      Fail();
      return {};
    }
    const absl::string_view text = bytes_.substr(0, size);
    bytes_.remove_prefix(size);
    return text;
  }

 private:
  uint8_t Fail() {
    ok_ = false;
    bytes_ = {};
    return 0;
  }

  absl::string_view bytes_;
  bool ok_ = true;
};

// Which of a variable's sums follow.
constexpr uint8_t kHasMoments = 1;
constexpr uint8_t kHasBelow = 2;
constexpr uint8_t kHasAbove = 4;
constexpr uint8_t kHasUnseenNames = 8;

// An overflowed sum has no compensation (and may have become NaN): it is an infinity.
void WriteSum(double sum, double compensation, Writer* out) {
  const bool finite = std::isfinite(sum) && std::isfinite(compensation);
  const double infinity = std::numeric_limits<double>::infinity();
  out->Double(finite ? sum : sum < 0 ? -infinity : infinity);
  out->Double(finite ? compensation : 0);
}

stats::CompensatedSum ReadSum(Reader* in) {
  const double sum = in->Double();
  return stats::CompensatedSum::FromParts(sum, in->Double());
}

void WriteMoments(const stats::Moments& moments, Writer* out) {
  const stats::MomentsParts parts = moments.ToParts();
  out->Varint(parts.count);
  out->Double(parts.shift);
  WriteSum(parts.sum, parts.sum_compensation, out);
  WriteSum(parts.sum_squares, parts.sum_squares_compensation, out);
  out->Double(parts.min);
  out->Double(parts.max);
}

absl::StatusOr<stats::Moments> ReadMoments(Reader* in) {
  stats::MomentsParts parts;
  parts.count = in->Varint();
  for (double* part : {&parts.shift, &parts.sum, &parts.sum_compensation, &parts.sum_squares,
                       &parts.sum_squares_compensation, &parts.min, &parts.max}) {
    *part = in->Double();
  }
  if (parts.count == 0) return absl::InvalidArgumentError("moments of no values");
  return stats::Moments::FromParts(parts);
}

void WriteCodes(const CodeCounts& codes, Writer* out) {
  uint64_t used = 0;
  for (const uint64_t count : codes) used += count > 0 ? 1 : 0;
  out->Varint(used);
  size_t next = 0;
  for (size_t code = 0; code < codes.size(); ++code) {
    if (codes[code] == 0) continue;
    out->Varint(code - next);
    out->Varint(codes[code]);
    next = code + 1;
  }
}

absl::Status ReadCodes(Reader* in, CodeCounts* codes) {
  const uint64_t used = in->Varint();
  if (used > codes->size()) return absl::DataLossError("more codes than the baseline has");
  uint64_t next = 0;
  for (uint64_t i = 0; i < used; ++i) {
    const uint64_t gap = in->Varint();
    const uint64_t count = in->Varint();
    if (!in->ok() || count == 0 || next >= codes->size() || gap >= codes->size() - next) {
      return absl::DataLossError("a code is outside the baseline's");
    }
    codes->Add(next + gap, count);
    next += gap + 1;
  }
  return absl::OkStatus();
}

void WriteNames(const UnseenNames& names, Writer* out) {
  out->Varint(names.rows().size());
  for (const auto& [name, rows] : names.rows()) {
    out->Text(name);
    out->Varint(rows);
  }
}

absl::Status ReadNames(Reader* in, UnseenNames* names) {
  const uint64_t size = in->Varint();
  if (size > UnseenNames::kCapacity) return absl::DataLossError("too many unseen names");
  for (uint64_t i = 0; i < size && in->ok(); ++i) {
    const absl::string_view name = in->Text();
    if (name.size() > UnseenNames::kMaxBytes)
      return absl::DataLossError("an unseen name is too long");
    names->Add(name, in->Varint());
  }
  return absl::OkStatus();
}

void WriteCounts(const VariableCounts& counts, Writer* out) {
  for (const uint64_t counter : {counts.rows, counts.nulls, counts.nans, counts.positive_infinities,
                                 counts.negative_infinities, counts.wrong_type, counts.absent}) {
    out->Varint(counter);
  }
  WriteCodes(counts.codes, out);
  const bool moments = counts.moments.count() > 0;
  const bool below = moments && counts.codes.front() > 0;
  const bool above = moments && counts.codes.back() > 0;
  out->Byte(static_cast<char>((moments ? kHasMoments : 0) | (below ? kHasBelow : 0) |
                              (above ? kHasAbove : 0) |
                              (counts.unseen_names.empty() ? 0 : kHasUnseenNames)));
  if (moments) WriteMoments(counts.moments, out);
  if (below) WriteSum(counts.below_sum.sum(), counts.below_sum.compensation(), out);
  if (above) WriteSum(counts.above_sum.sum(), counts.above_sum.compensation(), out);
  if (!counts.unseen_names.empty()) WriteNames(counts.unseen_names, out);
}

// Every row of the slice is in exactly one counter. Hostile counters may not even add.
bool AddsUp(const VariableCounts& counts) {
  uint64_t left = counts.rows;
  bool ok = true;
  const auto take = [&](uint64_t count) {
    ok = ok && count <= left;
    left -= ok ? count : 0;
  };
  for (const uint64_t counter : {counts.nulls, counts.nans, counts.positive_infinities,
                                 counts.negative_infinities, counts.wrong_type, counts.absent}) {
    take(counter);
  }
  for (const uint64_t count : counts.codes) take(count);
  return ok && left == 0;
}

absl::Status ReadCounts(bool numeric, Reader* in, VariableCounts* counts) {
  for (uint64_t* counter :
       {&counts->rows, &counts->nulls, &counts->nans, &counts->positive_infinities,
        &counts->negative_infinities, &counts->wrong_type, &counts->absent}) {
    *counter = in->Varint();
  }
  absl::Status codes = ReadCodes(in, &counts->codes);
  if (!codes.ok()) return codes;
  const uint8_t has = in->Byte();
  if (has > (kHasMoments | kHasBelow | kHasAbove | kHasUnseenNames))
    return absl::DataLossError("unknown flags");
  if ((has & kHasMoments) != 0) {
    absl::StatusOr<stats::Moments> moments = ReadMoments(in);
    if (!moments.ok()) return absl::DataLossError(moments.status().message());
    counts->moments = *std::move(moments);
  }
  if ((has & kHasBelow) != 0) counts->below_sum = ReadSum(in);
  if ((has & kHasAbove) != 0) counts->above_sum = ReadSum(in);
  if ((has & kHasUnseenNames) != 0) {
    absl::Status names = ReadNames(in, &counts->unseen_names);
    if (!names.ok()) return names;
  }
  if (!in->ok() || !AddsUp(*counts) || counts->moments.count() != (numeric ? counts->Coded() : 0)) {
    return absl::DataLossError("the counters do not add up");
  }
  return absl::OkStatus();
}

}  // namespace

std::string EncodePane(const Pane& pane) {
  Writer out;
  out.Byte(kVersion);
  out.Varint(pane.rows);
  out.Varint(pane.variables.size());
  for (const VariableCounts& counts : pane.variables) WriteCounts(counts, &out);
  out.Varint(pane.unknown_variables.size());
  for (const auto& [name, rows] : pane.unknown_variables) {
    out.Text(name);
    out.Varint(rows);
  }
  out.Varint(pane.unknown_overflow);
  return out.Take();
}

absl::StatusOr<Pane> DecodePane(const Baseline& baseline, absl::string_view bytes) {
  Reader in(bytes);
  if (in.Byte() != kVersion) return absl::DataLossError("not a pane of a known version");
  Pane pane(baseline);
  pane.rows = in.Varint();
  if (in.Varint() != pane.variables.size()) {
    return absl::DataLossError("the pane's variables are not the baseline's");
  }
  for (size_t i = 0; i < pane.variables.size(); ++i) {
    absl::Status status = ReadCounts(baseline.variables[i].is_numeric(), &in, &pane.variables[i]);
    if (status.ok() && pane.variables[i].rows != pane.rows) {
      status = absl::DataLossError("its rows are not the pane's");
    }
    if (!status.ok()) {
      return absl::DataLossError(absl::StrCat("variable \"", baseline.variables[i].variable.name,
                                              "\": ", status.message()));
    }
  }
  const uint64_t unknown = in.Varint();
  if (unknown > kMaxUnknownVariables) return absl::DataLossError("too many unknown variables");
  for (uint64_t i = 0; i < unknown && in.ok(); ++i) {
    const absl::string_view name = in.Text();
    pane.unknown_variables[std::string(name)] = in.Varint();
  }
  pane.unknown_overflow = in.Varint();
  if (!in.ok() || !in.AtEnd()) return absl::DataLossError("the pane is cut short or too long");
  return pane;
}

}  // namespace plumbline::profile
