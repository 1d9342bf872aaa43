#include "server/profile/unseen_names.h"

#include <algorithm>

namespace plumbline::profile {
namespace {

// At most UnseenNames::kMaxBytes, not in the middle of a character of UTF-8.
absl::string_view Cut(absl::string_view name) {
  if (name.size() <= UnseenNames::kMaxBytes) return name;
  size_t size = UnseenNames::kMaxBytes;
  while (size > 0 && (static_cast<unsigned char>(name[size]) & 0xc0) == 0x80) --size;
  return name.substr(0, size);
}

}  // namespace

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
