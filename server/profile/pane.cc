#include "server/profile/pane.h"

#include <algorithm>
#include <bit>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

#include "server/profile/column_counter.h"
#include "server/profile/outcome_counter.h"

namespace plumbline::profile {
namespace {

// Rows that have a value of a variable, but not one to be expected: for counts that have codes.
uint64_t OddValues(const VariableBaseline& variable, const VariableCounts& counts) {
  if (!variable.is_numeric()) return counts.codes.back();
  return counts.nans + counts.positive_infinities + counts.negative_infinities +
         counts.codes.front() + counts.codes.back();
}

// A number that a batch has by chance: of what its first row holds.
uint32_t ChanceOf(const std::vector<PreparedColumn>& columns) {
  uint64_t mixed = 0;
  const auto mix = [&mixed](uint64_t bits) {
    mixed = (mixed ^ bits) * 0x9e3779b97f4a7c15u;
    mixed ^= mixed >> 29;
  };
  for (const PreparedColumn& column : columns) {
    if (column.view == nullptr || !column.view->IsValid(0)) continue;
    const Values& values = column.view->values;
    if (const auto* doubles = std::get_if<Packed<double>>(&values)) {
      mix(std::bit_cast<uint64_t>((*doubles)[0]));
    } else if (const auto* floats = std::get_if<Packed<float>>(&values)) {
      mix(std::bit_cast<uint32_t>((*floats)[0]));
    } else if (const auto* ints = std::get_if<Packed<int64_t>>(&values)) {
      mix(static_cast<uint64_t>((*ints)[0]));
    } else if (const auto* dictionary = std::get_if<DictionaryView>(&values)) {
      mix(dictionary->indices[0]);
    }
  }
  return static_cast<uint32_t>(mixed >> 40);
}

}  // namespace

Pane::Pane(const Baseline& baseline) {
  variables.resize(baseline.variables.size());
  for (size_t i = 0; i < variables.size(); ++i) {
    const VariableCounts& trained = baseline.variables[i].counts;
    variables[i].codes = CodeCounts(trained.codes.size());
    variables[i].moments = stats::Moments(trained.moments.shift());
  }
}

void Pane::Merge(const Pane& other) {
  rows += other.rows;
  if (variables.empty()) {
    variables = other.variables;
  } else {
    const size_t shared = std::min(variables.size(), other.variables.size());
    for (size_t i = 0; i < shared; ++i) variables[i].Merge(other.variables[i]);
  }
  for (const auto& [name, count] : other.unknown_variables) {
    if (unknown_variables.size() < kMaxUnknownVariables || unknown_variables.contains(name)) {
      unknown_variables[name] += count;
    } else {
      unknown_overflow += count;
    }
  }
  unknown_overflow += other.unknown_overflow;
  if (!other.faults.empty()) faults.Merge(other.faults);
  if (!other.outcomes.empty()) outcomes.Merge(other.outcomes);
}

void Pane::Clear() {
  rows = 0;
  for (VariableCounts& counts : variables) {
    CodeCounts codes = std::move(counts.codes);
    codes.Clear();
    const double shift = counts.moments.shift();
    counts = VariableCounts();
    counts.codes = std::move(codes);
    counts.moments = stats::Moments(shift);
  }
  unknown_variables.clear();
  unknown_overflow = 0;
  faults = PredictionFaults();
  outcomes = InputOutcomes();
}

PreparedBatch::PreparedBatch(const Baseline& baseline, const BatchView& batch,
                             const Aliases& aliases)
    : baseline_(baseline), columns_(baseline.variables.size()) {
  std::vector<std::pair<size_t, const ColumnView*>> under_alias;
  SchemaWalk walk(baseline.schema);
  for (const ColumnView& view : batch.columns) {
    if (const auto index = walk.Find(view.name); index.has_value()) {
      Bind(*index, view);
    } else if (const auto alias = aliases.find(view.name); alias != aliases.end()) {
      under_alias.emplace_back(alias->second, &view);
    } else {
      unknown_.push_back(view.name);
    }
  }
  for (const auto& [index, view] : under_alias) {
    if (columns_[index].view == nullptr) Bind(index, *view);
  }
}

void PreparedBatch::Bind(size_t index, const ColumnView& view) {
  const VariableBaseline& variable = baseline_.variables[index];
  if (variable.variable.role == Role::kPrediction) {
    predictions_.push_back(static_cast<uint32_t>(index));
  }
  PreparedColumn& column = columns_[index];
  column.view = &view;
  column.wrong_type = IsWrongType(variable.variable.kind, view.values);
  if (column.wrong_type || variable.is_numeric()) return;
  if (const auto* dictionary = std::get_if<DictionaryView>(&view.values)) {
    column.dictionary_codes.reserve(dictionary->dictionary.size());
    for (const absl::string_view entry : dictionary->dictionary) {
      column.dictionary_codes.push_back(variable.categories.Code(entry));
    }
  } else if (std::holds_alternative<absl::Span<const bool>>(view.values)) {
    column.dictionary_codes = {variable.categories.Code("false"), variable.categories.Code("true")};
  }
}

uint64_t PreparedBatch::SuspiciousRows(const Pane& pane) const {
  uint64_t rows = 0;
  for (const uint32_t prediction : predictions_) {
    rows += Suspicious(baseline_.variables[prediction], pane.variables[prediction]);
  }
  return rows;
}

void PreparedBatch::Count(uint32_t begin, uint32_t end, Pane* pane) const {
  const uint64_t rows = end - begin;
  if (rows == 0) return;
  pane->rows += rows;
  const uint64_t suspicious = SuspiciousRows(*pane);
  const uint32_t chance = ChanceOf(columns_);
  std::vector<FaultyInput> faulty;
  for (size_t i = 0; i < columns_.size(); ++i) {
    const PreparedColumn& column = columns_[i];
    const VariableBaseline& baseline = baseline_.variables[i];
    VariableCounts* counts = &pane->variables[i];
    counts->rows += rows;
    const bool feature = baseline.variable.role == Role::kFeature;
    const uint64_t nulls_before = counts->nulls;
    const uint64_t odd_before = feature ? OddValues(baseline, *counts) : 0;
    if (column.view == nullptr) {
      counts->absent += rows;
    } else if (column.wrong_type) {
      const uint64_t nulls = CountNulls(*column.view, begin, end);
      counts->nulls += nulls;
      counts->wrong_type += rows - nulls;
    } else if (baseline.is_numeric()) {
      CountNumericColumn(baseline, *column.view, begin, end, counts);
      SampleFineness(*column.view, begin, end, chance, &counts->fineness);
    } else {
      CountCategoricalColumn(baseline.categories, *column.view, column.dictionary_codes, begin, end,
                             counts);
    }
    if (!feature) continue;
    const bool nulls = counts->nulls != nulls_before;
    const bool values = OddValues(baseline, *counts) != odd_before;
    if (nulls || values || column.view == nullptr || column.wrong_type) {
      faulty.push_back({static_cast<uint32_t>(i), nulls, values});
    }
  }
  if (!faulty.empty()) {
    CountOutcomes(baseline_, columns_, faulty, begin, end, &pane->outcomes);
  }
  if (SuspiciousRows(*pane) != suspicious || !baseline_.probability_groups.empty()) {
    FindFaults(baseline_, columns_, predictions_, begin, end, &pane->faults);
  }
  for (const absl::string_view name : unknown_) {
    const auto known = pane->unknown_variables.find(name);
    if (known != pane->unknown_variables.end()) {
      known->second += rows;
    } else if (pane->unknown_variables.size() < kMaxUnknownVariables) {
      pane->unknown_variables.emplace(std::string(name), rows);
    } else {
      pane->unknown_overflow += rows;
    }
  }
}

}  // namespace plumbline::profile
