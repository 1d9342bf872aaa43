#include "server/profile/similarity.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "server/stats/association.h"

namespace plumbline::profile {
namespace {

constexpr uint32_t kMostGroups = 100;  // and one more for the rest

// A variable's rows of the sample: numbers or groups, and where they are there.
struct Column {
  bool numeric = false;
  std::vector<double> numbers;
  std::vector<uint32_t> groups;
  uint32_t group_count = 0;
  std::vector<bool> there;
};

Column NumbersOf(const std::vector<std::optional<double>>& sample) {
  Column column;
  column.numeric = true;
  for (const std::optional<double>& value : sample) {
    const bool there = value.has_value() && std::isfinite(*value);
    column.there.push_back(there);
    column.numbers.push_back(there ? *value : 0);
  }
  return column;
}

Column GroupsOf(const std::vector<std::optional<std::string>>& sample) {
  absl::flat_hash_map<absl::string_view, uint64_t> rows;
  for (const std::optional<std::string>& value : sample) {
    if (value.has_value()) ++rows[*value];
  }
  std::vector<std::pair<uint64_t, absl::string_view>> names;
  for (const auto& [name, count] : rows) names.emplace_back(count, name);
  std::sort(names.begin(), names.end(), [](const auto& a, const auto& b) {
    return a.first != b.first ? a.first > b.first : a.second < b.second;
  });
  absl::flat_hash_map<absl::string_view, uint32_t> group_of;
  for (uint32_t group = 0; group < names.size(); ++group) {
    group_of[names[group].second] = std::min(group, kMostGroups);
  }
  Column column;
  column.group_count = static_cast<uint32_t>(std::min<size_t>(names.size(), kMostGroups + 1));
  for (const std::optional<std::string>& value : sample) {
    column.there.push_back(value.has_value());
    column.groups.push_back(value.has_value() ? group_of[*value] : 0);
  }
  return column;
}

Column ColumnOf(const Baseline& baseline, size_t variable) {
  return baseline.variables[variable].is_numeric()
             ? NumbersOf(baseline.sample.numeric[variable])
             : GroupsOf(baseline.sample.categorical[variable]);
}

template <class T>
std::vector<T> Keep(const std::vector<T>& values, const std::vector<bool>& kept) {
  std::vector<T> result;
  for (size_t i = 0; i < values.size(); ++i) {
    if (kept[i]) result.push_back(values[i]);
  }
  return result;
}

std::optional<Similarity> Compare(const Column& a, const Column& b) {
  std::vector<bool> both(a.there.size());
  for (size_t i = 0; i < both.size(); ++i) both[i] = a.there[i] && b.there[i];
  Similarity similarity;
  similarity.rows = static_cast<uint64_t>(std::count(both.begin(), both.end(), true));
  if (similarity.rows < kLeastRowsInCommon) return std::nullopt;
  absl::StatusOr<double> value;
  if (a.numeric && b.numeric) {
    similarity.association = Association::kSpearman;
    value = stats::Spearman(Keep(a.numbers, both), Keep(b.numbers, both));
  } else if (!a.numeric && !b.numeric) {
    similarity.association = Association::kCramersV;
    value =
        stats::CramersV(Keep(a.groups, both), a.group_count, Keep(b.groups, both), b.group_count);
  } else {
    similarity.association = Association::kCorrelationRatio;
    const Column& groups = a.numeric ? b : a;
    const Column& numbers = a.numeric ? a : b;
    value = stats::CorrelationRatio(Keep(groups.groups, both), groups.group_count,
                                    Keep(numbers.numbers, both));
  }
  if (!value.ok()) return std::nullopt;  // a side is constant there
  similarity.value = *value;
  return similarity;
}

}  // namespace

absl::string_view AssociationName(Association association) {
  switch (association) {
    case Association::kSpearman:
      return "spearman";
    case Association::kCorrelationRatio:
      return "correlation_ratio";
    case Association::kCramersV:
      return "cramers_v";
  }
  return "";
}

namespace {

// What the rows in common leave of a magnitude at the lower end of its 95% interval, by Fisher's z:
// one of few rows must not come before one of many.
double Surely(const Similarity& similarity) {
  constexpr double kZ95 = 1.959963984540054;
  constexpr double kMost = 1 - 1e-9;
  const double magnitude = std::min(kMost, std::abs(similarity.value));
  const double error = 1 / std::sqrt(static_cast<double>(similarity.rows) - 3);
  return std::tanh(std::atanh(magnitude) - kZ95 * error);
}

}  // namespace

std::vector<Similarity> MostSimilar(const Baseline& baseline, size_t variable, size_t limit) {
  std::vector<Similarity> similar;
  if (baseline.sample.rows == 0) return similar;
  const Column of = ColumnOf(baseline, variable);
  for (size_t i = 0; i < baseline.variables.size(); ++i) {
    if (i == variable || baseline.variables[i].variable.role != Role::kFeature) continue;
    std::optional<Similarity> found = Compare(of, ColumnOf(baseline, i));
    if (!found.has_value()) continue;
    found->variable = i;
    similar.push_back(*found);
  }
  std::stable_sort(similar.begin(), similar.end(),
                   [](const Similarity& a, const Similarity& b) { return Surely(a) > Surely(b); });
  if (similar.size() > limit) similar.resize(limit);
  return similar;
}

std::optional<Similarity> SimilarityOf(const Baseline& baseline, size_t a, size_t b) {
  if (baseline.sample.rows == 0) return std::nullopt;
  std::optional<Similarity> found = Compare(ColumnOf(baseline, a), ColumnOf(baseline, b));
  if (found.has_value()) found->variable = b;
  return found;
}

}  // namespace plumbline::profile
