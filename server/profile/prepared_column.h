#ifndef PLUMBLINE_SERVER_PROFILE_PREPARED_COLUMN_H_
#define PLUMBLINE_SERVER_PROFILE_PREPARED_COLUMN_H_

#include <cmath>
#include <cstdint>
#include <limits>
#include <type_traits>
#include <variant>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "server/profile/baseline.h"
#include "server/profile/batch.h"
#include "server/profile/column_counter.h"

// The values of a batch one by one, for what looks at few of its rows.
namespace plumbline::profile {

/// A variable's column in a batch, as PreparedBatch found it.
struct PreparedColumn {
  const ColumnView* view = nullptr;  // nullptr: absent
  bool wrong_type = false;
  std::vector<uint32_t> dictionary_codes;  // of a dictionary's entries; or of false and true
};

/// True if the values of a numeric variable are compared as float32.
inline bool IsNarrow(const VariableBaseline& variable, bool is_float) {
  return is_float || variable.variable.type == ValueType::kFloat;
}

/// To float32; what no float32 holds becomes an infinity.
inline float ToFloat(double value) {
  if (std::abs(value) <= std::numeric_limits<float>::max()) return static_cast<float>(value);
  const float infinity = std::numeric_limits<float>::infinity();
  return value < 0 ? -infinity : infinity;
}

/// The code of a finite value of a numeric variable, compared as the baseline's values are. What no
/// float32 holds is beyond all of a baseline of floats.
inline uint32_t CodeOf(const VariableBaseline& variable, double value, bool is_float) {
  const NumericBins& bins = variable.bins;
  if (!IsNarrow(variable, is_float)) return bins.Code(value);
  const float narrow = ToFloat(value);
  if (std::isfinite(narrow)) return bins.Code(narrow);
  return value < 0 && bins.size() > 0 ? 0 : static_cast<uint32_t>(bins.size()) + 1;
}

/// Calls use(row, number, is_float) for the valid rows of a column of numbers.
template <class Use>
void ForNumbers(const ColumnView& column, uint32_t begin, uint32_t end, const Use& use) {
  std::visit(
      [&](const auto& values) {
        using List = std::decay_t<decltype(values)>;
        if constexpr (!std::is_same_v<List, DictionaryView> &&
                      !std::is_same_v<List, std::vector<absl::string_view>>) {
          constexpr bool kFloat = std::is_same_v<List, Packed<float>>;
          ForValidRows(column, begin, end,
                       [&](uint32_t row) { use(row, static_cast<double>(values[row]), kFloat); });
        }
      },
      column.values);
}

/// The code of a category, of a valid row.
inline uint32_t CategoryAt(const VariableBaseline& variable, const PreparedColumn& column,
                           uint32_t row) {
  const Values& values = column.view->values;
  if (const auto* strings = std::get_if<std::vector<absl::string_view>>(&values)) {
    return variable.categories.Code((*strings)[row]);
  }
  if (const auto* dictionary = std::get_if<DictionaryView>(&values)) {
    return column.dictionary_codes[dictionary->indices[row]];
  }
  if (const auto* bools = std::get_if<absl::Span<const bool>>(&values)) {
    return column.dictionary_codes[(*bools)[row] ? 1 : 0];
  }
  return variable.categories.CodeOfInt(std::get<Packed<int64_t>>(values)[row]);
}

}  // namespace plumbline::profile

#endif  // PLUMBLINE_SERVER_PROFILE_PREPARED_COLUMN_H_
