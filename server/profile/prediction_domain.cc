#include "server/profile/prediction_domain.h"

#include <cmath>
#include <string>

#include "absl/container/btree_map.h"
#include "absl/strings/string_view.h"
#include "server/profile/baseline.h"

namespace plumbline::profile {
namespace {

constexpr double kMostClasses = 100;
constexpr uint64_t kLeastRowsOfAClass = 10;

bool IsClasses(const VariableBaseline& variable) {
  const NumericBins& bins = variable.bins;
  if (variable.distinct > kMostClasses) return false;
  if (variable.counts.codes.front() > 0 || variable.counts.codes.back() > 0) return false;
  for (size_t bin = 0; bin < bins.size(); ++bin) {
    const uint64_t rows = variable.counts.codes[bin + 1];
    if (rows == 0) continue;
    if (!bins.is_atom(bin) || rows < kLeastRowsOfAClass) return false;
    if (bins.edges()[bin] != std::floor(bins.edges()[bin])) return false;
  }
  return bins.size() > 0;
}

// True if the sample's rows that have them all sum up to 1, and there are some.
bool SumToOne(const RowSample& sample, const std::vector<uint32_t>& group) {
  uint64_t rows = 0;
  for (uint64_t row = 0; row < sample.rows; ++row) {
    double sum = 0;
    bool whole = true;
    for (const uint32_t variable : group) {
      const std::optional<double>& value = sample.numeric[variable][row];
      whole = whole && value.has_value() && std::isfinite(*value);
      sum += value.value_or(0);
    }
    if (!whole) continue;
    if (std::abs(sum - 1) > kSumTolerance) return false;
    ++rows;
  }
  return rows > 0;
}

std::string BeginOf(absl::string_view name) {
  const size_t end = name.find_last_of("_.-[");
  return std::string(name.substr(0, end == absl::string_view::npos ? 0 : end));
}

}  // namespace

PredictionDomain DomainOf(const VariableBaseline& variable) {
  if (variable.variable.role != Role::kPrediction || !variable.is_numeric() ||
      variable.counts.moments.count() == 0) {
    return PredictionDomain::kAny;
  }
  if (IsClasses(variable)) return PredictionDomain::kClasses;
  const stats::Moments& moments = variable.counts.moments;
  const bool unit = moments.Min() >= -kUnitTolerance && moments.Max() <= 1 + kUnitTolerance;
  return unit ? PredictionDomain::kProbability : PredictionDomain::kAny;
}

std::vector<std::vector<uint32_t>> FindProbabilityGroups(const Baseline& baseline) {
  std::vector<uint32_t> all;
  absl::btree_map<std::string, std::vector<uint32_t>> by_begin;
  for (uint32_t i = 0; i < baseline.variables.size(); ++i) {
    const VariableBaseline& variable = baseline.variables[i];
    if (variable.domain != PredictionDomain::kProbability) continue;
    all.push_back(i);
    by_begin[BeginOf(variable.variable.name)].push_back(i);
  }
  std::vector<std::vector<uint32_t>> groups;
  if (all.size() >= 2 && SumToOne(baseline.sample, all)) {
    groups.push_back(std::move(all));
    return groups;
  }
  for (auto& [begin, group] : by_begin) {
    if (group.size() >= 2 && SumToOne(baseline.sample, group)) groups.push_back(std::move(group));
  }
  return groups;
}

}  // namespace plumbline::profile
