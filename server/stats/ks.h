#ifndef PLUMBLINE_SERVER_STATS_KS_H_
#define PLUMBLINE_SERVER_STATS_KS_H_

#include <cstddef>
#include <cstdint>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "server/stats/kolmogorov.h"

namespace plumbline::stats {

/// A two-sample Kolmogorov-Smirnov comparison.
struct KsResult {
  double statistic = 0;  // sup |F_baseline - F_live|, in [0, 1]
  size_t at = 0;         // where; see the function that made it
  double p_value = 1;    // KolmogorovPValue(statistic sqrt(n_eff)), n_eff = n m / (n + m)
};

/// Over counts in the same ordered cells: the sup over the cells' upper boundaries, so exact when
/// every cell is an atom, else short of the true one by at most the largest mass of a cell that is
/// not. `at` is the first cell at whose upper boundary the sup is attained. K >= 1 cells each.
/// Errors: InvalidArgument if the sizes differ or are 0; FailedPrecondition if a side counts
/// nothing. Cost: O(K), no allocation.
[[nodiscard]] absl::StatusOr<KsResult> KsFromCounts(absl::Span<const uint64_t> baseline,
                                                    absl::Span<const uint64_t> live);

/// Exact, from the values themselves; ties are handled, +-Inf are ordered like any value. `at` is
/// how many values of `a` are at or below the point. Errors: InvalidArgument for a NaN;
/// FailedPrecondition for an empty side. Cost: O(n log n), copies both sides.
[[nodiscard]] absl::StatusOr<KsResult> KsFromSamples(absl::Span<const double> a,
                                                     absl::Span<const double> b);

}  // namespace plumbline::stats

#endif  // PLUMBLINE_SERVER_STATS_KS_H_
