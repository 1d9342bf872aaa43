#include "server/stats/intervals.h"

#include <algorithm>
#include <cmath>

namespace plumbline::stats {

Estimate Proportion(double k, double n) {
  const double rate = k / n;
  const double z2 = kZ95 * kZ95;
  const double middle = (rate + z2 / (2 * n)) / (1 + z2 / n);
  const double half = kZ95 / (1 + z2 / n) * std::sqrt(rate * (1 - rate) / n + z2 / (4 * n * n));
  const double smooth = (k + 1) / (n + 2);
  Estimate estimate;
  estimate.value = rate;
  estimate.lower = std::max(0.0, std::min(rate, middle - half));
  estimate.upper = std::min(1.0, std::max(rate, middle + half));
  estimate.standard_error = std::sqrt(smooth * (1 - smooth) / n);
  return estimate;
}

Estimate Normal(double value, double standard_error) {
  Estimate estimate;
  estimate.value = value;
  estimate.lower = value - kZ95 * standard_error;
  estimate.upper = value + kZ95 * standard_error;
  estimate.standard_error = standard_error;
  return estimate;
}

Estimate NormalLogit(double value, double standard_error, double n) {
  if (!(value > 0 && value < 1) || standard_error == 0) {
    Estimate estimate = Proportion(value * n, n);
    estimate.value = value;
    return estimate;
  }
  const double middle = std::log(value / (1 - value));
  const double half = kZ95 * standard_error / (value * (1 - value));
  Estimate estimate;
  estimate.value = value;
  estimate.lower = 1 / (1 + std::exp(half - middle));
  estimate.upper = 1 / (1 + std::exp(-half - middle));
  estimate.standard_error = standard_error;
  return estimate;
}

double UpperTail(double z) { return 0.5 * std::erfc(z / std::sqrt(2.0)); }

}  // namespace plumbline::stats
