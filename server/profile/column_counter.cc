#include "server/profile/column_counter.h"

#include <algorithm>
#include <bit>
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
  for (uint32_t row = begin; row < end; row += 64) {
    const uint32_t n = std::min<uint32_t>(64, end - row);
    const uint64_t valid = ValidBits(column.validity, row, n);
    counts.nulls += n - static_cast<uint64_t>(std::popcount(valid));
    counts.trues +=
        static_cast<uint64_t>(std::popcount(BitsOfBools(values.subspan(row, n)) & valid));
  }
  counts.falses = end - begin - counts.nulls - counts.trues;
  return counts;
}

}  // namespace plumbline::profile
