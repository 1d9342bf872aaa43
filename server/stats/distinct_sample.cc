#include "server/stats/distinct_sample.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "absl/status/status.h"

namespace plumbline::stats {

DistinctSample::DistinctSample(size_t capacity) : capacity_(std::max<size_t>(capacity, 1)) {}

void DistinctSample::Add(uint64_t hash, uint64_t count) {
  if (count == 0 || !IsSampled(hash)) return;
  entries_[hash] += count;
  Shrink();
}

void DistinctSample::Merge(const DistinctSample& other) {
  if (&other == this) {
    for (auto& [hash, count] : entries_) count *= 2;
    return;
  }
  RaiseLevel(other.level_);
  for (const auto& [hash, count] : other.entries_) {
    if (IsSampled(hash)) entries_[hash] += count;
  }
  Shrink();
}

absl::StatusOr<DistinctSample> DistinctSample::FromEntries(
    size_t capacity, int level, absl::Span<const std::pair<uint64_t, uint64_t>> entries) {
  DistinctSample sample(capacity);
  if (level < 0 || level > 64 || entries.size() > sample.capacity_) {
    return absl::InvalidArgumentError("a distinct sample of a size or level that it cannot have");
  }
  sample.level_ = level;
  sample.entries_.reserve(entries.size());
  for (const auto& [hash, count] : entries) {
    if (count == 0 || !sample.IsSampled(hash) || !sample.entries_.emplace(hash, count).second) {
      return absl::InvalidArgumentError("a distinct sample with an entry that cannot be there");
    }
  }
  return sample;
}

double DistinctSample::EstimatedDistinct() const {
  return std::ldexp(static_cast<double>(entries_.size()), level_);
}

double DistinctSample::EstimatedSingletons() const {
  const auto singletons = std::count_if(entries_.begin(), entries_.end(),
                                        [](const auto& entry) { return entry.second == 1; });
  return std::ldexp(static_cast<double>(singletons), level_);
}

bool DistinctSample::IsSampled(uint64_t hash) const { return std::countl_zero(hash) >= level_; }

void DistinctSample::RaiseLevel(int level) {
  if (level <= level_) return;
  level_ = level;
  for (auto it = entries_.begin(); it != entries_.end();) {
    if (IsSampled(it->first)) {
      ++it;
    } else {
      entries_.erase(it++);
    }
  }
}

void DistinctSample::Shrink() {
  while (entries_.size() > capacity_ && level_ < 64) RaiseLevel(level_ + 1);
}

}  // namespace plumbline::stats
