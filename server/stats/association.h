#ifndef PLUMBLINE_SERVER_STATS_ASSOCIATION_H_
#define PLUMBLINE_SERVER_STATS_ASSOCIATION_H_

#include <cstddef>
#include <cstdint>

#include "absl/status/statusor.h"
#include "absl/types/span.h"

namespace plumbline::stats {

/// Spearman's rank correlation in [-1, 1]: Pearson's of the mid-ranks, so that ties are right.
/// Shapes: n >= 2 finite values each, row by row. Errors: InvalidArgument if the sizes differ or a
/// value is not finite; FailedPrecondition if there are fewer than two rows or a side is constant.
/// Cost: O(n log n).
[[nodiscard]] absl::StatusOr<double> Spearman(absl::Span<const double> x,
                                              absl::Span<const double> y);

/// The correlation ratio (Fisher 1925) of a number by groups, less what chance gives: the square
/// root of epsilon squared = 1 - (1 - eta^2) (n - 1) / (n - k) of k groups in use (Kelley 1935, "An
/// unbiased correlation ratio measure"), at least 0. `groups` are below `group_count`. Errors: as
/// above; also FailedPrecondition unless 2 <= k < n. Cost: O(n + groups).
[[nodiscard]] absl::StatusOr<double> CorrelationRatio(absl::Span<const uint32_t> groups,
                                                      uint32_t group_count,
                                                      absl::Span<const double> y);

/// Cramer's V in [0, 1] of two groupings of the same rows, bias-corrected (Bergsma 2013, see
/// chi_square.h). Errors: as above; FailedPrecondition if a side has fewer than two groups in use.
/// Cost: O(n + a_count * b_count).
[[nodiscard]] absl::StatusOr<double> CramersV(absl::Span<const uint32_t> a, uint32_t a_count,
                                              absl::Span<const uint32_t> b, uint32_t b_count);

}  // namespace plumbline::stats

#endif  // PLUMBLINE_SERVER_STATS_ASSOCIATION_H_
