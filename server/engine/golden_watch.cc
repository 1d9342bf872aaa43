#include "server/engine/golden_watch.h"

#include <utility>

#include "absl/strings/str_cat.h"

namespace plumbline::engine {
namespace {

using profile::GoldenColumn;
using profile::GoldenHit;
using profile::GoldenRows;

absl::StatusOr<GoldenColumn> ColumnOf(const storage::v1::GoldenColumnRecord& record) {
  const bool numeric = record.kind() == static_cast<uint32_t>(profile::Kind::kNumeric);
  const int values = numeric ? record.numbers_size() : record.texts_size();
  const bool is_kind =
      numeric || record.kind() == static_cast<uint32_t>(profile::Kind::kCategorical);
  const bool is_role = record.role() == static_cast<uint32_t>(profile::Role::kFeature) ||
                       record.role() == static_cast<uint32_t>(profile::Role::kPrediction);
  if (!is_kind || !is_role || record.nulls_size() != values) {
    return absl::InvalidArgumentError(
        absl::StrCat("golden rows: variable \"", record.name(), "\" is not sound"));
  }
  GoldenColumn column;
  column.name = record.name();
  column.role = static_cast<profile::Role>(record.role());
  column.kind = static_cast<profile::Kind>(record.kind());
  column.tolerance = {record.absolute_tolerance(), record.relative_tolerance()};
  for (int row = 0; row < values; ++row) {
    const bool null = record.nulls(row);
    if (numeric) {
      column.numbers.push_back(null ? std::nullopt : std::optional(record.numbers(row)));
    } else {
      column.texts.push_back(null ? std::nullopt : std::optional(record.texts(row)));
    }
  }
  return column;
}

storage::v1::GoldenResultRecord ToRecord(const GoldenHit& hit) {
  storage::v1::GoldenResultRecord record;
  record.set_outcome(static_cast<uint32_t>(hit.outcome));
  record.set_prediction(hit.prediction);
  record.set_difference(hit.difference);
  record.set_as_float32(hit.as_float32);
  record.set_rounded(hit.rounded);
  record.set_changed(hit.changed);
  record.mutable_features()->Add(hit.features.begin(), hit.features.end());
  record.set_compared(hit.compared);
  return record;
}

}  // namespace

storage::v1::GoldenRowsRecord ToRecord(const GoldenRows& rows) {
  storage::v1::GoldenRowsRecord record;
  record.set_rows(rows.rows);
  for (const std::string& id : rows.ids) record.add_ids(id);
  for (const GoldenColumn& column : rows.columns) {
    auto* added = record.add_columns();
    added->set_name(column.name);
    added->set_role(static_cast<uint32_t>(column.role));
    added->set_kind(static_cast<uint32_t>(column.kind));
    added->set_absolute_tolerance(column.tolerance.absolute);
    added->set_relative_tolerance(column.tolerance.relative);
    for (const auto& number : column.numbers) {
      added->add_numbers(number.value_or(0));
      added->add_nulls(!number.has_value());
    }
    for (const auto& text : column.texts) {
      added->add_texts(text.value_or(""));
      added->add_nulls(!text.has_value());
    }
  }
  return record;
}

absl::StatusOr<GoldenRows> FromRecord(const storage::v1::GoldenRowsRecord& record) {
  GoldenRows rows;
  rows.rows = record.rows();
  rows.ids.assign(record.ids().begin(), record.ids().end());
  for (const auto& column : record.columns()) {
    auto read = ColumnOf(column);
    if (!read.ok()) return read.status();
    rows.columns.push_back(*std::move(read));
  }
  return rows;
}

GoldenWatch::GoldenWatch(std::shared_ptr<const profile::GoldenBook> book)
    : book_(std::move(book)), results_(book_ == nullptr ? 0 : book_->rows().rows) {}

bool GoldenWatch::Add(const GoldenHits& hits) {
  if (book_ == nullptr || hits.book != book_) return false;
  bool news = false;
  for (const GoldenHit& hit : hits.hits) {
    if (!results_.Add(hit)) continue;
    changed_.insert(hit.row);
    news = true;
  }
  return news;
}

void GoldenWatch::Commit(const ModelKey& key, uint64_t baseline_number,
                         storage::Store::Batch* batch) {
  for (const uint32_t row : changed_) {
    batch->PutGoldenResult(key.model, key.version, baseline_number, row,
                           ToRecord(results_.latest()[row]));
  }
  changed_.clear();
}

absl::Status GoldenWatch::Restore(const ModelKey& key, uint64_t baseline_number,
                                  const storage::Store& store) {
  if (book_ == nullptr) return absl::OkStatus();
  const auto stored = store.ListGoldenResults(key.model, key.version, baseline_number);
  if (!stored.ok()) return stored.status();
  const size_t columns = book_->rows().columns.size();
  for (const auto& [row, record] : *stored) {
    GoldenHit hit;
    hit.row = static_cast<uint32_t>(row);
    hit.outcome = static_cast<profile::GoldenOutcome>(record.outcome());
    hit.prediction = record.prediction();
    hit.difference = record.difference();
    hit.as_float32 = record.as_float32();
    hit.rounded = record.rounded();
    hit.changed = record.changed();
    hit.features.assign(record.features().begin(), record.features().end());
    hit.compared = record.compared();
    bool sound = row < book_->rows().rows && record.outcome() >= 1 && record.outcome() <= 3 &&
                 hit.prediction < columns;
    for (const uint32_t feature : hit.features) sound &= feature < columns;
    if (!sound) {
      return absl::DataLossError(
          absl::StrCat(key.InWords(), ": the result of golden row ", row, " is not sound"));
    }
    (void)results_.Add(hit);
  }
  return absl::OkStatus();
}

}  // namespace plumbline::engine
