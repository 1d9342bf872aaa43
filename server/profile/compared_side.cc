// What is compared, and how far it may be apart.
#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "server/profile/measures.h"
#include "server/profile/profile_comparison.h"

namespace plumbline::profile {

double Tolerances::Of(absl::string_view measure) const {
  const auto found = by_measure.find(std::string(measure));
  return found == by_measure.end() ? all : found->second;
}

std::vector<std::string> MeasureNames() {
  return {"rows",
          "distinct_rows",
          "digest",
          "null_rate",
          "nan_rate",
          "inf_rate",
          "mean",
          "stddev",
          "sum",
          "min",
          "max",
          "quantile",
          "distinct",
          "float32_share",
          "integer_share",
          "zero_share",
          "value_share",
          "negative_share",
          "more_decimals_share",
          "category_share",
          "group_count",
          "group_mean"};
}

absl::Status CheckTolerances(const Tolerances& tolerances) {
  const std::vector<std::string> names = MeasureNames();
  const auto is_tolerance = [](double value) { return std::isfinite(value) && value >= 0; };
  if (!is_tolerance(tolerances.all)) {
    return absl::InvalidArgumentError(
        absl::StrCat("a tolerance of ", tolerances.all, ": it is a number of at least 0"));
  }
  for (const auto& [name, value] : tolerances.by_measure) {
    if (std::find(names.begin(), names.end(), name) == names.end()) {
      return absl::InvalidArgumentError(absl::StrCat("a tolerance of \"", name,
                                                     "\", which is no measure; there are ",
                                                     absl::StrJoin(names, ", ")));
    }
    if (!is_tolerance(value)) {
      return absl::InvalidArgumentError(
          absl::StrCat("a tolerance of ", value, " for ", name, ": it is a number of at least 0"));
    }
  }
  return absl::OkStatus();
}

const SideVariable* ComparedSide::Find(absl::string_view name) const {
  for (const SideVariable& each : variables) {
    if (each.variable.name == name) return &each;
  }
  return nullptr;
}

SideVariable SideOf(const VariableProfile& profile) {
  SideVariable side;
  side.variable = profile.variable;
  side.rows = profile.rows();
  side.profile = &profile;
  side.nulls = static_cast<double>(profile.nulls);
  side.distinct = profile.distinct.EstimatedDistinct();
  if (profile.distinct.level() > 0) {
    side.distinct_error = 1 / std::sqrt(static_cast<double>(profile.distinct.entries().size()));
  }
  if (!profile.is_numeric()) {
    side.values = profile.rows() - profile.nulls;
    side.names_are_all = profile.categories.IsExact();
    for (const auto& [name, count] : profile.categories.ByCount()) {
      side.names.emplace_back(std::string(name), count);
    }
    return side;
  }
  side.values = profile.finite;
  side.nans = static_cast<double>(profile.nans);
  side.infinities = static_cast<double>(profile.positive_infinities + profile.negative_infinities);
  if (profile.finite == 0) return side;
  side.mean = profile.Mean();
  side.stddev = profile.StandardDeviation();
  side.min = profile.min;
  side.max = profile.max;
  if (profile.quantiles.IsEstimate()) {
    side.rank_error = stats::NormalizedRankError(profile.quantiles.k(), true);
  }
  const auto values = profile.quantiles.Quantiles(kComparedRanks);
  for (size_t i = 0; values.ok() && i < values->size(); ++i) {
    side.quantiles.emplace_back(kComparedRanks[i], (*values)[i]);
  }
  return side;
}

ComparedSide SideOf(const DataSetProfile& profile) {
  ComparedSide side;
  side.rows = profile.row_count();
  side.profile = &profile;
  for (const VariableProfile& each : profile.variables) side.variables.push_back(SideOf(each));
  return side;
}

SideVariable SideOf(const Variable& variable, const VariableStatistics& live,
                    const std::vector<DistributionGroup>& distribution) {
  SideVariable side;
  side.variable = variable;
  side.rows = live.rows;
  const auto rows = static_cast<double>(live.rows);
  const auto count_of = [&](const stats::OptionalDouble& rate) -> std::optional<double> {
    if (!rate.has_value()) return std::nullopt;
    return std::round(*rate * rows);
  };
  side.nulls = count_of(live.null_rate);
  for (const DistributionGroup& group : distribution) {
    side.values += group.live_count;
    const bool is_rest = group.label == "(other)" || group.label == "(unseen)";
    if (variable.kind == Kind::kCategorical && !is_rest && group.live_count > 0) {
      side.names.emplace_back(group.label, group.live_count);
    }
  }
  if (variable.kind == Kind::kCategorical) return side;
  side.nans = count_of(live.nan_rate);
  side.infinities = count_of(live.inf_rate);
  const auto of = [](const stats::OptionalDouble& value) {
    return value.has_value() ? std::optional(*value) : std::nullopt;
  };
  side.mean = of(live.mean);
  side.stddev = of(live.stddev);
  side.min = of(live.min);
  side.max = of(live.max);
  for (size_t i = 0; i < live.quantiles.size(); ++i) {
    side.quantiles.emplace_back(kQuantileRanks[i], live.quantiles[i]);
  }
  side.rank_error = 0.005;  // interpolated in bins of 1/224 of training
  return side;
}

}  // namespace plumbline::profile
