#ifndef PLUMBLINE_SERVER_PROFILE_STATISTICS_H_
#define PLUMBLINE_SERVER_PROFILE_STATISTICS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "server/profile/baseline.h"
#include "server/profile/counts.h"
#include "server/stats/optional_double.h"

namespace plumbline::profile {

/// Statistics of one variable against its baseline, one formula a name; absent, never 0, where one
/// cannot be computed (an empty side, sums that overflowed). Rates are over all rows of the slice.
///
/// psi, js_distance, hellinger, tvd, l_infinity, chi_square and cramers_v are over the groups of
/// MakeGrouping: values beyond the baseline's range in the outer groups, unseen categories in
/// OTHER; absent for a constant numeric baseline, which has one group. psi_corrected is psi less
/// what chance gives, (B - 1)(1/n + 1/N): not clamped, so without drift it is about 0 and often
/// negative. ks is over the fine codes, exact at the edges, so short of the true one by at most
/// ks_resolution (the largest mass of a bin that is not an atom). wasserstein_raw is in the
/// variable's unit, with the mass inside a bin spread evenly and the tails by their sums;
/// wasserstein is divided by the baseline's standard deviation, and absent if that is 0. All three
/// are numeric only. Rates of NaN, Inf and out of range are numeric, unseen_rate is categorical.
/// stddev is the sample's, and absent for one value. distinct is only known of a baseline.
struct VariableStatistics {
  uint64_t rows = 0;
  stats::OptionalDouble psi, psi_corrected, js_distance, ks, ks_p_value, ks_resolution, wasserstein,
      wasserstein_raw, hellinger, tvd, l_infinity, chi_square, chi_square_p_value, cramers_v;
  stats::OptionalDouble null_rate, nan_rate, inf_rate, out_of_range_rate, unseen_rate, absent_rate,
      wrong_type_rate;
  stats::OptionalDouble mean, stddev, min, max, distinct;
  /// At kQuantileRanks, interpolated inside bins; minimum and maximum are exact. Empty if there is
  /// no finite value.
  std::vector<double> quantiles;
};

/// Statistics of `live` against the baseline. Cost: O(codes).
VariableStatistics CompareToBaseline(const VariableBaseline& baseline, const VariableCounts& live);

/// The baseline's own rates, moments, quantiles and distinct count.
VariableStatistics DescribeBaseline(const VariableBaseline& baseline);

/// One group of a distribution with its counts on both sides, for reports.
struct DistributionGroup {
  std::string label;  // category, or the interval in words
  std::optional<double> lower, upper;
  uint64_t baseline_count = 0;
  uint64_t live_count = 0;
};

/// Baseline and live side by side: the groups of a numeric variable with `below` and `above` apart
/// when something is there, or the `max_categories` largest categories, then `(other)` and
/// `(unseen)`.
std::vector<DistributionGroup> SideBySide(const VariableBaseline& baseline,
                                          const VariableCounts& live, size_t max_categories = 20);

}  // namespace plumbline::profile

#endif  // PLUMBLINE_SERVER_PROFILE_STATISTICS_H_
