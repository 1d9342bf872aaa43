#include "server/profile/slicing.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>
#include <set>

#include "absl/strings/str_cat.h"
#include "server/profile/gathered_rows.h"
#include "server/profile/prepared_column.h"

namespace plumbline::profile {
namespace {

using Ranges = absl::Span<const std::pair<uint32_t, uint32_t>>;

// The rows of a sample as a batch, which points into the sample.
class SampleRows {
 public:
  explicit SampleRows(const Baseline& baseline) {
    const RowSample& sample = baseline.sample;
    view_.rows = static_cast<uint32_t>(sample.rows);
    numbers_.resize(baseline.variables.size());
    validity_.resize(baseline.variables.size());
    for (size_t i = 0; i < baseline.variables.size(); ++i) {
      ColumnView column;
      column.name = baseline.variables[i].variable.name;
      validity_[i].assign((sample.rows + 7) / 8, 0);
      if (baseline.variables[i].is_numeric()) {
        column.values = Numbers(sample.numeric[i], i);
      } else {
        column.values = Names(sample.categorical[i], i);
      }
      column.validity = validity_[i];
      view_.columns.push_back(std::move(column));
    }
  }

  const BatchView& view() const { return view_; }

 private:
  void SetValid(size_t variable, size_t row) {
    validity_[variable][row >> 3] |= static_cast<uint8_t>(1u << (row & 7));
  }
  absl::Span<const double> Numbers(const std::vector<std::optional<double>>& values, size_t i) {
    for (size_t row = 0; row < values.size(); ++row) {
      if (values[row].has_value()) SetValid(i, row);
      numbers_[i].push_back(values[row].value_or(0));
    }
    return numbers_[i];
  }
  std::vector<absl::string_view> Names(const std::vector<std::optional<std::string>>& values,
                                       size_t i) {
    std::vector<absl::string_view> names;
    for (size_t row = 0; row < values.size(); ++row) {
      if (values[row].has_value()) SetValid(i, row);
      names.push_back(values[row].has_value() ? absl::string_view(*values[row]) : "");
    }
    return names;
  }

