#include "server/profile/unseen_names.h"

#include <algorithm>
#include <functional>

namespace plumbline::profile {
absl::string_view UnseenNames::Cut(absl::string_view name) {
  if (name.size() <= kMaxBytes) return name;
  size_t size = kMaxBytes;
  while (size > 0 && (static_cast<unsigned char>(name[size]) & 0xc0) == 0x80) --size;
  return name.substr(0, size);
}

void UnseenNames::Add(absl::string_view name, uint64_t rows) {
  name = Cut(name);
  const auto known = rows_.find(name);
  if (known != rows_.end()) {
    known->second += rows;
    return;
  }
  while (rows > 0 && rows_.size() >= kCapacity) {
    uint64_t least = rows;
    for (const auto& [other, count] : rows_) least = std::min(least, count);
    for (auto it = rows_.begin(); it != rows_.end();) {
      it->second -= least;
      it = it->second == 0 ? rows_.erase(it) : std::next(it);
    }
    rows -= least;
  }
  if (rows > 0) rows_.emplace(std::string(name), rows);
}

void UnseenNames::AddMany(absl::Span<const std::pair<absl::string_view, uint64_t>> names) {
  std::vector<std::pair<absl::string_view, uint64_t>> others;
  for (const auto& [name, rows] : names) {
    const auto known = rows_.find(Cut(name));
    if (known != rows_.end()) {
      known->second += rows;
    } else if (rows > 0) {
      others.emplace_back(Cut(name), rows);
    }
  }
  if (others.empty()) return;
  // What the largest that finds no room has is taken from all: each of more than kCapacity names
  // loses as much.
  std::vector<uint64_t> counts;
  for (const auto& [name, rows] : rows_) counts.push_back(rows);
  for (const auto& [name, rows] : others) counts.push_back(rows);
  uint64_t least = 0;
  if (counts.size() > kCapacity) {
    std::nth_element(counts.begin(), counts.begin() + kCapacity, counts.end(), std::greater<>());
    least = counts[kCapacity];
  }
  for (auto it = rows_.begin(); it != rows_.end();) {
    it->second -= std::min(it->second, least);
    it = it->second == 0 ? rows_.erase(it) : std::next(it);
  }
  for (const auto& [name, rows] : others) {
    if (rows > least) rows_[std::string(name)] += rows - least;
  }
}

void UnseenNames::Merge(const UnseenNames& other) {
  for (const auto& [name, rows] : other.rows_) Add(name, rows);
}

std::vector<std::pair<std::string, uint64_t>> UnseenNames::MostFrequent(size_t limit) const {
  std::vector<std::pair<std::string, uint64_t>> names(rows_.begin(), rows_.end());
  std::sort(names.begin(), names.end(), [](const auto& a, const auto& b) {
    return a.second != b.second ? a.second > b.second : a.first < b.first;
  });
  if (names.size() > limit) names.resize(limit);
  return names;
}

}  // namespace plumbline::profile
