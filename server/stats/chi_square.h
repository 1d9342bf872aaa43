#ifndef PLUMBLINE_SERVER_STATS_CHI_SQUARE_H_
#define PLUMBLINE_SERVER_STATS_CHI_SQUARE_H_

#include <cstddef>
#include <cstdint>

#include "absl/status/statusor.h"
#include "absl/types/span.h"

namespace plumbline::stats {

struct ChiSquareOptions {
  /// Cells whose expected count is below this on either side are pooled into one; 0 pools nothing.
  double min_expected = 5;
  /// Take 0.5 off every |observed - expected| when two cells are compared (Yates 1934): the default
  /// of scipy's contingency test, too cautious for ours.
  bool yates_correction = false;
};

struct ChiSquareResult {
  double statistic = 0;             // Pearson's X^2, >= 0
  uint64_t degrees_of_freedom = 0;  // cells that were compared, less 1
  double p_value = 1;               // P(chi-square >= statistic); 0 where it underflows
  double cramers_v = 0;             // bias-corrected, in [0, 1]
  size_t pooled_cells = 0;          // how many cells went into the pooled one
};

/// Pearson's test that two samples come from one distribution over the same K >= 1 cells (2 x K
/// homogeneity, by default without continuity correction): both sides are samples, so an unseen
/// category is not infinite. Cells empty on both sides are left out. Cells with a small expected
/// count are pooled; if the pool is still too small it takes in the smallest cell that is left.
/// With one cell left there is nothing to compare: statistic 0, df 0, p 1, V 0. V = sqrt(max(0,
/// X^2/n - (K-1)/(n-1)) / (min(k~, r~) - 1)), k~ = K - (K-1)^2/(n-1), r~ = 2 - 1/(n-1): Bergsma
/// (2013), "A bias-correction for Cramer's V", J. Korean Stat. Soc. 42. Errors: InvalidArgument if
/// the sizes differ or are 0, or min_expected is negative or not finite; FailedPrecondition if a
/// side counts nothing. Cost: O(K), no allocation.
[[nodiscard]] absl::StatusOr<ChiSquareResult> ChiSquareHomogeneity(
    absl::Span<const uint64_t> baseline, absl::Span<const uint64_t> live,
    ChiSquareOptions options = {});

/// Goodness of fit of `live` to the baseline's proportions taken as certain: expected = baseline
/// share * live total. For comparison with other monitors only: it ignores the baseline's own size.
/// Cells empty on both sides are left out; cramers_v = sqrt(X^2 / (n df)), not corrected.
/// Errors: as above; also FailedPrecondition if live has rows in a cell that the baseline lacks.
[[nodiscard]] absl::StatusOr<ChiSquareResult> ChiSquareGoodnessOfFit(
    absl::Span<const uint64_t> baseline, absl::Span<const uint64_t> live);

/// P(X >= x) for a chi-square variable of df degrees of freedom. x <= 0 or df = 0 gives 1.
[[nodiscard]] double ChiSquareSurvival(double x, uint64_t df);

/// Natural logarithm of ChiSquareSurvival, finite where the probability itself underflows.
[[nodiscard]] double LogChiSquareSurvival(double x, uint64_t df);

}  // namespace plumbline::stats

#endif  // PLUMBLINE_SERVER_STATS_CHI_SQUARE_H_
