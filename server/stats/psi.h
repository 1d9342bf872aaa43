#ifndef PLUMBLINE_SERVER_STATS_PSI_H_
#define PLUMBLINE_SERVER_STATS_PSI_H_

#include <cstddef>
#include <cstdint>

#include "absl/status/statusor.h"
#include "absl/types/span.h"

namespace plumbline::stats {

/// Population stability index of `live` against `baseline`: sum (q_i - p_i) ln(q_i / p_i), in nats,
/// >= 0, with p, q = (c + pseudo_count) / (n + pseudo_count * K): both sides smoothed alike.
/// Source: Siddiqi (2006), "Credit Risk Scorecards", ch. 9; equals Jeffreys' divergence KL + KL'.
/// Shapes: K >= 1 counts each, over the same bins. Identical proportions give 0; K = 1 gives 0.
/// With pseudo_count = 0 a bin that only one side has makes it +Inf.
/// Errors: InvalidArgument if the sizes differ or are 0, or pseudo_count is negative or not finite;
/// FailedPrecondition if either side counts nothing. Cost: O(K), no allocation.
[[nodiscard]] absl::StatusOr<double> Psi(absl::Span<const uint64_t> baseline,
                                         absl::Span<const uint64_t> live,
                                         double pseudo_count = 0.5);

/// The same sum over probabilities p (baseline) and q (live), each first raised to at least
/// `epsilon_floor` and not normalised again: the convention of many other monitors, kept for
/// comparison with them. A floor of 1e-4 in one bin may decide the score.
/// Errors: InvalidArgument if the sizes differ or are 0, a value is negative or not finite, or the
/// floor is negative or not finite. Cost: O(K), no allocation.
[[nodiscard]] absl::StatusOr<double> PsiFromProbabilities(absl::Span<const double> p,
                                                          absl::Span<const double> q,
                                                          double epsilon_floor);

/// The PSI that chance alone gives on average between two samples of one distribution, of sizes n
/// and N, over `groups` bins: (groups - 1) (1/n + 1/N). Source: Yurdakul and Naranjo (2020),
/// "Statistical properties of the population stability index", J. Risk Model Validation 14(4).
/// 0 for groups <= 1; +Inf if n or N is 0.
[[nodiscard]] double PsiChance(size_t groups, uint64_t n, uint64_t N);

}  // namespace plumbline::stats

#endif  // PLUMBLINE_SERVER_STATS_PSI_H_
