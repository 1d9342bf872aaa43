#include "server/stats/number_precision.h"

#include <cmath>

namespace plumbline::stats {
namespace {

constexpr double kPowers[kMostDecimals + 1] = {1e0, 1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                               1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};

// The quotient of two integers that double holds is the double nearest to the decimal number.
inline bool Holds(double size, size_t decimals) {
  return std::nearbyint(size * kPowers[decimals]) / kPowers[decimals] == size;
}

}  // namespace

size_t DecimalsOf(double number) {
  const double size = std::abs(number);
  if (std::trunc(size) == size) return 0;
  size_t most = kMostDecimals;
  while (size * kPowers[most] >= 0x1p53) --most;
  if (!Holds(size, most)) return kMostDecimals + 1;
  size_t decimals = 1;
  while (decimals < most && !Holds(size, decimals)) ++decimals;
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
