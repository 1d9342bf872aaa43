#ifndef PLUMBLINE_SERVER_STATS_QUANTILE_SKETCH_H_
#define PLUMBLINE_SERVER_STATS_QUANTILE_SKETCH_H_

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"

namespace plumbline::stats {

/// Normalised rank error of a KLL sketch at 99% confidence: 2.296 / k^0.9723 for one rank, or
/// 2.446 / k^0.9433 (`pmf`) for the mass between two. Source: Apache DataSketches, kll_sketch.
[[nodiscard]] double NormalizedRankError(uint32_t k, bool pmf);

/// Quantiles of a stream of doubles in bounded memory, about 3 k values: the sketch of Karnin, Lang
/// and Liberty (2016), "Optimal quantile approximation in streams". Ranks are inclusive. While
/// fewer than k values came in it is exact; minimum and maximum always are. +-Inf are ordered like
/// any value; NaN is refused (the caller counts it). -0.0 and 0.0 are the same value. The coin is
/// seeded: the same input in the same order gives the same sketch. Not thread-safe; const members
/// may be called from many threads at once.
class QuantileSketch {
 public:
  /// k is raised to 8 if it is less.
  explicit QuantileSketch(uint32_t k = 200, uint64_t seed = 1);

  /// False, and nothing counted, for NaN. Amortised O(log k).
  bool Add(double value);

  /// As if other's values had been added here. The result has the smaller k of the two, and at
  /// least its rank error.
  void Merge(const QuantileSketch& other);

  [[nodiscard]] uint64_t count() const { return count_; }
  [[nodiscard]] uint32_t k() const { return k_; }
  /// False while every value is still held: quantiles and ranks are then exact.
  [[nodiscard]] bool IsEstimate() const { return levels_.size() > 1; }
  [[nodiscard]] size_t retained() const;

  /// Smallest value whose rank is at least `rank`: 0 gives the minimum, 1 the maximum, and the
  /// median of 1..10 is 5. Errors: InvalidArgument for a rank outside [0, 1] or NaN;
  /// FailedPrecondition while empty. Sorts what is retained.
  [[nodiscard]] absl::StatusOr<double> Quantile(double rank) const;
  /// One value for each rank, with one sort.
  [[nodiscard]] absl::StatusOr<std::vector<double>> Quantiles(absl::Span<const double> ranks) const;

  /// Share of the values at or below x, in [0, 1]. Errors: InvalidArgument for NaN;
  /// FailedPrecondition while empty.
  [[nodiscard]] absl::StatusOr<double> Rank(double x) const;

  /// The exact extremes; NaN while empty.
  [[nodiscard]] double Min() const;
  [[nodiscard]] double Max() const;

  /// For storage: the values by level, of which those of level h stand for 2^h each.
  [[nodiscard]] const std::vector<std::vector<double>>& levels() const { return levels_; }
  /// A sketch that goes on from there. Errors: InvalidArgument if the levels have no room for so
  /// many values, or one is NaN or outside [min, max].
  [[nodiscard]] static absl::StatusOr<QuantileSketch> FromLevels(
      uint32_t k, std::vector<std::vector<double>> levels, double min, double max);

  /// What is retained, ascending by value, equal values joined; the weights sum to count().
  [[nodiscard]] std::vector<std::pair<double, uint64_t>> WeightedValues() const;

 private:
  size_t LevelCapacity(size_t level) const;
  void UpdateCapacity();
  // Halves levels, lowest first, until all fits.
  void Compress();
  void CompactLevel(size_t level);
  bool FlipCoin();

  uint32_t k_;
  uint64_t coin_state_;
  uint64_t count_ = 0;
  double min_ = 0;
  double max_ = 0;
  size_t capacity_ = 0;                      // of all levels together
  size_t size_ = 0;                          // values held in all levels
  std::vector<std::vector<double>> levels_;  // a value of level h stands for 2^h
};

}  // namespace plumbline::stats

#endif  // PLUMBLINE_SERVER_STATS_QUANTILE_SKETCH_H_
