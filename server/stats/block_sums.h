#ifndef PLUMBLINE_SERVER_STATS_BLOCK_SUMS_H_
#define PLUMBLINE_SERVER_STATS_BLOCK_SUMS_H_

#include <cstddef>

#include "absl/types/span.h"
#include "server/stats/compensated_sum.h"
#include "server/stats/simd.h"

namespace plumbline::stats {

/// The most values that SumBlock's error bounds hold for.
inline constexpr size_t kMaxSumBlock = 512;

/// Fewer values are added faster one by one.
inline constexpr size_t kLeastSumBlock = 16;

/// Sums of a block of values.
struct BlockSums {
  /// sum + sum_error is the sum of x, within n * 2^-105 * sum|x|.
  double sum = 0;
  double sum_error = 0;
  /// Of (x - shift)^2, within a relative error of 2^-46.
  double squares = 0;
  double min = 0;
  double max = 0;

  /// False if a value was NaN or infinite, or a sum overflowed: then nothing here has a meaning.
  [[nodiscard]] bool IsFinite() const;
};

/// The sums of 1 to kMaxSumBlock values; `shift` is finite. Eight sums side by side, each of x with
/// its rounding errors beside it (Knuth's TwoSum).
[[nodiscard]] BlockSums SumBlock(absl::Span<const double> values, double shift, SimdLevel level);
[[nodiscard]] BlockSums SumBlock(absl::Span<const float> values, double shift, SimdLevel level);

/// Adds each of `values` to `sum`, within n * 2^-105 * sum|x|. Any number of values; what is not
/// finite gets in as CompensatedSum says.
void AddEach(absl::Span<const double> values, SimdLevel level, CompensatedSum* sum);

}  // namespace plumbline::stats

#endif  // PLUMBLINE_SERVER_STATS_BLOCK_SUMS_H_
