#include "server/profile/row_set_of_batch.h"

#include <type_traits>
#include <vector>

namespace plumbline::profile {
namespace {

using manifest::CellHash;

CellHash HashOf(double value) { return manifest::HashOfNumber(value); }
CellHash HashOf(int64_t value) { return manifest::HashOfInteger(value); }
CellHash HashOf(absl::string_view value) { return manifest::HashOfText(value); }

void HashColumn(const ColumnView& column, std::vector<CellHash>* cells) {
  const auto each = [&](const auto& hash) {
    for (size_t row = 0; row < cells->size(); ++row) {
      (*cells)[row] = column.IsValid(row) ? hash(row) : manifest::HashOfNull();
    }
  };
  std::visit(
      [&](const auto& values) {
        using List = std::decay_t<decltype(values)>;
        if constexpr (std::is_same_v<List, DictionaryView>) {
          std::vector<CellHash> dictionary;
          for (const absl::string_view entry : values.dictionary)
            dictionary.push_back(HashOf(entry));
          each([&](size_t row) { return dictionary[values.indices[row]]; });
        } else if constexpr (std::is_same_v<List, absl::Span<const float>> ||
                             std::is_same_v<List, absl::Span<const bool>>) {
          each([&](size_t row) { return HashOf(static_cast<double>(values[row])); });
        } else {
          each([&](size_t row) { return HashOf(values[row]); });
        }
      },
      column.values);
}

}  // namespace

manifest::RowSet RowSetOf(const BatchView& batch) {
  manifest::RowSetBuilder rows(batch.rows);
  std::vector<CellHash> cells(batch.rows);
  for (const ColumnView& column : batch.columns) {
    HashColumn(column, &cells);
    rows.AddColumn(column.name, cells);
  }
  return rows.Finish();
}

}  // namespace plumbline::profile
