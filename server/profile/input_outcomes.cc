#include "server/profile/input_outcomes.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "absl/strings/str_format.h"
#include "absl/types/span.h"
#include "server/profile/prepared_column.h"

namespace plumbline::profile {

std::vector<uint32_t> WatchedPredictions(const Baseline& baseline) {
  std::vector<uint32_t> watched;
  for (size_t i = 0; i < baseline.variables.size(); ++i) {
    const VariableBaseline& variable = baseline.variables[i];
    if (variable.variable.role != Role::kPrediction || OutcomeGroups(variable) == 0) continue;
    watched.push_back(static_cast<uint32_t>(i));
    if (watched.size() == kMostWatchedPredictions) break;
  }
  return watched;
}

size_t OutcomeGroups(const VariableBaseline& prediction) {
  return std::min<size_t>(prediction.grouping.groups, kMostOutcomeGroups);
}

uint32_t OutcomeGroupOf(const VariableBaseline& prediction, uint32_t code) {
  return std::min<uint32_t>(prediction.grouping.GroupOf(code), kMostOutcomeGroups - 1);
}

std::string OutcomeGroupLabel(const VariableBaseline& prediction, uint32_t group) {
  const auto in_group = [&](uint32_t code) { return OutcomeGroupOf(prediction, code) == group; };
  if (!prediction.is_numeric()) {
    const auto names = static_cast<uint32_t>(prediction.categories.size());
    uint32_t found = 0, name = 0;
    for (uint32_t code = 0; code < prediction.grouping.codes; ++code) {
      if (!in_group(code)) continue;
      ++found;
      name = code;
    }
    return found == 1 && name < names ? std::string(prediction.categories.name(name)) : "(other)";
  }
  const auto bins = static_cast<uint32_t>(prediction.bins.size());
  uint32_t first = 1;
  while (first <= bins && !in_group(first)) ++first;
  if (first > bins) return "(other)";
  uint32_t last = first;
  while (last < bins && in_group(last + 1)) ++last;
  const absl::Span<const double> edges = prediction.bins.edges();
  // A value of its own may be followed by bins that training left empty.
  uint32_t used = 0;
  for (uint32_t code = first; code <= last; ++code) {
    used += prediction.counts.codes[code] > 0 ? 1 : 0;
  }
  if (used <= 1 && prediction.bins.is_atom(first - 1)) {
    return absl::StrFormat("%.6g", edges[first - 1]);
  }
  return absl::StrFormat("%.6g to %.6g", edges[first - 1], edges[last]);
}

Outcomes::Outcomes(const VariableBaseline& prediction, const VariableCounts& counts)
    : moments(counts.moments) {
  std::vector<uint64_t> sums(OutcomeGroups(prediction));
  const std::vector<uint64_t> by_group = prediction.grouping.Sum(counts.codes.ToVector());
  for (size_t group = 0; group < by_group.size(); ++group) {
    sums[std::min(group, kMostOutcomeGroups - 1)] += by_group[group];
  }
  groups = CodeCounts::Of(sums);
}

void Outcomes::Merge(const Outcomes& other) {
  groups.Merge(other.groups);
  if (moments.count() == 0 && other.moments.count() > 0) {
    moments = other.moments;
  } else {
    moments.Merge(other.moments);
  }
}

Outcomes Outcomes::Without(const Outcomes& part) const {
  Outcomes rest;
  std::vector<uint64_t> counts = groups.ToVector();
  for (size_t group = 0; group < std::min(counts.size(), part.groups.size()); ++group) {
    counts[group] -= std::min(counts[group], part.groups[group]);
  }
  rest.groups = CodeCounts::Of(counts);
  stats::MomentsParts left = moments.ToParts();
  const stats::MomentsParts taken = part.moments.ToParts();
  if (taken.count == 0) {
    rest.moments = moments;
    return rest;
  }
  if (taken.count >= left.count || taken.shift != left.shift) return rest;
  left.count -= taken.count;
  left.sum -= taken.sum;
  left.sum_compensation -= taken.sum_compensation;
  left.sum_squares -= taken.sum_squares;
  left.sum_squares_compensation -= taken.sum_squares_compensation;
  if (left.sum_squares < 0) {  // what rounding leaves of 0
    left.sum_squares = std::max(0.0, left.sum_squares + left.sum_squares_compensation);
    left.sum_squares_compensation = 0;
  }
  auto moments_left = stats::Moments::FromParts(left);
  if (moments_left.ok()) rest.moments = *std::move(moments_left);
  return rest;
}

Outcomes OutcomesOfSample(const Baseline& baseline, size_t prediction, size_t variable,
                          absl::string_view category) {
  const VariableBaseline& predicted = baseline.variables[prediction];
  Outcomes outcomes(predicted);
  const RowSample& sample = baseline.sample;
  if (sample.rows == 0) return outcomes;
  const auto& categories = sample.categorical[variable];
  for (size_t row = 0; row < categories.size(); ++row) {
    if (categories[row] != category) continue;
    if (!predicted.is_numeric()) {
      const std::optional<std::string>& name = sample.categorical[prediction][row];
      if (!name.has_value()) continue;
      outcomes.groups.Add(OutcomeGroupOf(predicted, predicted.categories.Code(*name)));
      continue;
    }
    const std::optional<double>& value = sample.numeric[prediction][row];
    if (!value.has_value() || !std::isfinite(*value)) continue;
    outcomes.groups.Add(OutcomeGroupOf(predicted, CodeOf(predicted, *value, /*is_float=*/false)));
    outcomes.moments.Add(*value);
  }
  return outcomes;
}

void StateOutcomes::Merge(const StateOutcomes& other) {
  rows += other.rows;
  if (predictions.size() < other.predictions.size()) predictions.resize(other.predictions.size());
  for (size_t i = 0; i < other.predictions.size(); ++i) predictions[i].Merge(other.predictions[i]);
}

void InputOutcomes::Merge(const InputOutcomes& other) {
  for (const auto& [key, outcomes] : other.states) states[key].Merge(outcomes);
}

uint64_t RowsInState(InputState state, const VariableCounts& counts, bool numeric) {
  const bool coded = !counts.codes.empty();
  switch (state) {
    case InputState::kAbsent:
      return counts.absent;
    case InputState::kWrongType:
      return counts.wrong_type;
    case InputState::kNull:
      return counts.nulls;
    case InputState::kNan:
      return counts.nans;
    case InputState::kInfinite:
      return counts.positive_infinities + counts.negative_infinities;
    case InputState::kOutOfRange:
      return coded && numeric ? counts.codes.front() + counts.codes.back() : 0;
    case InputState::kUnseen:
      return coded && !numeric ? counts.codes.back() : 0;
  }
  return 0;
}

}  // namespace plumbline::profile
