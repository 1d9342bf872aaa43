#include "server/profile/row_set_of_batch.h"

#include <memory>
#include <type_traits>
#include <variant>
#include <vector>

namespace plumbline::profile {

namespace {

// Copies that the rows are read from.
using Copies = std::vector<std::unique_ptr<char[]>>;

template <class T>
absl::Span<const T> Aligned(Packed<T> values, Copies* copies) {
  if (values.is_aligned()) return values.span();
  copies->push_back(std::make_unique_for_overwrite<char[]>(values.bytes().size()));
  T* const copy = reinterpret_cast<T*>(copies->back().get());
  values.CopyTo(copy);
  return {copy, values.size()};
}

}  // namespace

manifest::RowSet RowSetOf(const BatchView& batch) {
  Copies copies;
  manifest::RowSetBuilder rows(batch.rows);
  for (const ColumnView& column : batch.columns) {
    std::visit(
        [&](const auto& values) {
          using List = std::decay_t<decltype(values)>;
          if constexpr (std::is_same_v<List, DictionaryView>) {
            rows.AddTexts(column.name, values.dictionary, values.indices, column.validity);
          } else if constexpr (std::is_same_v<List, std::vector<absl::string_view>>) {
            rows.AddTexts(column.name, values, column.validity);
          } else if constexpr (std::is_same_v<List, absl::Span<const bool>>) {
            rows.AddNumbers(column.name, values, column.validity);
          } else {
            rows.AddNumbers(column.name, Aligned(values, &copies), column.validity);
          }
        },
        column.values);
  }
  return rows.Finish();
}

}  // namespace plumbline::profile
