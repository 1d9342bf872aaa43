#include "client/row_set_of_batch.h"

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace plumbline::client {
namespace {

std::vector<absl::string_view> TextsOf(const google::protobuf::RepeatedPtrField<std::string>& all) {
  return {all.begin(), all.end()};
}

void AddColumn(const v1::Column& column, manifest::RowSetBuilder* rows) {
  const std::string& bits = column.validity();
  const absl::Span<const uint8_t> validity(reinterpret_cast<const uint8_t*>(bits.data()),
                                           bits.size());
  const auto add_numbers = [&](const auto& values) {
    rows->AddNumbers(column.name(), absl::MakeConstSpan(values.data(), values.size()), validity);
  };
  switch (column.values_case()) {
    case v1::Column::kDoubleValues:
      return add_numbers(column.double_values().values());
    case v1::Column::kFloatValues:
      return add_numbers(column.float_values().values());
    case v1::Column::kInt64Values:
      return add_numbers(column.int64_values().values());
    case v1::Column::kBoolValues:
      return add_numbers(column.bool_values().values());
    case v1::Column::kStringValues:
      return rows->AddTexts(column.name(), TextsOf(column.string_values().values()), validity);
    case v1::Column::kDictionaryValues: {
      const auto& indices = column.dictionary_values().indices();
      return rows->AddTexts(column.name(), TextsOf(column.dictionary_values().dictionary()),
                            absl::MakeConstSpan(indices.data(), indices.size()), validity);
    }
    case v1::Column::VALUES_NOT_SET:
      return;  // breaks the contract
  }
}

}  // namespace

manifest::RowSet RowSetOf(const v1::Batch& batch) {
  manifest::RowSetBuilder rows(batch.row_count());
  for (const v1::Column& column : batch.columns()) AddColumn(column, &rows);
  return rows.Finish();
}

}  // namespace plumbline::client
