#include "client/batch_builder.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "client/utf8.h"

namespace plumbline::client {
namespace {

constexpr size_t kMaxNameBytes = 256;
constexpr size_t kMaxSourceBytes = 128;

template <class Values, class T>
void Append(Values* field, absl::Span<const T> values) {
  field->mutable_values()->Add(values.begin(), values.end());
}

}  // namespace

std::string PackValidity(absl::Span<const uint8_t> validity) {
  if (std::find(validity.begin(), validity.end(), uint8_t{0}) == validity.end()) return "";
  std::string bits((validity.size() + 7) / 8, '\0');
  for (size_t row = 0; row < validity.size(); ++row) {
    if (validity[row] != 0) bits[row / 8] = static_cast<char>(bits[row / 8] | (1 << (row % 8)));
  }
  return bits;
}

void BatchBuilder::AddDoubles(absl::string_view name, absl::Span<const double> values,
                              const ColumnOptions& options) {
  Append(AddColumn(name, values.size(), options)->mutable_double_values(), values);
}

void BatchBuilder::AddFloats(absl::string_view name, absl::Span<const float> values,
                             const ColumnOptions& options) {
  Append(AddColumn(name, values.size(), options)->mutable_float_values(), values);
}

void BatchBuilder::AddInt64s(absl::string_view name, absl::Span<const int64_t> values,
                             const ColumnOptions& options) {
  Append(AddColumn(name, values.size(), options)->mutable_int64_values(), values);
}

void BatchBuilder::AddBools(absl::string_view name, absl::Span<const bool> values,
                            const ColumnOptions& options) {
  Append(AddColumn(name, values.size(), options)->mutable_bool_values(), values);
}

void BatchBuilder::AddStrings(absl::string_view name, absl::Span<const std::string> values,
                              const ColumnOptions& options) {
  v1::StringValues* field = AddColumn(name, values.size(), options)->mutable_string_values();
  for (const std::string& value : values) {
    CheckText(name, value);
    field->add_values(value);
  }
}

void BatchBuilder::AddDictionary(absl::string_view name, absl::Span<const std::string> dictionary,
                                 absl::Span<const uint32_t> indices, const ColumnOptions& options) {
  v1::DictionaryValues* field =
      AddColumn(name, indices.size(), options)->mutable_dictionary_values();
  for (const std::string& entry : dictionary) {
    CheckText(name, entry);
    field->add_dictionary(entry);
  }
  for (size_t row = 0; row < indices.size(); ++row) {
    const bool is_null = row < options.validity.size() && options.validity[row] == 0;
    if (!is_null && indices[row] >= dictionary.size()) {
      Fail(absl::InvalidArgumentError(absl::StrCat("column ", name, ", row ", row, ": index ",
                                                   indices[row], " in a dictionary of ",
                                                   dictionary.size())));
    }
  }
  field->mutable_indices()->Add(indices.begin(), indices.end());
}

void BatchBuilder::SetRowIds(absl::Span<const std::string> ids) {
  CheckRows("row ids", ids.size());
  v1::StringValues* field = batch_.mutable_row_ids()->mutable_string_values();
  field->clear_values();
  for (const std::string& id : ids) {
    CheckText("row ids", id);
    field->add_values(id);
  }
}

void BatchBuilder::SetRowIds(absl::Span<const int64_t> ids) {
  CheckRows("row ids", ids.size());
  v1::Int64Values* field = batch_.mutable_row_ids()->mutable_int64_values();
  field->clear_values();
  Append(field, ids);
}

void BatchBuilder::SetEventTime(absl::Time time) {
  const int64_t seconds = absl::ToUnixSeconds(time);
  google::protobuf::Timestamp* field = batch_.mutable_event_time();
  field->set_seconds(seconds);
  field->set_nanos(
      static_cast<int32_t>(absl::ToInt64Nanoseconds(time - absl::FromUnixSeconds(seconds))));
}

void BatchBuilder::SetEventTimes(absl::Span<const absl::Time> times) {
  CheckRows("event times", times.size());
  v1::EventTimes* field = batch_.mutable_event_times();
  field->clear_unix_micros();
  for (absl::Time time : times) field->add_unix_micros(absl::ToUnixMicros(time));
}

void BatchBuilder::SetSource(absl::string_view source) {
  const std::string text(source);
  CheckText("source", text);
  if (text.size() > kMaxSourceBytes) {
    Fail(absl::InvalidArgumentError(
        absl::StrCat("source: ", text.size(), " bytes, at most ", kMaxSourceBytes)));
  }
  batch_.set_source(text);
}

absl::StatusOr<v1::Batch> BatchBuilder::Build() {
  if (batch_.columns().empty()) Fail(absl::InvalidArgumentError("a batch without columns"));
  if (rows_ == 0) Fail(absl::InvalidArgumentError("a batch without rows"));
  if (rows_ > std::numeric_limits<uint32_t>::max()) {
    Fail(absl::InvalidArgumentError(absl::StrCat("too many rows: ", rows_)));
  }
  absl::flat_hash_set<std::string> names;
  for (const v1::Column& column : batch_.columns()) {
    if (!names.insert(column.name()).second) {
      Fail(absl::InvalidArgumentError(absl::StrCat("column ", column.name(), " is there twice")));
    }
  }
  batch_.set_row_count(static_cast<uint32_t>(rows_));
  v1::Batch batch = std::exchange(batch_, v1::Batch());
  const absl::Status status = std::exchange(status_, absl::OkStatus());
  has_rows_ = false;
  rows_ = 0;
  if (!status.ok()) return status;
  return batch;
}

v1::Column* BatchBuilder::AddColumn(absl::string_view name, size_t rows,
                                    const ColumnOptions& options) {
  v1::Column* column = batch_.add_columns();
  column->set_name(std::string(name));
  column->set_role(options.role);
  if (name.empty()) Fail(absl::InvalidArgumentError("a column without a name"));
  if (name.size() > kMaxNameBytes) {
    Fail(absl::InvalidArgumentError(absl::StrCat("column ", name, ": a name of ", name.size(),
                                                 " bytes, at most ", kMaxNameBytes)));
  }
  CheckText("a column's name", column->name());
  CheckRows(absl::StrCat("column ", name), rows);
  if (!options.validity.empty()) {
    CheckRows(absl::StrCat("validity of column ", name), options.validity.size());
    *column->mutable_validity() = PackValidity(options.validity);
  }
  return column;
}

void BatchBuilder::CheckRows(absl::string_view what, size_t rows) {
  if (!has_rows_) {
    has_rows_ = true;
    rows_ = rows;
  } else if (rows != rows_) {
    Fail(absl::InvalidArgumentError(
        absl::StrCat(what, ": ", rows, " values in a batch of ", rows_, " rows")));
  }
}

void BatchBuilder::CheckText(absl::string_view what, const std::string& text) {
  if (!IsValidUtf8(text)) Fail(absl::InvalidArgumentError(absl::StrCat(what, ": not UTF-8")));
}

void BatchBuilder::Fail(absl::Status status) {
  if (status_.ok()) status_ = std::move(status);
}

}  // namespace plumbline::client
