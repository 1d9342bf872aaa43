#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "server/profile/statistics.h"

namespace plumbline::profile {
namespace {

std::string Number(double value) { return absl::StrFormat("%.6g", value); }

// One row for each group of bins; what lies outside the baseline's range stands apart.
std::vector<DistributionGroup> NumericGroups(const VariableBaseline& baseline,
                                             const VariableCounts& live) {
  std::vector<DistributionGroup> rows;
  const absl::Span<const double> edges = baseline.bins.edges();
  const auto count = [](const VariableCounts& counts, size_t code) {
    return code < counts.codes.size() ? counts.codes[code] : 0;
  };
  const size_t above = baseline.bins.size() + 1;
  if (edges.empty()) {
    if (count(live, above) > 0) {
      rows.push_back(
          {"(training had no number)", std::nullopt, std::nullopt, 0, count(live, above)});
    }
    return rows;
  }
  if (count(live, 0) > 0) {
    rows.push_back({absl::StrCat("below ", Number(edges.front())), std::nullopt, edges.front(), 0,
                    count(live, 0)});
  }
  for (size_t code = 1; code < above;) {
    size_t end = code;
    DistributionGroup row;
    while (end < above && baseline.grouping.GroupOf(end) == baseline.grouping.GroupOf(code)) {
      row.baseline_count += count(baseline.counts, end);
      row.live_count += count(live, end);
      ++end;
    }
    row.lower = edges[code - 1];
    const bool one_value = end == code + 1 && baseline.bins.is_atom(code - 1);
    row.upper = one_value ? edges[code - 1] : edges[end - 1];
    row.label = one_value ? Number(*row.lower)
                          : absl::StrCat(Number(*row.lower), " to ", Number(edges[end - 1]));
    rows.push_back(std::move(row));
    code = end;
  }
  if (count(live, above) > 0) {
    rows.push_back({absl::StrCat("above ", Number(baseline.counts.moments.Max())), edges.back(),
                    std::nullopt, 0, count(live, above)});
  }
  return rows;
}

}  // namespace

std::vector<DistributionGroup> SideBySide(const VariableBaseline& baseline,
                                          const VariableCounts& live, size_t max_categories) {
  if (baseline.is_numeric()) return NumericGroups(baseline, live);
  std::vector<DistributionGroup> rows;
  DistributionGroup other;
  other.label = "(other)";
  for (size_t code = 0; code < baseline.counts.codes.size(); ++code) {
    const uint64_t trained = baseline.counts.codes[code];
    const uint64_t served = code < live.codes.size() ? live.codes[code] : 0;
    if (code < std::min(max_categories, baseline.categories.size())) {
      rows.push_back({std::string(baseline.categories.name(code)), std::nullopt, std::nullopt,
                      trained, served});
    } else if (code != baseline.categories.unseen_code()) {
      other.baseline_count += trained;
      other.live_count += served;
    } else {
      if (other.baseline_count + other.live_count > 0) rows.push_back(other);
      if (served > 0) rows.push_back({"(unseen)", std::nullopt, std::nullopt, trained, served});
    }
  }
  return rows;
}

}  // namespace plumbline::profile
