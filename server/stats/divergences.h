#ifndef PLUMBLINE_SERVER_STATS_DIVERGENCES_H_
#define PLUMBLINE_SERVER_STATS_DIVERGENCES_H_

#include <cstddef>
#include <cstdint>

#include "absl/status/statusor.h"
#include "absl/types/span.h"

namespace plumbline::stats {

// Distances between two discrete distributions p (baseline) and q (live).
//
// Shapes: K >= 1 entries each, over the same cells. Each function takes counts, or non-negative
// weights (probabilities); each side is divided by its own sum unless the comment says otherwise.
// Errors, the same for all: InvalidArgument if the sizes differ or are 0, or a weight is negative,
// NaN or Inf; FailedPrecondition if a side sums to 0 (an empty side has no distribution).
// Permuting the cells of both sides alike changes nothing but the last digits. Cost: O(K), no
// allocation. Pure functions: safe to call from any thread.

/// Jensen-Shannon divergence, base 2: (KL(p|m) + KL(q|m)) / 2 with m = (p + q) / 2. In [0, 1],
/// symmetric; 1 for disjoint sides. Source: Lin (1991), IEEE Trans. Inf. Theory 37(1), eq. 4.1.
[[nodiscard]] absl::StatusOr<double> JsDivergence(absl::Span<const uint64_t> baseline,
                                                  absl::Span<const uint64_t> live);
[[nodiscard]] absl::StatusOr<double> JsDivergence(absl::Span<const double> p,
                                                  absl::Span<const double> q);

/// Square root of JsDivergence: a metric, in [0, 1]. Source: Endres and Schindelin (2003), IEEE
/// Trans. Inf. Theory 49(7). (With natural logarithms it would be sqrt(ln 2) = 0.8326 times this.)
[[nodiscard]] absl::StatusOr<double> JsDistance(absl::Span<const uint64_t> baseline,
                                                absl::Span<const uint64_t> live);
[[nodiscard]] absl::StatusOr<double> JsDistance(absl::Span<const double> p,
                                                absl::Span<const double> q);

/// Kullback-Leibler divergence KL(p|q) = sum p ln(p / q), in nats, >= 0, not symmetric; +Inf where
/// p has mass and q none. With epsilon > 0 both sides are raised to at least epsilon after they are
/// divided by their sums, and not divided again: finite, but the epsilon decides it.
/// Source: Kullback and Leibler (1951). Errors: also a negative or non-finite epsilon.
[[nodiscard]] absl::StatusOr<double> KlDivergence(absl::Span<const uint64_t> p,
                                                  absl::Span<const uint64_t> q, double epsilon = 0);
[[nodiscard]] absl::StatusOr<double> KlDivergence(absl::Span<const double> p,
                                                  absl::Span<const double> q, double epsilon = 0);

/// Hellinger distance sqrt(sum (sqrt p - sqrt q)^2 / 2), in [0, 1]; a metric, 1 for disjoint sides.
/// Source: Le Cam and Yang (2000), "Asymptotics in Statistics", ch. 3.
[[nodiscard]] absl::StatusOr<double> Hellinger(absl::Span<const uint64_t> baseline,
                                               absl::Span<const uint64_t> live);
[[nodiscard]] absl::StatusOr<double> Hellinger(absl::Span<const double> p,
                                               absl::Span<const double> q);

/// Total variation distance sum |p - q| / 2, in [0, 1]: the share of rows that changed cell.
[[nodiscard]] absl::StatusOr<double> TotalVariation(absl::Span<const uint64_t> baseline,
                                                    absl::Span<const uint64_t> live);
[[nodiscard]] absl::StatusOr<double> TotalVariation(absl::Span<const double> p,
                                                    absl::Span<const double> q);

/// Where two distributions differ most.
struct LInfinityResult {
  double value = 0;  // max |p_i - q_i|, in [0, 1]
  size_t at = 0;     // the first i that attains it
};

[[nodiscard]] absl::StatusOr<LInfinityResult> LInfinity(absl::Span<const uint64_t> baseline,
                                                        absl::Span<const uint64_t> live);
[[nodiscard]] absl::StatusOr<LInfinityResult> LInfinity(absl::Span<const double> p,
                                                        absl::Span<const double> q);

/// Bhattacharyya distance -ln sum sqrt(p q), >= 0; +Inf for disjoint sides. Equals
/// -ln(1 - Hellinger^2). Source: Bhattacharyya (1943).
[[nodiscard]] absl::StatusOr<double> Bhattacharyya(absl::Span<const uint64_t> baseline,
                                                   absl::Span<const uint64_t> live);
[[nodiscard]] absl::StatusOr<double> Bhattacharyya(absl::Span<const double> p,
                                                   absl::Span<const double> q);

/// 1 - sum min(p, q), in [0, 1]; on normalised sides equal to TotalVariation.
/// Source: Swain and Ballard (1991), "Color indexing", eq. 1.
[[nodiscard]] absl::StatusOr<double> HistogramIntersectionComplement(
    absl::Span<const uint64_t> baseline, absl::Span<const uint64_t> live);
[[nodiscard]] absl::StatusOr<double> HistogramIntersectionComplement(absl::Span<const double> p,
                                                                     absl::Span<const double> q);

/// max |a - b| / (sum a + sum b), both sides divided by their common sum: unlike LInfinity it also
/// sees a change of volume. In [0, 1]. Source: TensorFlow Data Validation,
/// normalized_abs_difference.
[[nodiscard]] absl::StatusOr<double> NormalizedAbsoluteDifference(
    absl::Span<const uint64_t> baseline, absl::Span<const uint64_t> live);
[[nodiscard]] absl::StatusOr<double> NormalizedAbsoluteDifference(absl::Span<const double> a,
                                                                  absl::Span<const double> b);

}  // namespace plumbline::stats

#endif  // PLUMBLINE_SERVER_STATS_DIVERGENCES_H_
