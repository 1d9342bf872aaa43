#include "server/profile/profile_comparison.h"

#include <algorithm>
#include <cmath>
#include <deque>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/profile/measures.h"
#include "server/profile/profile_causes.h"

namespace plumbline::profile {
namespace {

Measure DifferentMeasure(absl::string_view name, std::string note) {
  Measure measure;
  measure.name = std::string(name);
  measure.verdict = Verdict::kDifferent;
  measure.note = std::move(note);
  return measure;
}

VariableComparison CompareVariable(const SideVariable& a, const SideVariable& b,
                                   const Tolerances& tolerances) {
  VariableComparison result;
  result.variable = a.variable.name;
  result.kind = a.variable.kind;
  if (a.variable.kind != b.variable.kind) {
    result.verdict = Verdict::kDifferent;
    result.measures.push_back(DifferentMeasure(
        "kind",
        absl::StrCat(KindName(a.variable.kind), " in A, ", KindName(b.variable.kind), " in B")));
    return result;
  }
  const bool both = a.profile != nullptr && b.profile != nullptr;
  const bool same = both && a.profile->digest.SameContent(b.profile->digest);
  Measures measures(tolerances, same, &result.measures);
  if (both) measures.AddDigest("digest", same);
  const auto rate = [&](absl::string_view name, std::optional<double> left,
                        std::optional<double> right) {
    const auto p = Rate(left, a.rows), q = Rate(right, b.rows);
    measures.Add(name, "", p, q, 1,
                 ShareSlack(tolerances, p.value_or(0), a.rows, q.value_or(0), b.rows));
  };
  rate("null_rate", a.nulls, b.nulls);
  if (a.variable.kind == Kind::kNumeric) {
    rate("nan_rate", a.nans, b.nans);
    rate("inf_rate", a.infinities, b.infinities);
    AddNumeric(a, b, tolerances, &measures);
  } else {
    AddCategories(a, b, tolerances, &measures);
  }
  const double distinct = a.distinct.value_or(0);
  measures.AddOfContent("distinct", a.distinct, b.distinct, distinct,
                        kStandardErrors * distinct * (a.distinct_error + b.distinct_error));
  result.verdict = measures.verdict();
  return result;
}

// Means of the numeric variables by group; the groups with the most rows first.
void AddGroups(const ComparedSide& side_a, const ComparedSide& side_b, const Tolerances& tolerances,
               std::vector<VariableComparison>* variables) {
  const DataSetProfile &a = *side_a.profile, &b = *side_b.profile;
  const auto place_of = [](const DataSetProfile& side, absl::string_view name) {
    size_t place = 0;
    for (const VariableProfile& each : side.variables) {
      if (each.variable.name == name)
        return each.is_numeric() ? std::optional(place) : std::nullopt;
      if (each.is_numeric()) ++place;
    }
    return std::optional<size_t>();
  };
  for (const GroupTotals& left : a.groups) {
    const auto right = std::find_if(b.groups.begin(), b.groups.end(), [&](const GroupTotals& each) {
      return each.variable == left.variable;
    });
    if (right == b.groups.end()) continue;
    std::vector<std::pair<uint64_t, uint64_t>> largest;  // rows and hash
    for (const auto& [hash, group] : left.groups) {
      if (right->groups.contains(hash)) largest.emplace_back(group.rows, hash);
    }
    std::sort(largest.rbegin(), largest.rend());
    if (largest.size() > kMostDetails) largest.resize(kMostDetails);
    for (VariableComparison& variable : *variables) {
      const auto p = place_of(a, variable.variable), q = place_of(b, variable.variable);
      if (!p.has_value() || !q.has_value()) continue;
      const VariableProfile& whole = *a.Find(variable.variable);
      const double spread =
          Positive(whole.StandardDeviation(), Positive(std::abs(whole.Mean()), 1));
      const SideVariable &left_side = *side_a.Find(variable.variable),
                         &right_side = *side_b.Find(variable.variable);
      const double chance_spread = std::max(spread, right_side.stddev.value_or(0));
      Measures measures(tolerances, false, &variable.measures);
      for (const auto& [rows, hash] : largest) {
        const GroupTotal& one = left.groups.at(hash);
        const GroupTotal& other = right->groups.at(hash);
        const auto n = static_cast<double>(one.counts[*p]);
        const auto m = static_cast<double>(other.counts[*q]);
        if (n == 0 || m == 0) continue;
        const std::string detail =
            absl::StrCat(left.variable, " = ", one.is_null ? "(null)" : one.name);
        // A row far out may be in a small group, and moves its mean by its deviation over the rows.
        const double slack =
            tolerances.samples
                ? kStandardErrors * chance_spread * std::sqrt(1 / n + 1 / m) +
                      std::max(LargestDeviation(left_side) / n, LargestDeviation(right_side) / m)
                : 0;
        if (!tolerances.samples) measures.Add("group_count", detail, n, m, n);
        measures.Add("group_mean", detail, one.sums[*p].Value() / n, other.sums[*q].Value() / m,
                     spread, slack);
      }
      variable.verdict = std::max(variable.verdict, measures.verdict());
    }
  }
}

void CompareRows(const ComparedSide& a, const ComparedSide& b, const Tolerances& tolerances,
                 ProfileComparison* result) {
  const bool both = a.profile != nullptr && b.profile != nullptr;
  const bool same = both && a.profile->rows.SameContent(b.profile->rows);
  Measures measures(tolerances, same, &result->measures);
  measures.AddOfContent("rows", static_cast<double>(a.rows), static_cast<double>(b.rows),
                        static_cast<double>(a.rows));
  if (both) {
    measures.AddDigest("row_digest", same);
    const double left = a.profile->distinct_rows.EstimatedDistinct();
    const auto error = [](const stats::DistinctSample& sample) {
      return sample.level() == 0 ? 0 : 1 / std::sqrt(static_cast<double>(sample.entries().size()));
    };
    measures.AddOfContent("distinct_rows", left, b.profile->distinct_rows.EstimatedDistinct(), left,
                          kStandardErrors * left *
                              (error(a.profile->distinct_rows) + error(b.profile->distinct_rows)));
  }
  result->verdict = std::max(result->verdict, measures.verdict());
}

// `side`, in which what is empty has the kind that it has on the other; `made` holds it.
ComparedSide WithKindsOf(const ComparedSide& other, const ComparedSide& side,
                         std::deque<VariableProfile>* made) {
  ComparedSide like = side;
  for (SideVariable& each : like.variables) {
    const SideVariable* twin = other.Find(each.variable.name);
    if (twin == nullptr || twin->variable.kind == each.variable.kind) continue;
    if (each.profile == nullptr || !each.profile->IsEmpty()) continue;
    VariableProfile& profile = made->emplace_back(*each.profile);
    profile.variable.kind = twin->variable.kind;
    profile.variable.type = twin->variable.type;
    each = SideOf(profile);
  }
  return like;
}

}  // namespace

ProfileComparison Compare(const ComparedSide& side_a, const ComparedSide& side_b,
                          const Tolerances& tolerances) {
  std::deque<VariableProfile> made;
  const ComparedSide a = WithKindsOf(side_b, side_a, &made), b = WithKindsOf(a, side_b, &made);
  ProfileComparison result;
  result.a = a.words;
  result.b = b.words;
  CompareRows(a, b, tolerances, &result);
  for (const SideVariable& variable : a.variables) {
    const SideVariable* other = b.Find(variable.variable.name);
    if (other != nullptr) {
      result.variables.push_back(CompareVariable(variable, *other, tolerances));
      continue;
    }
    result.variables.push_back(
        {variable.variable.name, variable.variable.kind, Verdict::kDifferent, {}});
    result.variables.back().measures.push_back(DifferentMeasure("present", "not in B"));
  }
  for (const SideVariable& variable : b.variables) {
    if (a.Find(variable.variable.name) != nullptr) continue;
    result.variables.push_back(
        {variable.variable.name, variable.variable.kind, Verdict::kDifferent, {}});
    result.variables.back().measures.push_back(DifferentMeasure("present", "not in A"));
  }
  if (a.profile != nullptr && b.profile != nullptr) {
    AddGroups(a, b, tolerances, &result.variables);
  }
  for (const VariableComparison& variable : result.variables) {
    result.verdict = std::max(result.verdict, variable.verdict);
  }
  FindCauses(a, b, tolerances, &result);
  return result;
}

}  // namespace plumbline::profile
