#include "client/csv_batches.h"

#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "client/batch_builder.h"
#include "client/cell_values.h"

namespace plumbline::client {

CsvBatches::CsvBatches(std::unique_ptr<CsvReader> reader, const CsvPlan& plan)
    : reader_(std::move(reader)), columns_(plan.columns), values_(plan.columns.size()) {}

absl::StatusOr<std::unique_ptr<CsvBatches>> CsvBatches::Open(const std::string& path,
                                                             char delimiter, const CsvPlan& plan) {
  absl::StatusOr<std::unique_ptr<CsvReader>> reader = CsvReader::Open(path, delimiter);
  if (!reader.ok()) return reader.status();
  bool same = (*reader)->header().size() == plan.columns.size();
  for (size_t i = 0; same && i < plan.columns.size(); ++i) {
    same = (*reader)->header()[i] == plan.columns[i].name;
  }
  if (!same) {
    return absl::InvalidArgumentError(absl::StrCat(path, ": the header has changed meanwhile"));
  }
  return std::unique_ptr<CsvBatches>(new CsvBatches(*std::move(reader), plan));
}

absl::StatusOr<std::optional<v1::Batch>> CsvBatches::Next(size_t max_rows) {
  size_t bytes = 0;
  while (rows_ < max_rows) {
    if (!row_waits_) {
      absl::StatusOr<bool> found = reader_->Next(&row_);
      if (!found.ok()) return found.status();
      if (!*found) break;
    }
    bytes += RowBytes();
    row_waits_ = rows_ > 0 && bytes > kMaxBatchBytes;
    if (row_waits_) break;
    const absl::Status status = AddRow();
    if (!status.ok()) return status;
  }
  if (rows_ == 0) return std::nullopt;
  return TakeBatch();
}

// An upper bound of what row_ adds to the message.
size_t CsvBatches::RowBytes() const {
  constexpr size_t kNumberBytes = 8;
  constexpr size_t kTextBytes = 4 + 5;  // an index, and the tag and length of a dictionary entry
  size_t bytes = 0;
  for (size_t i = 0; i < columns_.size(); ++i) {
    switch (columns_[i].use) {
      case CsvColumn::Use::kNumeric:
      case CsvColumn::Use::kInteger:
      case CsvColumn::Use::kTimestamp:
        bytes += kNumberBytes;
        break;
      case CsvColumn::Use::kCategorical:
      case CsvColumn::Use::kRowId:
        bytes += kTextBytes + row_.cell(i).size();
        break;
      case CsvColumn::Use::kIgnored:
        break;
    }
  }
  return bytes;
}

absl::Status CsvBatches::AddRow() {
  for (size_t i = 0; i < columns_.size(); ++i) {
    const absl::string_view cell = row_.cell(i);
    switch (columns_[i].use) {
      case CsvColumn::Use::kNumeric: {
        const absl::Status status = AddNumber(cell, i);
        if (!status.ok()) return status;
        break;
      }
      case CsvColumn::Use::kInteger: {
        const absl::Status status = AddInteger(cell, i);
        if (!status.ok()) return status;
        break;
      }
      case CsvColumn::Use::kCategorical:
        AddCategory(cell, &values_[i]);
        break;
      case CsvColumn::Use::kTimestamp: {
        const std::optional<int64_t> micros = ParseUnixMicros(cell);
        if (!micros.has_value()) {
          return absl::InvalidArgumentError(
              absl::StrCat(reader_->path(), ":", row_.line, ": `", cell, "` is not a time"));
        }
        times_.push_back(*micros);
        break;
      }
      case CsvColumn::Use::kRowId:
        row_ids_.emplace_back(cell);
        break;
      case CsvColumn::Use::kIgnored:
        break;
    }
  }
  ++rows_;
  return absl::OkStatus();
}

absl::Status CsvBatches::AddNumber(absl::string_view cell, size_t column) {
  Values& values = values_[column];
  if (cell.empty()) {
    values.numbers.push_back(0);
    values.validity.push_back(0);
    return absl::OkStatus();
  }
  const std::optional<double> number = ParseNumber(cell);
  if (!number.has_value()) {
    return absl::InvalidArgumentError(absl::StrCat(reader_->path(), ":", row_.line, ": column ",
                                                   columns_[column].name, ": `", cell,
                                                   "` is not a number (it was one before)"));
  }
  values.numbers.push_back(*number);
  values.validity.push_back(1);
  return absl::OkStatus();
}

absl::Status CsvBatches::AddInteger(absl::string_view cell, size_t column) {
  Values& values = values_[column];
  int64_t integer = 0;
  if (!cell.empty() && !absl::SimpleAtoi(cell, &integer)) {
    return absl::InvalidArgumentError(absl::StrCat(reader_->path(), ":", row_.line, ": column ",
                                                   columns_[column].name, ": `", cell,
                                                   "` is not an integer (it was one before)"));
  }
  values.integers.push_back(integer);
  values.validity.push_back(cell.empty() ? 0 : 1);
  return absl::OkStatus();
}

void CsvBatches::AddCategory(absl::string_view cell, Values* values) {
  if (cell.empty()) {
    values->indices.push_back(0);
    values->validity.push_back(0);
    return;
  }
  const auto next = static_cast<uint32_t>(values->dictionary.size());
  const auto [entry, is_new] = values->index_of.try_emplace(cell, next);
  if (is_new) values->dictionary.emplace_back(cell);
  values->indices.push_back(entry->second);
  values->validity.push_back(1);
}

v1::Batch CsvBatches::TakeBatch() {
  v1::Batch batch;
  batch.set_row_count(static_cast<uint32_t>(rows_));
  for (size_t i = 0; i < columns_.size(); ++i) {
    const bool is_numeric = columns_[i].use == CsvColumn::Use::kNumeric;
    const bool is_integer = columns_[i].use == CsvColumn::Use::kInteger;
    if (!is_numeric && !is_integer && columns_[i].use != CsvColumn::Use::kCategorical) continue;
    Values& values = values_[i];
    v1::Column* column = batch.add_columns();
    column->set_name(columns_[i].name);
    column->set_role(columns_[i].role);
    *column->mutable_validity() = PackValidity(values.validity);
    if (is_numeric) {
      column->mutable_double_values()->mutable_values()->Add(values.numbers.begin(),
                                                             values.numbers.end());
    } else if (is_integer) {
      column->mutable_int64_values()->mutable_values()->Add(values.integers.begin(),
                                                            values.integers.end());
    } else {
      v1::DictionaryValues* field = column->mutable_dictionary_values();
      for (std::string& entry : values.dictionary) field->add_dictionary(std::move(entry));
      field->mutable_indices()->Add(values.indices.begin(), values.indices.end());
    }
    values.numbers.clear();
    values.integers.clear();
    values.dictionary.clear();
    values.index_of.clear();
    values.indices.clear();
    values.validity.clear();
  }
  for (std::string& id : row_ids_) {
    batch.mutable_row_ids()->mutable_string_values()->add_values(std::move(id));
  }
  if (!times_.empty()) {
    batch.mutable_event_times()->mutable_unix_micros()->Add(times_.begin(), times_.end());
  }
  row_ids_.clear();
  times_.clear();
  rows_ = 0;
  return batch;
}

}  // namespace plumbline::client
