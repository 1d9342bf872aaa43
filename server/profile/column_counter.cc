#include "server/profile/column_counter.h"

#include <variant>

#include "server/profile/validity.h"

namespace plumbline::profile {

bool IsWrongType(Kind kind, const Values& values) {
  const bool text = std::holds_alternative<std::vector<absl::string_view>>(values) ||
                    std::holds_alternative<DictionaryView>(values);
  const bool floating = std::holds_alternative<Packed<double>>(values) ||
                        std::holds_alternative<Packed<float>>(values);
  return kind == Kind::kNumeric ? text : floating;
}

uint64_t CountNulls(const ColumnView& column, uint32_t begin, uint32_t end) {
  return CountNullRows(column.validity, begin, end);
}

BoolCounts CountBoolRows(const ColumnView& column, absl::Span<const bool> values, uint32_t begin,
                         uint32_t end) {
  BoolCounts counts;
  counts.nulls = CountNulls(column, begin, end);
  if (counts.nulls == 0) {
    for (uint32_t row = begin; row < end; ++row) counts.trues += values[row] ? 1 : 0;
  } else {
    for (uint32_t row = begin; row < end; ++row) {
      counts.trues += values[row] && column.IsValid(row) ? 1 : 0;
    }
  }
  counts.falses = end - begin - counts.nulls - counts.trues;
  return counts;
}

}  // namespace plumbline::profile
