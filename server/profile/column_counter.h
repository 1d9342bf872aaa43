#ifndef PLUMBLINE_SERVER_PROFILE_COLUMN_COUNTER_H_
#define PLUMBLINE_SERVER_PROFILE_COLUMN_COUNTER_H_

#include <cstdint>

#include "absl/types/span.h"
#include "server/profile/baseline.h"
#include "server/profile/batch.h"
#include "server/profile/counts.h"
#include "server/stats/simd.h"

namespace plumbline::profile {

/// True if a variable of this kind cannot take these values: text for a numeric variable, floating
/// point for a categorical one.
bool IsWrongType(Kind kind, const Values& values);

/// Null rows in [begin, end).
uint64_t CountNulls(const ColumnView& column, uint32_t begin, uint32_t end);

/// Codes and counts rows [begin, end) of a numeric column of a type that is not wrong, all but
/// `counts->rows`. `counts` has the codes of `baseline`. No allocation. Codes and counts are the
/// same at every level; sums as stats::Moments::AddAll says.
void CountNumericColumn(const VariableBaseline& baseline, const ColumnView& column, uint32_t begin,
                        uint32_t end, VariableCounts* counts,
                        stats::SimdLevel level = stats::BestSimdLevel());

/// Looks at how finely a value in Fineness::kStride of rows [begin, end) is written, of a column of
/// doubles or integers. Which ones depends on their place in the column and on `offset`, a number
/// of the batch by chance: the first row of a small one may be first for a reason.
void SampleFineness(const ColumnView& column, uint32_t begin, uint32_t end, uint32_t offset,
                    Fineness* fineness);

/// The same as CountNumericColumn for a categorical column. `codes` are those of the dictionary's
/// entries, or of false and true for a column of bool; unused for other types.
void CountCategoricalColumn(const CategoryTable& categories, const ColumnView& column,
                            absl::Span<const uint32_t> codes, uint32_t begin, uint32_t end,
                            VariableCounts* counts);

/// Rows of a column of bool.
struct BoolCounts {
  uint64_t nulls = 0;
  uint64_t falses = 0;
  uint64_t trues = 0;
};
BoolCounts CountBoolRows(const ColumnView& column, absl::Span<const bool> values, uint32_t begin,
                         uint32_t end);

/// Calls `visit(row)` for every valid row in [begin, end), and returns the number of null rows.
template <class Visit>
uint64_t ForValidRows(const ColumnView& column, uint32_t begin, uint32_t end, const Visit& visit) {
  if (column.validity.empty()) {
    for (uint32_t row = begin; row < end; ++row) visit(row);
    return 0;
  }
  uint64_t nulls = 0;
  for (uint32_t row = begin; row < end; ++row) {
    if (column.IsValid(row)) {
      visit(row);
    } else {
      ++nulls;
    }
  }
  return nulls;
}

}  // namespace plumbline::profile

#endif  // PLUMBLINE_SERVER_PROFILE_COLUMN_COUNTER_H_
