#include "server/profile/data_set_profile.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <utility>

#include "absl/strings/str_cat.h"

namespace plumbline::profile {

ProfileSizes ProfileSizes::For(size_t variables) {
  const size_t count = std::max<size_t>(variables, 1);
  ProfileSizes sizes;
  // About 12 MiB of each kind for any number of variables.
  sizes.quantile_k = static_cast<uint32_t>(std::clamp<size_t>(256'000 / count, 128, 1024));
  sizes.distinct_capacity = std::clamp<size_t>(1'000'000 / count, 512, 8192);
  sizes.tally_capacity = std::clamp<size_t>(100'000 / count, 64, 1000);
  sizes.point_capacity = std::clamp<size_t>(100'000 / count, 64, 256);
  sizes.group_capacity = std::clamp<size_t>(65'536 / count, 8, 256);
  return sizes;
}

VariableProfile::VariableProfile(Variable of, const ProfileSizes& sizes)
    : variable(std::move(of)),
      distinct(sizes.distinct_capacity),
      quantiles(sizes.quantile_k),
      points(sizes.point_capacity),
      categories(sizes.tally_capacity) {}

double VariableProfile::Mean() const {
  if (finite == 0) return std::numeric_limits<double>::quiet_NaN();
  return sum.Value() / static_cast<double>(finite);
}

double VariableProfile::StandardDeviation() const {
  return std::sqrt(stats::ExactVariance(finite, sum, squares));
}

void VariableProfile::Merge(const VariableProfile& other) {
  digest.Merge(other.digest);
  coarse_sum += other.coarse_sum;
  nulls += other.nulls;
  distinct.Merge(other.distinct);
  nans += other.nans;
  positive_infinities += other.positive_infinities;
  negative_infinities += other.negative_infinities;
  if (other.finite > 0) {
    min = finite == 0 ? other.min : std::min(min, other.min);
    max = finite == 0 ? other.max : std::max(max, other.max);
  }
  finite += other.finite;
  sum.Merge(other.sum);
  squares.Merge(other.squares);
  precision.Merge(other.precision);
  quantiles.Merge(other.quantiles);
  points.Merge(other.points);
  categories.Merge(other.categories);
}

const VariableProfile* DataSetProfile::Find(absl::string_view variable) const {
  for (const VariableProfile& each : variables) {
    if (each.variable.name == variable) return &each;
  }
  return nullptr;
}

void DataSetProfile::SetKind(size_t index, const Variable& as) {
  Variable& variable = variables[index].variable;
  const bool was_numeric = variable.kind == Kind::kNumeric;
  variable.kind = as.kind;
  variable.type = as.type;
  // Groups have totals of the numeric ones.
  const auto place =
      std::count_if(variables.begin(), variables.begin() + static_cast<std::ptrdiff_t>(index),
                    [](const auto& each) { return each.is_numeric(); });
  for (GroupTotals& totals : groups) {
    for (auto& [hash, group] : totals.groups) {
      if (was_numeric) {
        group.counts.erase(group.counts.begin() + place);
        group.sums.erase(group.sums.begin() + place);
      } else {
        group.counts.insert(group.counts.begin() + place, 0);
        group.sums.insert(group.sums.begin() + place, stats::SuperAccumulator());
      }
    }
  }
}

absl::Status DataSetProfile::Merge(const DataSetProfile& other) {
  if (variables.size() != other.variables.size()) {
    return absl::InvalidArgumentError(absl::StrCat("one part has ", variables.size(),
                                                   " variables, another ", other.variables.size()));
  }
  std::vector<const VariableProfile*> others;
  bool same_kinds = true;
  for (const VariableProfile& each : variables) {
    const VariableProfile* found = other.Find(each.variable.name);
    if (found == nullptr) {
      return absl::InvalidArgumentError(
          absl::StrCat("variable \"", each.variable.name, "\" is not in every part"));
    }
    const bool same_kind = found->variable.kind == each.variable.kind;
    same_kinds = same_kinds && same_kind;
    if (!same_kind && !found->IsEmpty() && !each.IsEmpty()) {
      return absl::InvalidArgumentError(
          absl::StrCat("variable \"", each.variable.name, "\" is ", KindName(each.variable.kind),
                       " in one part, and ", KindName(found->variable.kind), " in another"));
    }
    others.push_back(found);
  }
  // The totals of a group are in the order of the variables.
  bool same_order = true;
  for (size_t i = 0; i < others.size(); ++i) {
    same_order = same_order && others[i] == &other.variables[i];
  }
  bool same_groups = groups.size() == other.groups.size() && (groups.empty() || same_order);
  for (size_t i = 0; same_groups && i < groups.size(); ++i) {
    same_groups = groups[i].variable == other.groups[i].variable;
  }
  if (!same_groups) {
    return absl::InvalidArgumentError(
        "the parts are grouped by different variables, or list them in another order");
  }
  if (!same_kinds) {
    DataSetProfile alike = other;
    for (size_t i = 0; i < variables.size(); ++i) {
      const Variable &left = variables[i].variable, &right = others[i]->variable;
      if (left.kind == right.kind) continue;
      if (variables[i].IsEmpty()) {
        SetKind(i, right);
      } else {
        alike.SetKind(static_cast<size_t>(others[i] - other.variables.data()), left);
      }
    }
    return Merge(alike);
  }
  for (size_t i = 0; i < variables.size(); ++i) variables[i].Merge(*others[i]);
  for (size_t i = 0; i < groups.size(); ++i) groups[i].Merge(other.groups[i]);
  rows.Merge(other.rows);
  distinct_rows.Merge(other.distinct_rows);
  return absl::OkStatus();
}

}  // namespace plumbline::profile
