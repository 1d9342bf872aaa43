#include "server/stats/rate_test.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "server/stats/hypergeometric.h"

namespace plumbline::stats {
namespace {

bool IsTest(uint64_t k1, uint64_t n1, uint64_t k0, uint64_t n0) {
  constexpr uint64_t kLimit = uint64_t{1} << 52;
  return k1 <= n1 && k0 <= n0 && n1 > 0 && n0 > 0 && n1 <= kLimit && n0 <= kLimit;
}

// The largest k in [law.min(), law.mode()] that is at most `bound` likely, or one below the range.
// The probability rises over that range.
bool FindBelow(const Hypergeometric& law, double bound, uint64_t* k) {
  if (law.LogPmf(law.min()) > bound) return false;
  uint64_t low = law.min();
  uint64_t high = law.mode();
  while (low < high) {
    const uint64_t middle = high - (high - low) / 2;
    law.LogPmf(middle) <= bound ? low = middle : high = middle - 1;
  }
  *k = low;
  return true;
}

// The smallest k in [law.mode(), law.max()] that is at most `bound` likely.
bool FindAbove(const Hypergeometric& law, double bound, uint64_t* k) {
  if (law.LogPmf(law.max()) > bound) return false;
  uint64_t low = law.mode();
  uint64_t high = law.max();
  while (low < high) {
    const uint64_t middle = low + (high - low) / 2;
    law.LogPmf(middle) <= bound ? high = middle : low = middle + 1;
  }
  *k = low;
  return true;
}

}  // namespace

double FisherExactPValue(uint64_t a, uint64_t b, uint64_t c, uint64_t d) {
  constexpr uint64_t kLimit = uint64_t{1} << 51;
  if (std::max({a, b, c, d}) > kLimit || a + b == 0 || c + d == 0) return 1;
  const Hypergeometric law(a + c, b + d, a + b);
  const double bound = law.LogPmf(a) + 1e-7;
  if (law.LogPmf(law.mode()) <= bound) return 1;
  double p_value = 0;
  uint64_t k = 0;
  if (FindBelow(law, bound, &k)) p_value += law.LowerTail(k);
  if (FindAbove(law, bound, &k)) p_value += law.UpperTail(k);
  return std::min(1.0, p_value);
}

double RateIncreasePValue(uint64_t k_live, uint64_t n_live, uint64_t k_base, uint64_t n_base) {
  if (!IsTest(k_live, n_live, k_base, n_base)) return 1;
  const uint64_t marked = k_live + k_base;
  return Hypergeometric(marked, n_live + n_base - marked, n_live).UpperTail(k_live);
}

double RateDecreasePValue(uint64_t k_live, uint64_t n_live, uint64_t k_base, uint64_t n_base) {
  if (!IsTest(k_live, n_live, k_base, n_base)) return 1;
  const uint64_t marked = k_live + k_base;
  return Hypergeometric(marked, n_live + n_base - marked, n_live).LowerTail(k_live);
}

double RateChangePValue(uint64_t k_live, uint64_t n_live, uint64_t k_base, uint64_t n_base) {
  return std::min(1.0, 2 * std::min(RateIncreasePValue(k_live, n_live, k_base, n_base),
                                    RateDecreasePValue(k_live, n_live, k_base, n_base)));
}

double OddsRatio(uint64_t k1, uint64_t n1, uint64_t k0, uint64_t n0) {
  if (k1 > n1 || k0 > n0) return std::numeric_limits<double>::quiet_NaN();
  const auto odds = [](uint64_t k, uint64_t n) {
    return (static_cast<double>(k) + 0.5) / (static_cast<double>(n - k) + 0.5);
  };
  return odds(k1, n1) / odds(k0, n0);
}

double TwoProportionZPValue(uint64_t k1, uint64_t n1, uint64_t k0, uint64_t n0) {
  if (!IsTest(k1, n1, k0, n0)) return 1;
  const double size1 = static_cast<double>(n1);
  const double size0 = static_cast<double>(n0);
  const double pooled = static_cast<double>(k1 + k0) / (size1 + size0);
  const double variance = pooled * (1 - pooled) * (1 / size1 + 1 / size0);
  if (variance <= 0) return 1;
  const double difference = static_cast<double>(k1) / size1 - static_cast<double>(k0) / size0;
  return std::erfc(std::abs(difference) / std::sqrt(2 * variance));
}

}  // namespace plumbline::stats
