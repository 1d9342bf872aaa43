#include "server/stats/super_accumulator.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <utility>

#include "absl/numeric/int128.h"
#include "absl/status/status.h"

namespace plumbline::stats {
namespace {

constexpr int kWordBits = 32;
constexpr uint64_t kWordMask = 0xffff'ffff;
// A word takes less than 2^32 at each addition.
constexpr uint32_t kMostPending = 1u << 30;
// Squares and their products lie within 2^+-8,500: a bias that makes every exponent positive.
constexpr int kBias = 32 * 512;
constexpr int kLeastPlace = -2 * 1074 / kWordBits - 1;
constexpr int kMostPlace = (2 * 1024 + 64) / kWordBits;

struct Decoded {
  uint64_t mantissa;
  int exponent;  // of its lowest bit
  bool negative;
};

inline Decoded Decode(double value) {
  const auto bits = std::bit_cast<uint64_t>(value);
  const auto field = static_cast<int>((bits >> 52) & 0x7ff);
  const uint64_t fraction = bits & ((uint64_t{1} << 52) - 1);
  return {field == 0 ? fraction : fraction | (uint64_t{1} << 52), std::max(field, 1) - 1075,
          (bits >> 63) != 0};
}

}  // namespace

inline void SuperAccumulator::AddBits(uint64_t bits, int exponent, bool negative) {
  const int biased = exponent + kBias;
  const int place = (biased >> 5) - kBias / kWordBits;
  const int at = place - first_;
  if (at < 0 || static_cast<size_t>(at) + 3 > words_.size()) {
    Grow(place, place + 3);
  } else if (pending_ >= kMostPending) {
    Normalize();
    Grow(place, place + 3);
  }
  ++pending_;
  int64_t* const word = words_.data() + (place - first_);
  const int shift = biased & 31;
  const uint64_t low = bits << shift;
  const uint64_t high = shift == 0 ? 0 : bits >> (64 - shift);
  const int64_t sign = negative ? -1 : 0;  // x ^ sign - sign negates
  const auto signed_of = [sign](uint64_t part) {
    return (static_cast<int64_t>(part) ^ sign) - sign;
  };
  word[0] += signed_of(low & kWordMask);
  word[1] += signed_of(low >> kWordBits);
  word[2] += signed_of(high);
}

void SuperAccumulator::Add(double value) {
  const Decoded decoded = Decode(value);
  if (decoded.mantissa == 0) return;
  AddBits(decoded.mantissa, decoded.exponent, decoded.negative);
}

void SuperAccumulator::AddSquare(double value) {
  const Decoded decoded = Decode(value);
  if (decoded.mantissa == 0) return;
  const absl::uint128 square = absl::uint128(decoded.mantissa) * decoded.mantissa;
  const int exponent = 2 * decoded.exponent;
  AddBits(absl::Uint128Low64(square), exponent, false);
  AddBits(absl::Uint128High64(square), exponent + 64, false);
}

void SuperAccumulator::Grow(int begin, int end) {
  if (words_.empty()) first_ = begin;
  if (begin < first_) {
    words_.insert(words_.begin(), static_cast<size_t>(first_ - begin), 0);
    first_ = begin;
  }
  const auto needed = static_cast<size_t>(end - first_);
  if (words_.size() < needed) words_.resize(needed, 0);
}

void SuperAccumulator::Normalize() {
  int64_t carry = 0;
  for (int64_t& word : words_) {
    const int64_t total = word + carry;
    word = total & static_cast<int64_t>(kWordMask);
    carry = total >> kWordBits;
  }
  while (carry != 0 && carry != -1) {
    words_.push_back(carry & static_cast<int64_t>(kWordMask));
    carry >>= kWordBits;
  }
  if (carry == -1) words_.push_back(-1);
  pending_ = 1;  // what the words hold now
}

void SuperAccumulator::Combine(const SuperAccumulator& other, int sign) {
  if (other.words_.empty()) return;
  SuperAccumulator normal = other;
  normal.Normalize();
  if (pending_ >= kMostPending) Normalize();
  Grow(normal.first_, normal.first_ + static_cast<int>(normal.words_.size()));
  ++pending_;
  int64_t* const words = words_.data() + (normal.first_ - first_);
  for (size_t i = 0; i < normal.words_.size(); ++i) words[i] += sign * normal.words_[i];
}

SuperAccumulator::Parts SuperAccumulator::ToParts() const {
  Parts parts;
  SuperAccumulator normal = *this;
  normal.Normalize();
  if (!normal.words_.empty() && normal.words_.back() < 0) {
    parts.negative = true;
    for (int64_t& word : normal.words_) word = -word;
    normal.Normalize();
  }
  size_t begin = 0, end = normal.words_.size();
  while (end > 0 && normal.words_[end - 1] == 0) --end;
  while (begin < end && normal.words_[begin] == 0) ++begin;
  if (begin == end) return {};
  parts.first = normal.first_ + static_cast<int>(begin);
  for (size_t i = begin; i < end; ++i) {
    parts.limbs.push_back(static_cast<uint32_t>(normal.words_[i]));
  }
  return parts;
}

absl::StatusOr<SuperAccumulator> SuperAccumulator::FromParts(const Parts& parts) {
  SuperAccumulator sum;
  if (parts.limbs.empty()) {
    if (parts.negative || parts.first != 0) return absl::InvalidArgumentError("a zero with a sign");
    return sum;
  }
  if (parts.limbs.size() > static_cast<size_t>(kMostPlace - kLeastPlace) ||
      parts.first < kLeastPlace ||
      parts.first + static_cast<int>(parts.limbs.size()) > kMostPlace + 1 ||
      parts.limbs.front() == 0 || parts.limbs.back() == 0) {
    return absl::InvalidArgumentError("an exact sum whose words are out of place");
  }
  sum.first_ = parts.first;
  sum.pending_ = 1;
  for (const uint32_t limb : parts.limbs) {
    sum.words_.push_back(parts.negative ? -static_cast<int64_t>(limb) : limb);
  }
  return sum;
}

int SuperAccumulator::Sign() const {
  const Parts parts = ToParts();
  if (parts.limbs.empty()) return 0;
  return parts.negative ? -1 : 1;
}

SuperAccumulator::Scaled SuperAccumulator::Round() const {
  const Parts parts = ToParts();
  if (parts.limbs.empty()) return {};
  // The highest 96 bits or more, and whether anything is below them.
  const size_t size = parts.limbs.size();
  absl::uint128 top = 0;
  const size_t taken = std::min<size_t>(size, 3);
  for (size_t i = 0; i < taken; ++i) top = (top << kWordBits) | parts.limbs[size - 1 - i];
  bool rest = false;
  for (size_t i = 0; i < size - taken; ++i) rest = rest || parts.limbs[i] != 0;
  int exponent = kWordBits * (parts.first + static_cast<int>(size - taken));
  const uint64_t high = absl::Uint128High64(top);
  const int bits =
      high != 0 ? 128 - std::countl_zero(high) : 64 - std::countl_zero(absl::Uint128Low64(top));
  const int dropped = std::max(0, bits - 53);
  auto mantissa = absl::Uint128Low64(top >> dropped);
  if (dropped > 0) {
    const absl::uint128 below = top & ((absl::uint128(1) << dropped) - 1);
    const absl::uint128 half = absl::uint128(1) << (dropped - 1);
    if (below > half || (below == half && (rest || (mantissa & 1) != 0))) ++mantissa;
  }
  exponent += dropped;
  const auto value = static_cast<double>(mantissa);
  return {parts.negative ? -value : value, exponent};
}

double SuperAccumulator::Value() const {
  const Scaled scaled = Round();
  return std::ldexp(scaled.mantissa, scaled.exponent);
}

double ExactVariance(uint64_t n, const SuperAccumulator& sum, const SuperAccumulator& squares) {
  if (n == 0) return std::numeric_limits<double>::quiet_NaN();
  SuperAccumulator total;  // n * squares - sum^2
  const SuperAccumulator::Parts q = squares.ToParts(), s = sum.ToParts();
  const auto add = [&total](uint64_t a, uint64_t b, int place, bool negative) {
    total.AddBits(a * b, kWordBits * place, negative);
  };
  for (size_t i = 0; i < q.limbs.size(); ++i) {
    const int place = q.first + static_cast<int>(i);
    add(q.limbs[i], n & kWordMask, place, false);
    add(q.limbs[i], n >> kWordBits, place + 1, false);
  }
  for (size_t i = 0; i < s.limbs.size(); ++i) {
    for (size_t j = 0; j < s.limbs.size(); ++j) {
      add(s.limbs[i], s.limbs[j], 2 * s.first + static_cast<int>(i + j), true);
    }
  }
  const SuperAccumulator::Scaled scaled = total.Round();
  const auto count = static_cast<double>(n);
  return std::ldexp(scaled.mantissa / count / count, scaled.exponent);
}

}  // namespace plumbline::stats
