#include "server/stats/hypergeometric.h"

#include <algorithm>
#include <boost/math/quadrature/gauss.hpp>
#include <cmath>
#include <limits>
#include <numbers>

#include "absl/numeric/int128.h"
#include "server/stats/log_gamma.h"

namespace plumbline::stats {
namespace {

using std::numbers::pi;
constexpr double kInfinity = std::numeric_limits<double>::infinity();

// ln n! less Stirling's ln(sqrt(2 pi n) (n / e)^n), n > 0.
double StirlingError(double n) {
  if (n < 16) {
    return LogGamma(n + 1) - (n + 0.5) * std::log(n) + n - 0.5 * std::log(2 * pi);
  }
  const double r = 1 / (n * n);
  return (1.0 / 12 - r * (1.0 / 360 - r * (1.0 / 1260 - r * (1.0 / 1680 - r / 1188)))) / n;
}

// x ln(x / mean) - x + mean >= 0 for x, mean > 0, without cancellation where they are close.
double Deviance(double x, double mean) {
  if (std::abs(x - mean) >= 0.1 * (x + mean)) return x * std::log(x / mean) - x + mean;
  const double v = (x - mean) / (x + mean);
  double sum = (x - mean) * v;
  double power = 2 * x * v;
  for (int odd = 3; odd < 60; odd += 2) {
    power *= v * v;
    const double next = sum + power / odd;
    if (next == sum) break;
    sum = next;
  }
  return sum;
}

// ln of the binomial probability of x in n with p + q = 1, 0 <= x <= n (not only integers).
double LogBinomial(double x, double n, double p, double q) {
  if (n == 0) return 0;
  if (x == 0) return n * (p < 0.5 ? std::log1p(-p) : std::log(q));
  if (x == n) return n * (q < 0.5 ? std::log1p(-q) : std::log(p));
  return StirlingError(n) - StirlingError(x) - StirlingError(n - x) - Deviance(x, n * p) -
         Deviance(n - x, n * q) + 0.5 * std::log(n / (2 * pi * x * (n - x)));
}

}  // namespace

Hypergeometric::Hypergeometric(uint64_t marked, uint64_t unmarked, uint64_t draws)
    : marked_(static_cast<double>(marked)),
      unmarked_(static_cast<double>(unmarked)),
      draws_(static_cast<double>(draws)),
      log_normaliser_(0),
      min_(draws > unmarked ? draws - unmarked : 0),
      max_(std::min(draws, marked)),
      mode_(static_cast<uint64_t>(absl::uint128(draws + 1) * absl::uint128(marked + 1) /
                                  absl::uint128(marked + unmarked + 2))) {
  mode_ = std::clamp(mode_, min_, max_);
  const double total = marked_ + unmarked_;
  if (min_ < max_) {
    log_normaliser_ = LogBinomial(draws_, total, draws_ / total, (total - draws_) / total);
  }
}

double Hypergeometric::LogDensity(double k) const {
  if (min_ == max_) return 0;
  const double total = marked_ + unmarked_;
  const double p = draws_ / total;
  const double q = (total - draws_) / total;
  return LogBinomial(k, marked_, p, q) + LogBinomial(draws_ - k, unmarked_, p, q) - log_normaliser_;
}

double Hypergeometric::LogPmf(uint64_t k) const {
  if (k < min_ || k > max_) return -kInfinity;
  return LogDensity(static_cast<double>(k));
}

double Hypergeometric::IntegrateTail(double from, int direction) const {
  const double total = marked_ + unmarked_;
  const double p = draws_ / total;
  const double mean = marked_ * p;
  const double deviation = std::sqrt(mean * (1 - p) * (unmarked_ / total)) + 1;
  const double end = static_cast<double>(direction > 0 ? max_ : min_);
  double sum = 0;
  double x = from;
  while ((end - x) * direction > 0) {
    // Further out the density falls faster: narrower panels.
    const double steepness = std::max(1.0, std::abs(x - mean) / deviation / 4);
    const double width = std::min(deviation / steepness, std::abs(end - x));
    const double next = x + direction * width;
    const double part = boost::math::quadrature::gauss<double, 10>::integrate(
        [this](double k) { return std::exp(LogDensity(k)); }, std::min(x, next), std::max(x, next));
    sum += part;
    if (part <= 1e-12 * sum) break;
    x = next;
  }
  return sum;
}

double Hypergeometric::OuterTail(uint64_t k, int direction) const {
  constexpr int kDirectTerms = 256;
  const double first = std::exp(LogPmf(k));
  double term = 1;
  double sum = 1;
  double j = static_cast<double>(k);
  const double end = static_cast<double>(direction > 0 ? max_ : min_);
  for (int i = 1; i < kDirectTerms && j != end; ++i) {
    const double ratio =
        direction > 0 ? (marked_ - j) * (draws_ - j) / ((j + 1) * (unmarked_ - draws_ + j + 1))
                      : j * (unmarked_ - draws_ + j) / ((marked_ - j + 1) * (draws_ - j + 1));
    term *= ratio;
    sum += term;
    j += direction;
    if (term < 1e-17 * sum) return std::min(1.0, first * sum);
  }
  if (j == end) return std::min(1.0, first * sum);
  // The sum beyond j is the integral from half a step beyond it, less f' / 24 there.
  const double here = first * term;
  const double beyond = std::exp(LogDensity(j + direction));
  const double rest = IntegrateTail(j + 0.5 * direction, direction) + (beyond - here) / 24;
  return std::min(1.0, first * sum + std::max(0.0, rest));
}

double Hypergeometric::UpperTail(uint64_t k) const {
  if (k <= min_) return 1;
  if (k > max_) return 0;
  if (k > mode_) return OuterTail(k, 1);
  return std::clamp(1 - OuterTail(k - 1, -1), 0.0, 1.0);
}

double Hypergeometric::LowerTail(uint64_t k) const {
  if (k >= max_) return 1;
  if (k < min_) return 0;
  if (k < mode_) return OuterTail(k, -1);
  return std::clamp(1 - OuterTail(k + 1, 1), 0.0, 1.0);
}

}  // namespace plumbline::stats
