#include "server/engine/label_rows.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "server/manifest/row_id.h"
#include "server/stats/hash.h"

namespace plumbline::engine {
namespace {

std::optional<absl::uint128> IdAt(const profile::BatchView& batch, uint32_t row) {
  if (!batch.string_row_ids.empty()) {
    const absl::string_view id = manifest::NormalId(batch.string_row_ids[row]);
    if (id.empty()) return std::nullopt;
    return stats::HashBytes128(id);
  }
  return stats::HashBytes128(absl::AlphaNum(batch.int_row_ids[row]).Piece());
}

}  // namespace

bool IsLabelsOnly(const profile::Baseline& baseline, const profile::Aliases& aliases,
                  const profile::BatchView& batch) {
  bool label = false, prediction = false;
  profile::SchemaWalk walk(baseline.schema);
  for (const profile::ColumnView& column : batch.columns) {
    std::optional<size_t> index = walk.Find(column.name);
    if (!index.has_value()) {
      const auto alias = aliases.find(column.name);
      if (alias == aliases.end()) continue;
      index = alias->second;
    }
    switch (baseline.schema.variables()[*index].role) {
      case profile::Role::kFeature:
        return false;
      case profile::Role::kPrediction:
        prediction = true;
        break;
      case profile::Role::kLabel:
        label = true;
        break;
    }
  }
  if (!label) return false;
  // A model that keeps no features sends whole rows so.
  for (const profile::Variable& variable : baseline.schema.variables()) {
    if (variable.role == profile::Role::kFeature) return true;
    if (variable.role == profile::Role::kPrediction && !prediction) return true;
  }
  return false;
}

std::optional<LabelRows> ReadLabelRows(const std::shared_ptr<const profile::Baseline>& shared,
                                       const profile::Aliases& aliases,
                                       const profile::BatchView& batch) {
  const profile::Baseline& baseline = *shared;
  if (!baseline.task.has_value()) return std::nullopt;
  const bool has_ids = !batch.string_row_ids.empty() || !batch.int_row_ids.empty();
  const profile::OutcomeReader reader(baseline, *baseline.task, aliases, batch);
  if (!reader.has_labels() && (!has_ids || !reader.has_predictions())) return std::nullopt;
  if (!has_ids && !reader.has_predictions()) return std::nullopt;
  LabelRows result;
  result.baseline = shared;
  result.batch_rows = batch.rows;
  result.labels_only = IsLabelsOnly(baseline, aliases, batch);
  result.has_labels = reader.has_labels();
  result.has_ids = has_ids;
  result.rows.reserve(batch.rows);
  for (uint32_t row = 0; row < batch.rows; ++row) {
    LabelRow read;
    read.outcome = reader.OutcomeAt(row);
    read.label = reader.LabelAt(row);
    if (reader.has_predictions() && !read.outcome.has_value()) ++result.unusable_predictions;
    if (reader.has_labels() && !read.label.has_value() && !reader.IsNullLabel(row)) {
      ++result.unusable_labels;
    }
    if (!read.outcome.has_value() && !read.label.has_value()) continue;
    if (has_ids) read.id = IdAt(batch, row);
    read.event_micros = batch.event_micros;
    if (!batch.row_event_micros.empty()) read.event_micros = batch.row_event_micros[row];
    result.rows.push_back(std::move(read));
  }
  return result;
}

}  // namespace plumbline::engine
