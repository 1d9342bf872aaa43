#include "server/profile/row_set_of_batch.h"

#include <type_traits>
#include <variant>
#include <vector>

namespace plumbline::profile {

manifest::RowSet RowSetOf(const BatchView& batch) {
  manifest::RowSetBuilder rows(batch.rows);
  for (const ColumnView& column : batch.columns) {
    std::visit(
        [&](const auto& values) {
          using List = std::decay_t<decltype(values)>;
          if constexpr (std::is_same_v<List, DictionaryView>) {
            rows.AddTexts(column.name, values.dictionary, values.indices, column.validity);
          } else if constexpr (std::is_same_v<List, std::vector<absl::string_view>>) {
            rows.AddTexts(column.name, values, column.validity);
          } else {
            rows.AddNumbers(column.name, values, column.validity);
          }
        },
        column.values);
  }
  return rows.Finish();
}

}  // namespace plumbline::profile
