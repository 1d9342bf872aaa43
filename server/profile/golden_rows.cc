#include "server/profile/golden_rows.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/profile/values.h"

namespace plumbline::profile {
namespace {

absl::Status Bad(absl::string_view name, absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat("golden rows: variable \"", name, "\" ", what));
}

bool IsTolerance(const Tolerance& tolerance) {
  return tolerance.absolute >= 0 && tolerance.relative >= 0 && std::isfinite(tolerance.absolute) &&
         std::isfinite(tolerance.relative);
}

bool HasNumericPrediction(const std::vector<GoldenColumn>& columns, const std::string& name) {
  return std::any_of(columns.begin(), columns.end(), [&](const GoldenColumn& column) {
    return column.name == name && column.role == Role::kPrediction && column.kind == Kind::kNumeric;
  });
}

}  // namespace

bool Fits(const ColumnView& column, Kind kind) {
  const bool is_floating = std::holds_alternative<Packed<double>>(column.values) ||
                           std::holds_alternative<Packed<float>>(column.values);
  return kind == Kind::kNumeric ? !IsText(column.values) : !is_floating;
}

size_t GoldenRows::bytes() const {
  size_t bytes = 0;
  for (const std::string& id : ids) bytes += id.size();
  for (const GoldenColumn& column : columns) {
    bytes += column.numbers.size() * sizeof(double);
    for (const auto& text : column.texts) bytes += 1 + (text.has_value() ? text->size() : 0);
  }
  return bytes;
}

GoldenRowsBuilder::GoldenRowsBuilder(const Schema& schema,
                                     std::map<std::string, Tolerance> tolerances,
                                     Tolerance otherwise)
    : schema_(schema), tolerances_(std::move(tolerances)), otherwise_(otherwise) {}

absl::Status GoldenRowsBuilder::Start(const BatchView& batch) {
  started_ = true;
  for (const ColumnView& column : batch.columns) {
    const std::optional<size_t> variable = schema_.Find(column.name);
    if (!variable.has_value()) continue;
    const Variable& known = schema_.variables()[*variable];
    if (known.role == Role::kLabel) continue;
    GoldenColumn& added = rows_.columns.emplace_back();
    added.name = known.name;
    added.role = known.role;
    added.kind = known.kind;
    const auto tolerance = tolerances_.find(known.name);
    added.tolerance = tolerance == tolerances_.end() ? otherwise_ : tolerance->second;
  }
  return absl::OkStatus();
}

absl::Status GoldenRowsBuilder::AddColumn(const ColumnView& from, GoldenColumn* to) {
  if (!Fits(from, to->kind)) return Bad(to->name, "has values of another type than in training");
  const auto rows = static_cast<uint32_t>(rows_.rows);
  const uint32_t end =
      static_cast<uint32_t>(to->kind == Kind::kNumeric ? to->numbers.size() : to->texts.size());
  for (uint32_t row = 0; row < rows - end; ++row) {
    const bool valid = from.IsValid(row);
    if (to->kind == Kind::kNumeric) {
      to->numbers.push_back(valid ? std::optional(NumberAt(from, row)) : std::nullopt);
    } else {
      to->texts.push_back(valid ? std::optional(CategoryAt(from, row)) : std::nullopt);
    }
  }
  return absl::OkStatus();
}

absl::Status GoldenRowsBuilder::Add(const BatchView& batch) {
  const bool has_ids = !batch.string_row_ids.empty() || !batch.int_row_ids.empty();
  if (!started_) {
    if (absl::Status started = Start(batch); !started.ok()) return started;
  } else if (has_ids == rows_.ids.empty()) {
    return absl::InvalidArgumentError("golden rows: some have an id, and some do not");
  }
  rows_.rows += batch.rows;
  if (rows_.rows > GoldenRows::kMaxRows) {
    return absl::InvalidArgumentError(
        absl::StrCat("golden rows: more than ", GoldenRows::kMaxRows, ", the most of a baseline"));
  }
  for (const absl::string_view id : batch.string_row_ids) rows_.ids.emplace_back(id);
  for (const int64_t id : batch.int_row_ids) rows_.ids.push_back(absl::StrCat(id));
  for (GoldenColumn& column : rows_.columns) {
    const auto found = std::find_if(batch.columns.begin(), batch.columns.end(),
                                    [&](const ColumnView& c) { return c.name == column.name; });
    if (found == batch.columns.end()) return Bad(column.name, "is not in every batch");
    if (absl::Status added = AddColumn(*found, &column); !added.ok()) return added;
  }
  if (rows_.bytes() > GoldenRows::kMaxBytes) {
    return absl::InvalidArgumentError(
        absl::StrCat("golden rows: more than ", GoldenRows::kMaxBytes, " bytes of values"));
  }
  return absl::OkStatus();
}

absl::StatusOr<GoldenRows> GoldenRowsBuilder::Finish() {
  for (const auto& [name, tolerance] : tolerances_) {
    if (!HasNumericPrediction(rows_.columns, name)) {
      return Bad(name, "has a tolerance, but is no numeric prediction of these rows");
    }
    if (!IsTolerance(tolerance)) return Bad(name, "has a tolerance that is negative or no number");
  }
  if (!IsTolerance(otherwise_)) {
    return absl::InvalidArgumentError("golden rows: the tolerance is negative or no number");
  }
  auto book = GoldenBook::Create(rows_);
  if (!book.ok()) return book.status();
  return (*book)->WithoutRepeats();
}

bool GoldenHit::SameResult(const GoldenHit& other) const {
  return row == other.row && outcome == other.outcome && prediction == other.prediction &&
         difference == other.difference && as_float32 == other.as_float32 &&
         rounded == other.rounded && changed == other.changed && features == other.features &&
         compared == other.compared;
}

bool GoldenResults::Add(const GoldenHit& hit) {
  if (hit.row >= latest_.size() || latest_[hit.row].SameResult(hit)) return false;
  latest_[hit.row] = hit;
  return true;
}

}  // namespace plumbline::profile
