#ifndef PLUMBLINE_SERVER_STATS_MOMENTS_H_
#define PLUMBLINE_SERVER_STATS_MOMENTS_H_

#include <cstddef>
#include <cstdint>
#include <optional>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "server/stats/block_sums.h"
#include "server/stats/compensated_sum.h"
#include "server/stats/simd.h"

namespace plumbline::stats {

/// What a Moments holds, for storage. The sums are of d = x - shift and of d^2, each in the two
/// parts of a CompensatedSum. With count = 0 the sums are 0 and min, max have no meaning.
struct MomentsParts {
  double shift = 0;
  uint64_t count = 0;
  double sum = 0;
  double sum_compensation = 0;
  double sum_squares = 0;
  double sum_squares_compensation = 0;
  double min = 0;
  double max = 0;
};

/// Count, mean, variance, minimum and maximum of a stream of finite values, by compensated sums of
/// x - shift and (x - shift)^2. The shift is fixed at construction; one near the mean keeps the
/// variance exact when the mean is many standard deviations from 0 (mean / sd above about 1e6
/// otherwise costs digits). Sums of equal shift add exactly, so panes merge into windows.
/// Feed finite values only: NaN and Inf are counted by the caller and never enter. Not thread-safe.
class Moments {
 public:
  /// `shift` must be finite.
  explicit Moments(double shift = 0) : shift_(shift) {}

  /// Errors: InvalidArgument if a part is NaN, the shift, min or max is not finite, min > max, the
  /// sum of squares is negative, or an empty one has sums.
  [[nodiscard]] static absl::StatusOr<Moments> FromParts(const MomentsParts& parts);
  [[nodiscard]] MomentsParts ToParts() const;

  void Add(double value);

  /// Adds each, by blocks (see block_sums.h): the sum of x - shift within n * 2^-104 *
  /// sum(|x| + |shift|), of squares within a relative error of 2^-46.
  void AddAll(absl::Span<const double> values, SimdLevel level = BestSimdLevel());

  /// AddAll of 1 to kMaxSumBlock values if all are finite and the sums of the block do not
  /// overflow: their sums, about the shift. Otherwise nothing has changed.
  [[nodiscard]] std::optional<BlockSums> AddBlockIfFinite(absl::Span<const double> values,
                                                          SimdLevel level = BestSimdLevel());
  [[nodiscard]] std::optional<BlockSums> AddBlockIfFinite(absl::Span<const float> values,
                                                          SimdLevel level = BestSimdLevel());

  /// Adds the value `times` times. Cost: O(1).
  void AddRepeated(double value, uint64_t times);

  /// Adds `other`. Another shift is re-centred to this one's, which costs digits if the two shifts
  /// are many standard deviations apart. This one's shift stays.
  void Merge(const Moments& other);

  [[nodiscard]] uint64_t count() const { return count_; }
  [[nodiscard]] double shift() const { return shift_; }

  /// The following are NaN while count() is 0: a moment that does not exist is never 0.
  [[nodiscard]] double Sum() const;
  [[nodiscard]] double Mean() const;
  /// Population variance, sum (x - mean)^2 / n, >= 0. Exactly 0 when min == max; NaN where the
  /// sums have overflowed.
  [[nodiscard]] double Variance() const;
  /// Sample variance, sum (x - mean)^2 / (n - 1); NaN while count() < 2.
  [[nodiscard]] double SampleVariance() const;
  /// Square root of Variance().
  [[nodiscard]] double StandardDeviation() const;
  [[nodiscard]] double Min() const;
  [[nodiscard]] double Max() const;

 private:
  void Widen(double min, double max);
  // Returns whether the sums of `count` values were added.
  bool AddBlock(const BlockSums& block, size_t count);

  double shift_;
  uint64_t count_ = 0;
  CompensatedSum sum_;          // of x - shift_
  CompensatedSum sum_squares_;  // of (x - shift_)^2
  double min_ = 0;
  double max_ = 0;
};

}  // namespace plumbline::stats

#endif  // PLUMBLINE_SERVER_STATS_MOMENTS_H_
