#include "server/profile/window_baseline.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "server/profile/statistics.h"

namespace plumbline::profile {
namespace {

// How one variable's codes become the new baseline's.
struct Recoding {
  size_t old_index = 0;
  bool below = false, above = false;    // a new bin at that end
  std::vector<std::string> names = {};  // new categories

  std::vector<uint64_t> Codes(const VariableCounts& counts) const;
};

std::vector<uint64_t> Recoding::Codes(const VariableCounts& counts) const {
  std::vector<uint64_t> codes = counts.codes.ToVector();
  if (below) codes.insert(codes.begin(), 0);
  if (above) codes.push_back(0);
  if (names.empty()) return codes;
  // Kept categories, new ones, rare, unseen.
  const size_t kept = codes.size() - 2;
  codes.insert(codes.begin() + static_cast<ptrdiff_t>(kept), names.size(), 0);
  uint64_t& unseen = codes.back();
  for (size_t i = 0; i < names.size(); ++i) {
    const auto known = counts.unseen_names.rows().find(names[i]);
    if (known == counts.unseen_names.rows().end()) continue;
    codes[kept + i] = std::min(unseen, known->second);
    unseen -= codes[kept + i];
  }
  return codes;
}

VariableCounts Recoded(const VariableCounts& counts, const Recoding& recoding) {
  VariableCounts result = counts;
  result.codes = CodeCounts::Of(recoding.Codes(counts));
  result.below_sum = {};
  result.above_sum = {};
  result.unseen_names.Clear();
  return result;
}

absl::Status Untold(const VariableBaseline& variable, uint64_t rows, uint64_t of,
                    absl::string_view where) {
  return absl::FailedPreconditionError(absl::StrFormat(
      "variable \"%s\": %d of the window's %d values lie %s, where the window does not tell them "
      "apart (at most %g%% may): make the baseline of rows",
      variable.variable.name, rows, of, where, 100 * kMaxUntold));
}

absl::Status ExtendBins(const VariableCounts& window, const VariableBaseline& old,
                        Recoding* recoding, VariableBaseline* variable) {
  const uint64_t values = window.Coded();
  const uint64_t below = window.codes.front(), above = window.codes.back();
  if (static_cast<double>(below + above) > kMaxUntold * static_cast<double>(values)) {
    return Untold(old, below + above, values, "beyond the old baseline's range");
  }
  std::vector<double> edges(old.bins.edges().begin(), old.bins.edges().end());
  std::vector<bool> atoms;
  for (size_t bin = 0; bin < old.bins.size(); ++bin) atoms.push_back(old.bins.is_atom(bin));
  const bool room = old.bins.size() + 2 <= kMaxBins;
  if (below > 0 && room) {
    recoding->below = true;
    edges.insert(edges.begin(), window.moments.Min());
    atoms.insert(atoms.begin(), false);
  }
  if (above > 0 && room) {
    recoding->above = true;
    edges.push_back(
        std::min(std::numeric_limits<double>::max(),
                 std::nextafter(window.moments.Max(), std::numeric_limits<double>::infinity())));
    atoms.push_back(false);
  }
  auto bins = NumericBins::Create(std::move(edges), std::move(atoms));
  // An end at the largest double leaves no room behind it: it stays beyond the range.
  if (!bins.ok()) {
    recoding->below = recoding->above = false;
    return absl::OkStatus();
  }
  variable->bins = *std::move(bins);
  return absl::OkStatus();
}

absl::Status ExtendCategories(const VariableCounts& window, const VariableBaseline& old,
                              Recoding* recoding, VariableBaseline* variable) {
  uint64_t untold = window.codes.empty() ? 0 : window.codes.back();
  std::vector<std::string> names;
  for (const absl::string_view name : old.categories.names()) names.emplace_back(name);
  for (const auto& [name, rows] : window.unseen_names.MostFrequent(UnseenNames::kCapacity)) {
    // A name of the full length may be one that was cut.
    if (names.size() >= kMaxKeptCategories || name.size() >= UnseenNames::kMaxBytes) continue;
    recoding->names.push_back(name);
    names.push_back(name);
    untold -= std::min(untold, rows);
  }
  if (static_cast<double>(untold) > kMaxUntold * static_cast<double>(window.Coded())) {
    return Untold(old, untold, window.Coded(), "in categories that are not known by name");
  }
  auto table = CategoryTable::Create(std::move(names), old.categories.rest());
  if (!table.ok()) return table.status();
  variable->categories = *std::move(table);
  variable->longest_category_gap_rows.resize(variable->categories.size(), window.rows);
  if (!variable->longest_category_gap_micros.empty()) {
    variable->longest_category_gap_micros.resize(variable->categories.size());
  }
  return absl::OkStatus();
}

absl::StatusOr<VariableBaseline> FromWindow(const VariableBaseline& old,
                                            const VariableCounts& window, Recoding* recoding) {
  VariableBaseline variable = old;
  const absl::Status extended = old.is_numeric()
                                    ? ExtendBins(window, old, recoding, &variable)
                                    : ExtendCategories(window, old, recoding, &variable);
  if (!extended.ok()) return extended;
  variable.counts = Recoded(window, *recoding);
  variable.quantiles = CompareToBaseline(old, window).quantiles;
  if (!old.is_numeric()) {
    const std::vector<uint64_t> codes = variable.counts.codes.ToVector();
    const uint64_t rare = codes[codes.size() - 2];
    const auto kept = codes.end() - 2;
    // Each rare row may be a category of its own.
    variable.singletons = static_cast<uint64_t>(std::count(codes.begin(), kept, 1u)) + rare;
    variable.distinct =
        static_cast<double>(codes.size() - 2 - std::count(codes.begin(), kept, 0u)) +
        std::min(static_cast<double>(rare), old.distinct);
  }
  Derive(&variable);
  return variable;
}

// The sample of the variables that are left.
RowSample SampleOf(const Baseline& old, const std::vector<Recoding>& recodings) {
  RowSample sample;
  if (old.sample.rows == 0) return sample;
  sample.rows = old.sample.rows;
  for (const Recoding& recoding : recodings) {
    sample.numeric.push_back(old.sample.numeric[recoding.old_index]);
    sample.categorical.push_back(old.sample.categorical[recoding.old_index]);
  }
  return sample;
}

std::vector<std::vector<uint32_t>> GroupsOf(const Baseline& old,
                                            const std::vector<Recoding>& recodings) {
  std::vector<std::vector<uint32_t>> groups;
  for (const std::vector<uint32_t>& group : old.probability_groups) {
    std::vector<uint32_t> left;
    for (uint32_t i = 0; i < recodings.size(); ++i) {
      const auto index = static_cast<uint32_t>(recodings[i].old_index);
      if (std::find(group.begin(), group.end(), index) != group.end()) left.push_back(i);
    }
    if (left.size() == group.size()) groups.push_back(std::move(left));
  }
  return groups;
}

// The model is the same, so is what it could do in training.
std::optional<PerformanceTask> TaskOf(const Baseline& old, const std::vector<Recoding>& recodings) {
  if (!old.task.has_value()) return std::nullopt;
  PerformanceTask task = *old.task;
  bool complete = true;
  const auto move = [&](auto& index) {
    const auto found = std::find_if(recodings.begin(), recodings.end(), [&](const Recoding& one) {
      return one.old_index == static_cast<size_t>(index);
    });
    complete = complete && found != recodings.end();
    index = static_cast<std::decay_t<decltype(index)>>(found - recodings.begin());
  };
  move(task.label);
  if (task.prediction.has_value()) move(*task.prediction);
  if (task.score.has_value()) move(*task.score);
  for (auto& score : task.class_scores) move(score);
  if (!complete) return std::nullopt;
  return task;
}

}  // namespace

absl::StatusOr<Baseline> BaselineOfWindow(const Baseline& old, const Pane& window,
                                          const std::vector<WindowPart>& parts) {
  if (window.rows == 0) return absl::FailedPreconditionError("the window has no rows");
  Baseline baseline;
  baseline.model = old.model;
  baseline.version = old.version;
  baseline.rows = window.rows;
  std::vector<Recoding> recodings;
  std::vector<Variable> variables;
  for (size_t i = 0; i < old.variables.size(); ++i) {
    const VariableCounts& counts = window.variables[i];
    // A label may come later, to predictions that have come.
    const bool label = old.variables[i].variable.role == Role::kLabel;
    if (counts.absent == counts.rows && !label) continue;
    Recoding recoding{.old_index = i};
    auto variable = FromWindow(old.variables[i], counts, &recoding);
    if (!variable.ok()) return variable.status();
    variables.push_back(variable->variable);
    baseline.variables.push_back(*std::move(variable));
    recodings.push_back(std::move(recoding));
  }
  if (recodings.empty()) {
    return absl::FailedPreconditionError("every variable is absent from the window");
  }
  auto schema = Schema::Create(std::move(variables));
  if (!schema.ok()) return schema.status();
  baseline.schema = *std::move(schema);
  baseline.probability_groups = GroupsOf(old, recodings);
  baseline.sample = SampleOf(old, recodings);
  baseline.task = TaskOf(old, recodings);
  if (baseline.task.has_value()) baseline.performance = old.performance;
  for (const WindowPart& part : parts) {
    Pane pane(baseline);
    pane.rows = part.pane.rows;
    for (size_t i = 0; i < recodings.size(); ++i) {
      pane.variables[i] = Recoded(part.pane.variables[recodings[i].old_index], recodings[i]);
    }
    baseline.chunks.push_back({part.pane.rows, part.start, part.end, EncodePane(pane)});
  }
  if (!parts.empty()) {
    baseline.data_start = parts.front().start;
    baseline.data_end = parts.back().end;
    baseline.in_time_order = true;
  }
  if (absl::Status learnt = LearnNaturalVariation(&baseline); !learnt.ok()) return learnt;
  return baseline;
}

}  // namespace plumbline::profile
