#ifndef PLUMBLINE_SERVER_STATS_RANK_SUM_H_
#define PLUMBLINE_SERVER_STATS_RANK_SUM_H_

#include <cstdint>

#include "absl/status/statusor.h"
#include "absl/types/span.h"

namespace plumbline::stats {

struct RankSumResult {
  double superiority = 0.5;  // P(b > a) + P(b = a) / 2, in [0, 1]
  double z = 0;              // its distance from 1/2, in standard errors under equality
  double p_value = 1;        // two-sided
};

/// Wilcoxon's rank sum test (Mann and Whitney 1947) that two samples come from one distribution,
/// against one of them being larger, over the same K >= 1 ordered cells: values of one cell are
/// ties, for which the variance is corrected; normal approximation without continuity correction
/// (scipy.stats.mannwhitneyu, method "asymptotic", use_continuity=False). One cell in use gives z 0
/// and p 1. Errors: InvalidArgument if the sizes differ or are 0; FailedPrecondition if a side
/// counts nothing. Cost: O(K), no allocation.
[[nodiscard]] absl::StatusOr<RankSumResult> RankSum(absl::Span<const uint64_t> a,
                                                    absl::Span<const uint64_t> b);

}  // namespace plumbline::stats

#endif  // PLUMBLINE_SERVER_STATS_RANK_SUM_H_
