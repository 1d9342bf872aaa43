#include "server/stats/number_precision.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>

namespace plumbline::stats {
namespace {

constexpr double kPowers[kMostDecimals + 1] = {1e0, 1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                               1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};

// The quotient of two integers that double holds is the double nearest to the decimal number.
inline bool Holds(double size, size_t decimals) {
  return std::nearbyint(size * kPowers[decimals]) / kPowers[decimals] == size;
}

constexpr uint64_t kBinades = 53;  // from 2^53 on all numbers are whole

// For sizes from 2^i on: the most decimals of which 2^i has less than 2^53 units.
constexpr std::array<uint8_t, kBinades> MakeMostDecimals() {
  std::array<uint8_t, kBinades> most = {};
  for (uint64_t i = 0; i < kBinades; ++i) {
    uint64_t units = uint64_t{1} << i;
    while (most[i] < kMostDecimals && units * 10 < uint64_t{1} << 53) {
      units *= 10;
      ++most[i];
    }
  }
  return most;
}

constexpr std::array<uint8_t, kBinades> kMostDecimalsFrom = MakeMostDecimals();

// The most decimals of which `size` has less than 2^53 units. `size` is not whole, so below 2^53.
// Without a branch on it: sizes of one column differ, and each would be mispredicted.
inline size_t MostDecimals(double size) {
  constexpr uint64_t kExponentOfOne = 1023;
  const uint64_t exponent = std::bit_cast<uint64_t>(size) >> 52;
  const uint64_t binade = exponent < kExponentOfOne ? 0 : exponent - kExponentOfOne;
  const size_t most = kMostDecimalsFrom[std::min(binade, kBinades - 1)];  // NaN stays inside, too
  return most - static_cast<size_t>(size * kPowers[most] >= 0x1p53);
}

}  // namespace

size_t DecimalsOf(double number) {
  const double size = std::abs(number);
  if (std::trunc(size) == size) return 0;
  const size_t most = MostDecimals(size);
  // Of numbers that use all of a double up to 40% hold with `most` decimals by chance: no branch on
  // that. What holds with fewer than most - 1 also holds with most - 1: there are so few units then
  // that all rounding together is less than half of one.
  const bool all = Holds(size, most);
  if (most <= 1 || !Holds(size, most - 1)) return all ? most : kMostDecimals + 1;
  size_t decimals = 1;
  while (!Holds(size, decimals)) ++decimals;
  return decimals;
}

void PrecisionCounts::AddAll(absl::Span<const double> numbers) {
  values += numbers.size();
  for (const double number : numbers) {
    float32 += FitsFloat32(number) ? 1 : 0;
    zeros += number == 0 ? 1 : 0;
    negatives += number < 0 ? 1 : 0;
    negative_zeros += number == 0 && std::signbit(number) ? 1 : 0;
    ++decimals[DecimalsOf(number)];
  }
}

void PrecisionCounts::Merge(const PrecisionCounts& other) {
  values += other.values;
  float32 += other.float32;
  zeros += other.zeros;
  negative_zeros += other.negative_zeros;
  negatives += other.negatives;
  for (size_t i = 0; i < decimals.size(); ++i) decimals[i] += other.decimals[i];
}

uint64_t PrecisionCounts::Beyond(size_t count) const {
  uint64_t beyond = 0;
  for (size_t i = count + 1; i < decimals.size(); ++i) beyond += decimals[i];
  return beyond;
}

}  // namespace plumbline::stats
