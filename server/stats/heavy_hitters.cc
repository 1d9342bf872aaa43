#include "server/stats/heavy_hitters.h"

#include <algorithm>
#include <functional>

#include "absl/status/status.h"

namespace plumbline::stats {

HeavyHitters::HeavyHitters(size_t capacity) : capacity_(std::max<size_t>(capacity, 1)) {}

void HeavyHitters::Add(uint64_t key, uint64_t weight) {
  if (weight == 0) return;
  total_ += weight;
  counts_[key] += weight;
  if (counts_.size() > 2 * capacity_) Reduce();
}

void HeavyHitters::Merge(const HeavyHitters& other) {
  if (&other == this) {
    for (auto& [key, count] : counts_) count *= 2;
    total_ *= 2;
    error_ *= 2;
    return;
  }
  for (const auto& [key, count] : other.counts_) counts_[key] += count;
  total_ += other.total_;
  error_ += other.error_;
  if (counts_.size() > 2 * capacity_) Reduce();
}

absl::StatusOr<HeavyHitters> HeavyHitters::FromCandidates(
    size_t capacity, uint64_t total_weight, uint64_t max_error,
    absl::Span<const std::pair<uint64_t, uint64_t>> candidates) {
  HeavyHitters hitters(capacity);
  if (candidates.size() > 2 * hitters.capacity_ || max_error > total_weight) {
    return absl::InvalidArgumentError("heavy hitters that are too many or too uncertain");
  }
  hitters.total_ = total_weight;
  hitters.error_ = max_error;
  uint64_t rest = total_weight;
  for (const auto& [key, weight] : candidates) {
    if (weight == 0 || weight > rest || !hitters.counts_.emplace(key, weight).second) {
      return absl::InvalidArgumentError("heavy hitters with a weight that cannot be");
    }
    rest -= weight;
  }
  return hitters;
}

std::vector<HeavyHitters::Candidate> HeavyHitters::Candidates() const {
  std::vector<Candidate> candidates;
  candidates.reserve(counts_.size());
  for (const auto& [key, count] : counts_) candidates.push_back({key, count, count + error_});
  std::sort(candidates.begin(), candidates.end(), [](const Candidate& a, const Candidate& b) {
    return a.lower != b.lower ? a.lower > b.lower : a.key < b.key;
  });
  return candidates;
}

HeavyHitters::Candidate HeavyHitters::Estimate(uint64_t key) const {
  const auto found = counts_.find(key);
  const uint64_t lower = found == counts_.end() ? 0 : found->second;
  return {key, lower, lower + error_};
}

void HeavyHitters::Reduce() {
  std::vector<uint64_t> counts;
  counts.reserve(counts_.size());
  for (const auto& [key, count] : counts_) counts.push_back(count);
  const auto cut = counts.begin() + static_cast<std::ptrdiff_t>(capacity_);
  std::nth_element(counts.begin(), cut, counts.end(), std::greater<>());
  // capacity_ + 1 keys lose this much each: so the sum of all cuts is at most total / (capacity +
  // 1).
  const uint64_t taken = *cut;
  error_ += taken;
  for (auto it = counts_.begin(); it != counts_.end();) {
    if (it->second <= taken) {
      counts_.erase(it++);
    } else {
      it->second -= taken;
      ++it;
    }
  }
}

}  // namespace plumbline::stats
