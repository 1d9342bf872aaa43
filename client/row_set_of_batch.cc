#include "client/row_set_of_batch.h"

#include <string>
#include <vector>

namespace plumbline::client {
namespace {

using manifest::CellHash;

CellHash HashOf(double value) { return manifest::HashOfNumber(value); }
CellHash HashOf(int64_t value) { return manifest::HashOfInteger(value); }
CellHash HashOf(const std::string& value) { return manifest::HashOfText(value); }

bool IsValid(const v1::Column& column, size_t row) {
  return column.validity().empty() || (column.validity()[row >> 3] >> (row & 7) & 1) != 0;
}

void HashColumn(const v1::Column& column, std::vector<CellHash>* cells) {
  const auto each = [&](const auto& hash) {
    for (size_t row = 0; row < cells->size(); ++row) {
      (*cells)[row] = IsValid(column, row) ? hash(static_cast<int>(row)) : manifest::HashOfNull();
    }
  };
  switch (column.values_case()) {
    case v1::Column::kDoubleValues:
      return each([&](int row) { return HashOf(column.double_values().values(row)); });
    case v1::Column::kFloatValues:
      return each(
          [&](int row) { return HashOf(static_cast<double>(column.float_values().values(row))); });
    case v1::Column::kInt64Values:
      return each([&](int row) { return HashOf(column.int64_values().values(row)); });
    case v1::Column::kBoolValues:
      return each([&](int row) { return HashOf(column.bool_values().values(row) ? 1.0 : 0.0); });
    case v1::Column::kStringValues:
      return each([&](int row) { return HashOf(column.string_values().values(row)); });
    case v1::Column::kDictionaryValues: {
      const v1::DictionaryValues& values = column.dictionary_values();
      std::vector<CellHash> dictionary;
      for (const std::string& entry : values.dictionary()) dictionary.push_back(HashOf(entry));
      return each([&](int row) { return dictionary[values.indices(row)]; });
    }
    case v1::Column::VALUES_NOT_SET:
      return each([](int) { return manifest::HashOfNull(); });
  }
}

}  // namespace

manifest::RowSet RowSetOf(const v1::Batch& batch) {
  manifest::RowSetBuilder rows(batch.row_count());
  std::vector<CellHash> cells(batch.row_count());
  for (const v1::Column& column : batch.columns()) {
    HashColumn(column, &cells);
    rows.AddColumn(column.name(), cells);
  }
  return rows.Finish();
}

}  // namespace plumbline::client
