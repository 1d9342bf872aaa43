#include "server/stats/kolmogorov.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "server/stats/log_gamma.h"

namespace plumbline::stats {
namespace {

using std::numbers::pi;
const double kRootTwoPi = std::sqrt(2 * pi);

// P(D+ >= d) of n values, exactly (Birnbaum and Tingey 1951): a sum of positive terms
// d C(n, j) (d + j/n)^(j-1) (1 - d - j/n)^(n-j) over j <= n (1 - d).
double OneSidedSurvival(double n, double d) {
  double sum = 0;
  const double last = std::floor(n * (1 - d));
  const double log_n_factorial = LogGamma(n + 1);
  for (double j = 0; j <= last; ++j) {
    const double rest = 1 - d - j / n;
    const double log_binomial = log_n_factorial - LogGamma(j + 1) - LogGamma(n - j + 1);
    const double log_rest = j == n ? 0 : (n - j) * std::log(std::max(rest, 0.0));
    sum += std::exp(log_binomial + (j - 1) * std::log(d + j / n) + log_rest);
  }
  return std::min(1.0, d * sum);
}

// Pelz and Good (1976): P(D_n <= z / sqrt n) = K0 + K1 / n^1/2 + K2 / n + K3 / n^3/2, each a theta
// series in q = exp(-pi^2 / (8 z^2)).
double PelzGoodCdf(double n, double z) {
  const double z2 = z * z;
  const double z4 = z2 * z2;
  const double z6 = z4 * z2;
  const double z8 = z4 * z4;
  const double pi2 = pi * pi;
  const double pi4 = pi2 * pi2;
  double k0 = 0;
  double k1 = 0;
  double k2 = 0;
  double k3 = 0;
  const int terms = static_cast<int>(std::ceil(16 * z / pi)) + 1;
  for (int k = 1; k <= terms; ++k) {
    const double odd = 2 * k - 1;  // the half-integers k - 1/2, doubled
    const double m2 = odd * odd;
    const double m4 = m2 * m2;
    const double weight = std::exp(-pi2 * m2 / (8 * z2));
    k0 += weight;
    k1 += weight * (pi2 * m2 / 4 - z2);
    k2 += weight *
          (6 * z6 + 2 * z4 + pi2 * (2 * z4 - 5 * z2) * m2 / 4 + pi4 * (1 - 2 * z2) * m4 / 16);
    k3 +=
        weight * (-30 * z6 - 90 * z8 + pi2 * (135 * z4 - 96 * z6) * m2 / 4 +
                  pi4 * (212 * z4 - 60 * z2) * m4 / 16 + pi4 * pi2 * (5 - 30 * z2) * m4 * m2 / 64);
  }
  double k2_whole = 0;
  double k3_whole = 0;
  for (int k = 1; k <= terms; ++k) {
    const double square = double{1} * k * k;
    const double weight = std::exp(-pi2 * square / (2 * z2)) * square;
    k2_whole += weight;
    k3_whole += weight * (3 * z2 - pi2 * square);
  }
  const double cdf0 = kRootTwoPi / z * k0;
  const double cdf1 = kRootTwoPi / (6 * z4) * k1;
  const double cdf2 = kRootTwoPi / (72 * z6 * z) * k2 - pi2 * kRootTwoPi / (36 * z2 * z) * k2_whole;
  const double cdf3 = kRootTwoPi / (6480 * z8 * z2) * k3 + pi2 * kRootTwoPi / (216 * z6) * k3_whole;
  const double root = std::sqrt(n);
  return cdf0 + cdf1 / root + cdf2 / n + cdf3 / (n * root);
}

}  // namespace

double KolmogorovPValue(double lambda) {
  if (std::isnan(lambda)) return lambda;
  if (lambda <= 0.04) return 1;  // 1 - P is below 1e-300
  if (lambda < 1.18) {
    const double exponent = -pi * pi / (8 * lambda * lambda);
    double cdf = 0;
    for (int odd = 1; odd <= 7; odd += 2) cdf += std::exp(exponent * odd * odd);
    return std::clamp(1 - kRootTwoPi / lambda * cdf, 0.0, 1.0);
  }
  double sum = 0;
  double sign = 1;
  for (int j = 1; j <= 6; ++j, sign = -sign) sum += sign * std::exp(-2.0 * j * j * lambda * lambda);
  return std::clamp(2 * sum, 0.0, 1.0);
}

double KolmogorovFinitePValue(double n, double statistic) {
  if (std::isnan(n) || std::isnan(statistic)) return n + statistic;
  n = std::max(1.0, std::floor(n));
  if (statistic >= 1) return 0;
  if (n * statistic <= 0.5) return 1;
  const double z = std::sqrt(n) * statistic;
  // The two one-sided events cannot happen together from 1/2 on, and hardly ever do from z^2 = 2.2
  // on.
  if (statistic >= 0.5 || z * z >= 2.2) return std::min(1.0, 2 * OneSidedSurvival(n, statistic));
  if (z < 0.05) return 1;
  return std::clamp(1 - PelzGoodCdf(n, z), 0.0, 1.0);
}

}  // namespace plumbline::stats
