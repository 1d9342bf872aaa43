#include "server/stats/unseen_rate.h"

#include <algorithm>
#include <boost/math/special_functions/gamma.hpp>
#include <cmath>

namespace plumbline::stats {
namespace {

using GammaPolicy = boost::math::policies::policy<
    boost::math::policies::promote_double<false>,
    boost::math::policies::overflow_error<boost::math::policies::ignore_error>,
    boost::math::policies::evaluation_error<boost::math::policies::ignore_error>>;

// Mean of the Poisson variable that is `seen` or less with probability `chance`.
double UpperPoissonMean(uint64_t seen, double chance) {
  return boost::math::gamma_q_inv(static_cast<double>(seen) + 1, chance, GammaPolicy());
}

// The x > mean at which Chernoff's bound exp(-(x ln(x / mean) - x + mean)) falls to exp(-exponent).
double UpperChernoff(double mean, double exponent) {
  const auto excess = [&](double x) { return x * std::log(x / mean) - x + mean - exponent; };
  double low = mean;
  double high = 2 * mean + exponent + 1;
  while (excess(high) < 0) high *= 2;
  for (int i = 0; i < 100 && high - low > 1e-12 * high; ++i) {
    const double middle = (low + high) / 2;
    (excess(middle) < 0 ? low : high) = middle;
  }
  return high;
}

}  // namespace

double GoodTuringUnseenRate(uint64_t singletons, uint64_t n) {
  if (n == 0) return 1;
  return std::min(1.0, static_cast<double>(singletons) / static_cast<double>(n));
}

double GoodTuringUnseenUpperBound(uint64_t singletons, uint64_t n, double confidence) {
  if (n == 0 || singletons >= n || !(confidence > 0 && confidence < 1)) return 1;
  const double size = static_cast<double>(n);
  const double delta = 1 - confidence;
  const double mean = UpperPoissonMean(singletons, delta / 3);
  const double largest = std::log(3 * size / delta);
  const double unseen = largest * UpperChernoff(mean / largest, std::log(3 / delta));
  return std::min(1.0, unseen / size);
}

}  // namespace plumbline::stats
