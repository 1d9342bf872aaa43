#ifndef PLUMBLINE_SERVER_PROFILE_COUNTS_H_
#define PLUMBLINE_SERVER_PROFILE_COUNTS_H_

#include <cstddef>
#include <cstdint>

#include "server/profile/code_counts.h"
#include "server/profile/fineness.h"
#include "server/profile/unseen_names.h"
#include "server/stats/compensated_sum.h"
#include "server/stats/moments.h"

namespace plumbline::profile {

/// Codes of a numeric variable with B bins: 0 = below the baseline's range, 1 .. B = bins, B + 1 =
/// above it. Codes of a categorical variable with K kept categories: 0 .. K - 1 = categories, K =
/// rare (in training, but not kept by name), K + 1 = unseen. Null, NaN, infinities, wrong type and
/// absence have counters of their own and no code.
///
/// A value type: adding is exact, so panes merge into windows in any order. Not thread-safe.
struct VariableCounts {
  uint64_t rows = 0;  // all rows of the slice, whatever became of this variable in them
  uint64_t nulls = 0;
  uint64_t nans = 0;
  uint64_t positive_infinities = 0;
  uint64_t negative_infinities = 0;
  uint64_t wrong_type = 0;  // the column was there with another type
  uint64_t absent = 0;      // the column was not there
  CodeCounts codes;
  stats::Moments moments;           // of the finite values; numeric only
  stats::CompensatedSum below_sum;  // of the values below the baseline's range
  stats::CompensatedSum above_sum;  // of the values above it
  UnseenNames unseen_names;         // categorical: what the unseen code hides
  /// Numeric, of columns of doubles and integers: a column of floats is what it says.
  Fineness fineness;

  /// Sum of `codes`: rows with a value that could be compared.
  uint64_t Coded() const;
  /// Adds the other's counts. Both come from the same baseline variable.
  void Merge(const VariableCounts& other);
};

}  // namespace plumbline::profile

#endif  // PLUMBLINE_SERVER_PROFILE_COUNTS_H_
