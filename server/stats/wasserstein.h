#ifndef PLUMBLINE_SERVER_STATS_WASSERSTEIN_H_
#define PLUMBLINE_SERVER_STATS_WASSERSTEIN_H_

#include <cstdint>

#include "absl/status/statusor.h"
#include "absl/types/span.h"

namespace plumbline::stats {

/// Values outside the bins on one side: how many, and their sum.
struct WassersteinTail {
  uint64_t count = 0;
  double sum = 0;
};

/// Exact 1-Wasserstein (earth mover's) distance of two samples: the integral of |F_a - F_b|, in the
/// unit of the variable, >= 0. Source: Villani (2003), "Topics in Optimal Transportation",
/// th. 2.18. Errors: InvalidArgument for a value that is not finite; FailedPrecondition for an
/// empty side. Cost: O(n log n), copies both sides.
[[nodiscard]] absl::StatusOr<double> WassersteinFromSamples(absl::Span<const double> a,
                                                            absl::Span<const double> b);

/// The same from counts in B >= 1 bins [e_i, e_i+1) with B + 1 finite ascending edges (the last bin
/// holds its upper edge too): the mass inside a bin is spread evenly over it, so the distance is
/// off by at most the mean width of the bins weighted by |mass|; a bin of at most 4 ulps is an atom
/// and has no width. The baseline has nothing outside the bins; what live has there enters exactly
/// by its sums: `live_below` are values below e_0, `live_above` values above e_B. The raw distance,
/// in the unit of the variable: dividing by the baseline's standard deviation is left to the
/// caller. Errors: InvalidArgument for wrong sizes, edges that are not finite or not ascending, or
/// a tail whose sum is not finite or on the wrong side of its edge; FailedPrecondition for an empty
/// side. Cost: O(B), no allocation.
[[nodiscard]] absl::StatusOr<double> WassersteinFromBins(absl::Span<const double> edges,
                                                         absl::Span<const uint64_t> baseline,
                                                         absl::Span<const uint64_t> live,
                                                         WassersteinTail live_below = {},
                                                         WassersteinTail live_above = {});

}  // namespace plumbline::stats

#endif  // PLUMBLINE_SERVER_STATS_WASSERSTEIN_H_
