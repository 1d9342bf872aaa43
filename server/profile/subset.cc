// Whether the rows of one profile may be some of another's.
#include "server/profile/subset.h"

#include <algorithm>
#include <bit>
#include <vector>

namespace plumbline::profile {

Overlap OverlapOf(const stats::DistinctSample& of, const stats::DistinctSample& in) {
  const int level = std::max(of.level(), in.level());
  Overlap overlap;
  for (const auto& [hash, count] : of.entries()) {
    if (std::countl_zero(hash) < level) continue;
    const auto twin = in.entries().find(hash);
    const uint64_t other = twin == in.entries().end() ? 0 : twin->second;
    ++overlap.sampled;
    overlap.found += other > 0 ? 1 : 0;
    overlap.rows += count;
    overlap.missing += count > other ? count - other : 0;
    overlap.gone += other == 0 ? count : 0;
  }
  return overlap;
}

bool MayBeIn(const VariableProfile& part, const VariableProfile& whole, bool counted) {
  const Overlap values = OverlapOf(part.distinct, whole.distinct);
  if (values.found < values.sampled) return false;
  if (part.finite > 0 && (whole.finite == 0 || part.min < whole.min || part.max > whole.max)) {
    return false;
  }
  if (!counted) return true;
  const auto counts = [](const VariableProfile& side) {
    std::vector<uint64_t> all = {side.nulls,
                                 side.nans,
                                 side.positive_infinities,
                                 side.negative_infinities,
                                 side.finite,
                                 side.precision.float32,
                                 side.precision.zeros,
                                 side.precision.negatives};
    all.insert(all.end(), side.precision.decimals.begin(), side.precision.decimals.end());
    return all;
  };
  const std::vector<uint64_t> some = counts(part), all = counts(whole);
  for (size_t i = 0; i < some.size(); ++i) {
    if (some[i] > all[i]) return false;
  }
  for (const auto& point : part.points.Candidates()) {
    if (point.lower > whole.points.Estimate(point.key).upper) return false;
  }
  return values.missing == 0;
}

bool MayBeIn(const DataSetProfile& part, const DataSetProfile& whole, bool counted) {
  return std::all_of(part.variables.begin(), part.variables.end(), [&](const auto& variable) {
    const VariableProfile* other = whole.Find(variable.variable.name);
    return other == nullptr || MayBeIn(variable, *other, counted);
  });
}

}  // namespace plumbline::profile
