#include "server/profile/unseen_names.h"

#include <algorithm>
#include <bitset>
#include <functional>

#include "server/profile/text_key.h"

namespace plumbline::profile {
namespace {

// Tells cheaply of most names that they are none of a few known ones.
class KnownKeys {
 public:
  template <class Names>
  explicit KnownKeys(const Names& names) {
    for (const auto& [name, rows] : names) present_[PlaceOf(name)] = true;
  }
  bool MayContain(absl::string_view name) const { return present_[PlaceOf(name)]; }

 private:
  static constexpr size_t kPlaces = 1024;

  static size_t PlaceOf(absl::string_view name) {
    const TextKey key(name);
    return FoldedProduct(key.first ^ key.size, key.last ^ 0x9e37'79b9'7f4a'7c15) % kPlaces;
  }

  std::bitset<kPlaces> present_;
};

}  // namespace

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
  others.reserve(names.size());
  const KnownKeys keys(rows_);
  for (const auto& [whole, rows] : names) {
    const absl::string_view name = Cut(whole);
    const auto known = keys.MayContain(name) ? rows_.find(name) : rows_.end();
    if (known != rows_.end()) {
      known->second += rows;
    } else if (rows > 0) {
      others.emplace_back(name, rows);
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