  BatchView view_;
  std::vector<std::vector<double>> numbers_;
  std::vector<std::vector<uint8_t>> validity_;
};

// Slicing::kNone where the row has no value, or one without a slice.
uint32_t SliceAt(const VariableBaseline& variable, const PreparedColumn& column,
                 const std::vector<uint32_t>& slice_of_code, uint32_t row) {
  if (!column.view->IsValid(row)) return Slicing::kNone;
  const uint32_t code = CategoryAt(variable, column, row);
  return code < slice_of_code.size() ? slice_of_code[code] : Slicing::kNone;
}

// Rows of the ranges that belong to a slice, those of one slice together, and where each begins.
struct RowsBySlice {
  std::vector<uint32_t> rows;
  std::vector<std::pair<uint32_t, uint32_t>> begins;  // slice, index in `rows`
};

RowsBySlice SortRows(const VariableBaseline& variable, const PreparedColumn& column,
                     const std::vector<uint32_t>& slice_of_code, Ranges ranges) {
  std::vector<std::pair<uint32_t, uint32_t>> found;  // slice, row
  for (const auto& [begin, end] : ranges) {
    for (uint32_t row = begin; row < end; ++row) {
      const uint32_t slice = SliceAt(variable, column, slice_of_code, row);
      if (slice != Slicing::kNone) found.emplace_back(slice, row);
    }
  }
  std::sort(found.begin(), found.end());
  RowsBySlice sorted;
  sorted.rows.reserve(found.size());
  for (const auto& [slice, row] : found) {
    if (sorted.begins.empty() || sorted.begins.back().first != slice) {
      sorted.begins.emplace_back(slice, static_cast<uint32_t>(sorted.rows.size()));
    }
    sorted.rows.push_back(row);
  }
  return sorted;
}

std::vector<double> Quantiles(std::vector<double> values) {
  std::vector<double> quantiles;
  if (values.empty()) return quantiles;
  std::sort(values.begin(), values.end());
  for (const double rank : kQuantileRanks) {
    const double at = std::round(rank * static_cast<double>(values.size() - 1));
    quantiles.push_back(values[static_cast<size_t>(at)]);
  }
  return quantiles;
}

// What of a variable is not in the counts, from the rows of the sample that the slice has.
void DescribeRows(const RowSample& sample, size_t index, absl::Span<const uint32_t> rows,
                  VariableBaseline* variable) {
  if (variable->is_numeric()) {
    std::vector<double> values;
    for (const uint32_t row : rows) {
      const std::optional<double>& value = sample.numeric[index][row];
      if (value.has_value() && std::isfinite(*value)) values.push_back(*value);
    }
    variable->distinct = static_cast<double>(std::set<double>(values.begin(), values.end()).size());
    variable->quantiles = Quantiles(std::move(values));
    return;
  }
  std::set<absl::string_view> names;
  for (const uint32_t row : rows) {
    const std::optional<std::string>& name = sample.categorical[index][row];
    if (name.has_value()) names.insert(*name);
  }
  variable->distinct = static_cast<double>(names.size());
}

std::shared_ptr<const Baseline> TrainedOn(const Baseline& whole, const Pane& counts,
                                          absl::Span<const uint32_t> rows) {
  auto trained = std::make_shared<Baseline>();
  trained->model = whole.model;
  trained->version = whole.version;
  trained->number = whole.number;
  trained->rows = counts.rows;
  trained->schema = whole.schema;
  trained->probability_groups = whole.probability_groups;
  trained->variables = whole.variables;
  for (size_t i = 0; i < trained->variables.size(); ++i) {
    VariableBaseline& variable = trained->variables[i];
    variable.counts = counts.variables[i];
    DescribeRows(whole.sample, i, rows, &variable);
    // Unseen is what no row of training had, so what is to be expected of it is training's.
    const double share = static_cast<double>(counts.rows) / static_cast<double>(whole.rows);
    variable.singletons =
        static_cast<uint64_t>(std::ceil(static_cast<double>(variable.singletons) * share));
    Derive(&variable);
    variable.domain = whole.variables[i].domain;
  }
  return trained;
}

struct Candidate {
  size_t variable = 0;
  uint32_t code = 0;
  uint64_t rows = 0;
};

// Every category of the variable that the sample has, by its rows.
std::vector<Candidate> Categories(const Baseline& whole, const PreparedBatch& sample,
                                  size_t variable) {
  const VariableBaseline& trained = whole.variables[variable];
  const PreparedColumn& column = sample.columns()[variable];
  std::vector<Candidate> categories;
  for (uint32_t code = 0; code < trained.categories.size(); ++code) {
    categories.push_back({variable, code, 0});
  }
  for (uint32_t row = 0; row < whole.sample.rows; ++row) {
    if (!column.view->IsValid(row)) continue;
    const uint32_t code = CategoryAt(trained, column, row);
    if (code < categories.size()) ++categories[code].rows;
  }
  return categories;
}

// Those that are judged by themselves, by variable; and how many are not.
std::vector<Candidate> Choose(const Baseline& whole, const PreparedBatch& sample,
                              absl::Span<const std::string> variables, size_t max_slices,
                              uint64_t* left_out) {
  std::vector<Candidate> candidates;
  for (const std::string& name : variables) {
    const std::optional<size_t> index = whole.schema.Find(name);
    if (!index.has_value() || whole.variables[*index].is_numeric()) continue;
    if (whole.variables[*index].variable.role == Role::kLabel) continue;
    for (const Candidate& category : Categories(whole, sample, *index)) {
      candidates.push_back(category);
    }
  }
  const size_t all = candidates.size();
  std::erase_if(candidates, [](const Candidate& c) { return c.rows < kMinSliceSample; });
  std::stable_sort(candidates.begin(), candidates.end(),
                   [](const Candidate& a, const Candidate& b) { return a.rows > b.rows; });
  if (candidates.size() > max_slices) candidates.resize(max_slices);
  *left_out = all - candidates.size();
  std::stable_sort(candidates.begin(), candidates.end(),
                   [](const Candidate& a, const Candidate& b) { return a.variable < b.variable; });
  return candidates;
}

void AddSlice(const Baseline& whole, const Candidate& chosen, Slicing* slicing) {
  const VariableBaseline& variable = whole.variables[chosen.variable];
  if (slicing->slice_of_code.empty() || slicing->slice_of_code.back().first != chosen.variable) {
    slicing->slice_of_code.emplace_back(
        chosen.variable, std::vector<uint32_t>(variable.categories.size(), Slicing::kNone));
  }
  slicing->slice_of_code.back().second[chosen.code] = static_cast<uint32_t>(slicing->slices.size());
  const std::string& name = variable.variable.name;
  slicing->slices.push_back({chosen.variable, chosen.code,
                             absl::StrCat(name, "=", variable.categories.name(chosen.code)),
                             absl::StrCat(name, ":", chosen.code + 1), nullptr});
}

}  // namespace

void CountSlices(const Baseline& baseline, const Slicing& slicing, const PreparedBatch& prepared,
                 Ranges ranges, absl::FunctionRef<Pane*(uint32_t slice)> pane_of) {
  // Under the variables' own names, whatever the batch calls them.
  std::vector<ColumnView> named;
  std::vector<const ColumnView*> columns;
  for (const auto& [variable, slice_of_code] : slicing.slice_of_code) {
    const PreparedColumn& column = prepared.columns()[variable];
    if (column.view == nullptr || column.wrong_type) continue;
    const RowsBySlice sorted =
        SortRows(baseline.variables[variable], column, slice_of_code, ranges);
    if (sorted.rows.empty()) continue;
    if (named.empty()) {
      named.reserve(prepared.columns().size());
      for (size_t i = 0; i < prepared.columns().size(); ++i) {
        if (prepared.columns()[i].view == nullptr) continue;
        named.push_back(*prepared.columns()[i].view);
        named.back().name = baseline.variables[i].variable.name;
      }
      for (const ColumnView& one : named) columns.push_back(&one);
    }
    const GatheredRows gathered(columns, sorted.rows);
    const PreparedBatch of_slices(baseline, gathered.view());
    for (size_t i = 0; i < sorted.begins.size(); ++i) {
      const auto [slice, begin] = sorted.begins[i];
      const uint32_t end = i + 1 < sorted.begins.size() ? sorted.begins[i + 1].second
                                                        : static_cast<uint32_t>(sorted.rows.size());
      of_slices.Count(begin, end, pane_of(slice));
    }
  }
}

Slicing MakeSlicing(const Baseline& whole, absl::Span<const std::string> variables,
                    size_t max_slices) {
  Slicing slicing;
  slicing.variables.assign(variables.begin(), variables.end());
  slicing.sample_rows = whole.sample.rows;
  if (whole.sample.rows == 0) return slicing;
  const SampleRows sample(whole);
  const PreparedBatch prepared(whole, sample.view());
  for (const Candidate& chosen :
       Choose(whole, prepared, variables, max_slices, &slicing.categories_left_out)) {
    AddSlice(whole, chosen, &slicing);
  }
  if (slicing.slices.empty()) return slicing;
  const std::pair<uint32_t, uint32_t> every(0, sample.view().rows);
  std::vector<Pane> panes(slicing.slices.size(), Pane(whole));
  CountSlices(whole, slicing, prepared, {&every, 1}, [&](uint32_t slice) { return &panes[slice]; });
  for (const auto& [variable, slice_of_code] : slicing.slice_of_code) {
    const RowsBySlice sorted = SortRows(whole.variables[variable], prepared.columns()[variable],
                                        slice_of_code, {&every, 1});
    for (size_t i = 0; i < sorted.begins.size(); ++i) {
      const auto [slice, begin] = sorted.begins[i];
      const size_t end =
          i + 1 < sorted.begins.size() ? sorted.begins[i + 1].second : sorted.rows.size();
      slicing.slices[slice].trained = TrainedOn(
          whole, panes[slice], absl::MakeConstSpan(sorted.rows).subspan(begin, end - begin));
    }
  }
  return slicing;
}

}  // namespace plumbline::profile
