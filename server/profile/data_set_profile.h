#ifndef PLUMBLINE_SERVER_PROFILE_DATA_SET_PROFILE_H_
#define PLUMBLINE_SERVER_PROFILE_DATA_SET_PROFILE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/numeric/int128.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "server/manifest/content_digest.h"
#include "server/profile/category_tally.h"
#include "server/profile/group_totals.h"
#include "server/profile/schema.h"
#include "server/stats/distinct_sample.h"
#include "server/stats/heavy_hitters.h"
#include "server/stats/number_precision.h"
#include "server/stats/quantile_sketch.h"
#include "server/stats/super_accumulator.h"

namespace plumbline::profile {

/// How much of each variable is kept. Profiles with more variables keep less of each.
struct ProfileSizes {
  uint32_t quantile_k = 1024;       // of the sketch: 0.27% rank error
  size_t distinct_capacity = 8192;  // exact up to so many; 1.4% standard error above
  size_t tally_capacity = 1000;     // categories by name
  size_t point_capacity = 256;      // frequent numbers
  size_t group_capacity = 256;

  /// For so many variables; of a numeric one's groups there are fewer still.
  static ProfileSizes For(size_t variables);
};

/// One variable of a data set. Counts, digests, sums, extremes, precision and distinct sample are
/// exact, or the same at least, in any order of rows and merges; the quantile sketch is not once it
/// holds more than k values, nor are frequent values once there are more than twice the capacity.
struct VariableProfile {
  Variable variable;
  manifest::ContentDigest digest;  // of every row's cell
  /// Numeric: the digest's sum if every finite value were rounded to float32. Categorical: if every
  /// text were folded (see manifest::HashOfFoldedText).
  absl::uint128 coarse_sum = 0;
  uint64_t nulls = 0;
  stats::DistinctSample distinct;  // of values, without nulls and NaN

  // Numeric.
  uint64_t nans = 0;
  uint64_t positive_infinities = 0;
  uint64_t negative_infinities = 0;
  uint64_t finite = 0;
  stats::SuperAccumulator sum, squares;  // of the finite values; int64 beyond 2^53 as doubles
  double min = 0, max = 0;               // no meaning while finite is 0
  stats::PrecisionCounts precision;
  stats::QuantileSketch quantiles;
  stats::HeavyHitters points;  // by the bits of the double; -0.0 as 0.0

  // Categorical.
  CategoryTally categories;

  explicit VariableProfile(Variable of = {}, const ProfileSizes& sizes = {});
  [[nodiscard]] bool is_numeric() const { return variable.kind == Kind::kNumeric; }
  [[nodiscard]] uint64_t rows() const { return digest.cells(); }
  /// No row has a value: the kind is a guess then, as an empty column of a file says none.
  [[nodiscard]] bool IsEmpty() const { return nulls == rows(); }
  /// Of the finite values; NaN if there are none.
  [[nodiscard]] double Mean() const;
  /// Population standard deviation, from exact sums.
  [[nodiscard]] double StandardDeviation() const;

  /// As if other's rows had come behind these. The variables are the same.
  void Merge(const VariableProfile& other);
};

/// A summary of the rows of a data set at one stage of its way, in one environment, that merges: of
/// parts, in any order (the digests in order want theirs). A value; not thread-safe.
struct DataSetProfile {
  std::string name;
  std::string stage;
  std::string environment;
  std::string source;
  std::string description;
  absl::Time created_at = absl::InfinitePast();

  manifest::ContentDigest rows;         // of the rows, by all columns
  stats::DistinctSample distinct_rows;  // by their hash
  std::vector<VariableProfile> variables;
  std::vector<GroupTotals> groups;  // one a --group_by

  [[nodiscard]] uint64_t row_count() const { return rows.cells(); }
  [[nodiscard]] const VariableProfile* Find(absl::string_view variable) const;
  /// As if other's rows had come behind these; name and the like stay. Errors: InvalidArgument if
  /// the variables, their kinds or the groupings differ, naming the first; then nothing changed. A
  /// variable that is empty on one side has the kind of the other.
  absl::Status Merge(const DataSetProfile& other);

 private:
  // Of a variable that is empty.
  void SetKind(size_t index, const Variable& as);
};

}  // namespace plumbline::profile

#endif  // PLUMBLINE_SERVER_PROFILE_DATA_SET_PROFILE_H_
