#ifndef PLUMBLINE_SERVER_PROFILE_BASELINE_SKETCH_H_
#define PLUMBLINE_SERVER_PROFILE_BASELINE_SKETCH_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/container/btree_set.h"
#include "absl/status/status.h"
#include "server/profile/baseline.h"
#include "server/profile/batch.h"
#include "server/stats/distinct_sample.h"
#include "server/stats/heavy_hitters.h"
#include "server/stats/moments.h"
#include "server/stats/quantile_sketch.h"

namespace plumbline::profile {

/// What the first pass learns of a numeric variable, in bounded memory.
class NumericSketch {
 public:
  explicit NumericSketch(size_t distinct_capacity);

  /// NaN and infinities are left out: the second pass counts them.
  void Add(const ColumnView& column, uint32_t rows);

  /// Bins, quantiles and the distinct count, empty codes, and moments about the mean.
  void Describe(VariableBaseline* variable) const;
  /// True if every distinct value became an atom.
  bool IsExact() const { return !few_.empty() && few_.size() <= kMaxAtoms; }
  /// Of the finite values.
  const stats::Moments& moments() const { return moments_; }

 private:
  void AddValue(double value);

  stats::QuantileSketch quantiles_;
  stats::DistinctSample distinct_;
  stats::HeavyHitters heavy_;
  stats::Moments moments_;
  absl::btree_set<double> few_;  // every distinct value, while they are few
};

/// What the first pass learns of a categorical variable: hashes only, names come in the second.
class CategoricalSketch {
 public:
  explicit CategoricalSketch(size_t distinct_capacity);

  /// Errors: InvalidArgument for a category longer than `max_bytes`.
  absl::Status Add(const ColumnView& column, uint32_t rows, size_t max_bytes);

  /// Hashes of the categories that may be kept by name, the most frequent first: the
  /// kMaxKeptCategories by exact count while the distinct sample is exact, else the heavy hitters,
  /// about eight times as many, to be counted.
  std::vector<uint64_t> Candidates() const;
  const stats::DistinctSample& distinct() const { return distinct_; }
  /// Gives the memory of all but values() back, when all else has been asked.
  void Forget();
  uint64_t values() const { return values_; }
  /// Mean length of a category over the values.
  double MeanBytes() const;

 private:
  // False if the category is too long.
  bool AddCategory(absl::string_view category, uint64_t count, size_t max_bytes);

  stats::DistinctSample distinct_;
  stats::HeavyHitters heavy_;
  std::vector<uint64_t> entry_counts_;  // of the dictionary at hand
  uint64_t values_ = 0;
  uint64_t bytes_ = 0;
};

}  // namespace plumbline::profile

#endif  // PLUMBLINE_SERVER_PROFILE_BASELINE_SKETCH_H_
