#include "server/profile/group_totals.h"

#include <algorithm>

namespace plumbline::profile {

GroupTotal* GroupTotals::Find(uint64_t hash, absl::string_view name, bool is_null, size_t numeric) {
  if (!IsSampled(hash)) return nullptr;
  const auto [entry, is_new] = groups.try_emplace(hash);
  if (!is_new) return &entry->second;
  entry->second.name = std::string(name);
  entry->second.is_null = is_null;
  entry->second.counts.resize(numeric, 0);
  entry->second.sums.resize(numeric);
  if (groups.size() <= capacity) return &entry->second;
  Shrink();
  const auto found = groups.find(hash);
  return found == groups.end() ? nullptr : &found->second;
}

void GroupTotals::Merge(const GroupTotals& other) {
  capacity = std::min(capacity, other.capacity);
  level = std::max(level, other.level);
  for (const auto& [hash, group] : other.groups) {
    if (!IsSampled(hash)) continue;
    GroupTotal& into = groups[hash];
    if (into.counts.empty() && into.rows == 0) {
      into = group;
      continue;
    }
    into.rows += group.rows;
    for (size_t i = 0; i < group.counts.size(); ++i) {
      into.counts[i] += group.counts[i];
      into.sums[i].Merge(group.sums[i]);
    }
  }
  for (auto it = groups.begin(); it != groups.end();) {
    it = IsSampled(it->first) ? std::next(it) : groups.erase(it);
  }
  if (groups.size() > capacity) Shrink();
}

void GroupTotals::Shrink() {
  while (groups.size() > capacity && level < 64) {
    ++level;
    for (auto it = groups.begin(); it != groups.end();) {
      it = IsSampled(it->first) ? std::next(it) : groups.erase(it);
    }
  }
}

}  // namespace plumbline::profile
