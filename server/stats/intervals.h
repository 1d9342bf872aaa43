#ifndef PLUMBLINE_SERVER_STATS_INTERVALS_H_
#define PLUMBLINE_SERVER_STATS_INTERVALS_H_

#include "server/stats/optional_double.h"

namespace plumbline::stats {

/// A figure of a sample with the range in which that of its source lies with 95% confidence. The
/// standard error, where it has one, is for comparing two.
struct Estimate {
  double value = 0;
  OptionalDouble lower, upper;
  OptionalDouble standard_error;
};

/// Standard normal quantile of 97.5%.
inline constexpr double kZ95 = 1.959963984540054;

/// k of n, both counts or sums of probabilities, n > 0. Interval: Wilson (1927, JASA 22:209).
/// Standard error: of the rate with 1 added to k and 2 to n, so that it is not 0 at 0 and 1.
Estimate Proportion(double k, double n);
/// value +- 1.96 standard errors.
Estimate Normal(double value, double standard_error);
/// The same on the scale of ln(x / (1 - x)), for a value in (0, 1), so that it stays inside; at 0
/// and 1 the interval of Proportion with `n`.
Estimate NormalLogit(double value, double standard_error, double n);
/// The chance of a value as large as `z` or larger under the standard normal distribution.
double UpperTail(double z);

}  // namespace plumbline::stats

#endif  // PLUMBLINE_SERVER_STATS_INTERVALS_H_
