#include "server/profile/category_tally.h"

#include <algorithm>
#include <functional>

#include "absl/status/status.h"

namespace plumbline::profile {

void CategoryTally::Add(absl::string_view name, uint64_t count) {
  if (count == 0) return;
  if (name.size() > kMaxNameBytes) {
    unnamed_ += count;
    return;
  }
  const auto found = counts_.find(name);
  if (found != counts_.end()) {
    found->second += count;
    return;
  }
  counts_.emplace(name, count);
  if (counts_.size() > 2 * capacity_) Reduce();
}

void CategoryTally::Merge(const CategoryTally& other) {
  const CategoryTally copy = other;  // it may be this one
  for (const auto& [name, count] : copy.counts_) counts_[name] += count;
  max_error_ += copy.max_error_;
  unnamed_ += copy.unnamed_;
  if (counts_.size() > 2 * capacity_) Reduce();
}

uint64_t CategoryTally::Count(absl::string_view name) const {
  const auto found = counts_.find(name);
  return found == counts_.end() ? 0 : found->second;
}

std::vector<std::pair<absl::string_view, uint64_t>> CategoryTally::ByCount() const {
  std::vector<std::pair<absl::string_view, uint64_t>> sorted(counts_.begin(), counts_.end());
  std::sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) {
    return a.second != b.second ? a.second > b.second : a.first < b.first;
  });
  return sorted;
}

absl::StatusOr<CategoryTally> CategoryTally::FromCounts(
    size_t capacity, uint64_t max_error, uint64_t unnamed,
    absl::Span<const std::pair<std::string, uint64_t>> counts) {
  CategoryTally tally(capacity);
  if (counts.size() > 2 * tally.capacity_) {
    return absl::InvalidArgumentError("more categories than there may be");
  }
  for (const auto& [name, count] : counts) {
    if (count == 0 || name.size() > kMaxNameBytes || !tally.counts_.emplace(name, count).second) {
      return absl::InvalidArgumentError("a category that cannot be there");
    }
  }
  tally.max_error_ = max_error;
  tally.unnamed_ = unnamed;
  return tally;
}

void CategoryTally::Reduce() {
  std::vector<uint64_t> counts;
  counts.reserve(counts_.size());
  for (const auto& [name, count] : counts_) counts.push_back(count);
  const auto cut = counts.begin() + static_cast<std::ptrdiff_t>(capacity_);
  std::nth_element(counts.begin(), cut, counts.end(), std::greater<>());
  const uint64_t taken = *cut;
  max_error_ += taken;
  for (auto it = counts_.begin(); it != counts_.end();) {
    if (it->second <= taken) {
      counts_.erase(it++);
    } else {
      it->second -= taken;
      ++it;
    }
  }
}

}  // namespace plumbline::profile
