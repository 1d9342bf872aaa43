#include "server/stats/quantile_sketch.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "absl/status/status.h"

namespace plumbline::stats {
namespace {

constexpr uint32_t kSmallestLevel = 8;

// Reads ascending quantiles off ascending (value, weight) pairs.
double ValueAt(const std::vector<std::pair<double, uint64_t>>& cumulative, uint64_t target) {
  const auto at = std::lower_bound(
      cumulative.begin(), cumulative.end(), target,
      [](const std::pair<double, uint64_t>& entry, uint64_t rank) { return entry.second < rank; });
  return at == cumulative.end() ? cumulative.back().first : at->first;
}

}  // namespace

double NormalizedRankError(uint32_t k, bool pmf) {
  return pmf ? 2.446 / std::pow(k, 0.9433) : 2.296 / std::pow(k, 0.9723);
}

QuantileSketch::QuantileSketch(uint32_t k, uint64_t seed)
    : k_(std::max(k, kSmallestLevel)), coin_state_(seed), levels_(1) {
  UpdateCapacity();
}

bool QuantileSketch::Add(double value) {
  if (std::isnan(value)) return false;
  if (value == 0) value = 0;  // no -0.0
  min_ = count_ == 0 ? value : std::min(min_, value);
  max_ = count_ == 0 ? value : std::max(max_, value);
  ++count_;
  levels_[0].push_back(value);
  ++size_;
  if (size_ >= capacity_) Compress();
  return true;
}

void QuantileSketch::Merge(const QuantileSketch& other) {
  k_ = std::min(k_, other.k_);
  if (other.count_ > 0) {
    min_ = count_ == 0 ? other.min_ : std::min(min_, other.min_);
    max_ = count_ == 0 ? other.max_ : std::max(max_, other.max_);
  }
  count_ += other.count_;
  const size_t levels = other.levels_.size();
  if (levels > levels_.size()) levels_.resize(levels);
  size_ = 0;
  // Indices, not iterators: `other` may be this sketch itself.
  for (size_t level = 0; level < levels; ++level) {
    const size_t added = other.levels_[level].size();
    levels_[level].reserve(levels_[level].size() + added);
    for (size_t i = 0; i < added; ++i) levels_[level].push_back(other.levels_[level][i]);
  }
  for (const std::vector<double>& level : levels_) size_ += level.size();
  coin_state_ += other.coin_state_ | 1;
  UpdateCapacity();
  Compress();
}

absl::StatusOr<QuantileSketch> QuantileSketch::FromLevels(uint32_t k,
                                                          std::vector<std::vector<double>> levels,
                                                          double min, double max) {
  QuantileSketch sketch(k);
  if (levels.empty() || levels.size() > 60) {
    return absl::InvalidArgumentError("a quantile sketch without levels, or with too many");
  }
  sketch.levels_ = std::move(levels);
  for (size_t level = 0; level < sketch.levels_.size(); ++level) {
    sketch.size_ += sketch.levels_[level].size();
    sketch.count_ += static_cast<uint64_t>(sketch.levels_[level].size()) << level;
    for (const double value : sketch.levels_[level]) {
      if (!(value >= min && value <= max)) {
        return absl::InvalidArgumentError("a quantile sketch with values outside its range");
      }
    }
  }
  sketch.UpdateCapacity();
  if (sketch.size_ > sketch.capacity_) {
    return absl::InvalidArgumentError("a quantile sketch with more values than it may hold");
  }
  sketch.min_ = sketch.count_ == 0 ? 0 : min;
  sketch.max_ = sketch.count_ == 0 ? 0 : max;
  sketch.coin_state_ += sketch.count_;
  return sketch;
}

size_t QuantileSketch::retained() const { return size_; }

absl::StatusOr<double> QuantileSketch::Quantile(double rank) const {
  absl::StatusOr<std::vector<double>> values = Quantiles({rank});
  if (!values.ok()) return values.status();
  return values->front();
}

absl::StatusOr<std::vector<double>> QuantileSketch::Quantiles(
    absl::Span<const double> ranks) const {
  if (count_ == 0) return absl::FailedPreconditionError("quantile of an empty sketch");
  std::vector<std::pair<double, uint64_t>> cumulative = WeightedValues();
  uint64_t total = 0;
  for (auto& [value, weight] : cumulative) weight = total += weight;
  std::vector<double> result;
  result.reserve(ranks.size());
  for (const double rank : ranks) {
    if (!(rank >= 0 && rank <= 1)) return absl::InvalidArgumentError("rank outside [0, 1]");
    if (rank == 0 || rank == 1) {
      result.push_back(rank == 0 ? min_ : max_);
      continue;
    }
    const double target = std::ceil(rank * static_cast<double>(count_));
    result.push_back(ValueAt(cumulative, static_cast<uint64_t>(std::max(1.0, target))));
  }
  return result;
}

absl::StatusOr<double> QuantileSketch::Rank(double x) const {
  if (std::isnan(x)) return absl::InvalidArgumentError("rank of NaN");
  if (count_ == 0) return absl::FailedPreconditionError("rank in an empty sketch");
  if (x < min_) return 0.0;
  if (x >= max_) return 1.0;
  uint64_t below = 0;
  for (size_t level = 0; level < levels_.size(); ++level) {
    const auto& values = levels_[level];
    const auto at_most =
        std::count_if(values.begin(), values.end(), [x](double value) { return value <= x; });
    below += static_cast<uint64_t>(at_most) << level;
  }
  return static_cast<double>(below) / static_cast<double>(count_);
}

double QuantileSketch::Min() const {
  return count_ == 0 ? std::numeric_limits<double>::quiet_NaN() : min_;
}

double QuantileSketch::Max() const {
  return count_ == 0 ? std::numeric_limits<double>::quiet_NaN() : max_;
}

std::vector<std::pair<double, uint64_t>> QuantileSketch::WeightedValues() const {
  std::vector<std::pair<double, uint64_t>> values;
  values.reserve(size_);
  for (size_t level = 0; level < levels_.size(); ++level) {
    for (const double value : levels_[level]) values.emplace_back(value, uint64_t{1} << level);
  }
  std::sort(values.begin(), values.end());
  size_t kept = 0;
  for (size_t i = 0; i < values.size(); ++i) {
    if (kept > 0 && values[kept - 1].first == values[i].first) {
      values[kept - 1].second += values[i].second;
    } else {
      values[kept++] = values[i];
    }
  }
  values.resize(kept);
  return values;
}

size_t QuantileSketch::LevelCapacity(size_t level) const {
  // Two thirds of the level above, k at the top.
  const double depth = static_cast<double>(levels_.size() - 1 - level);
  const double capacity = std::ceil(k_ * std::pow(2.0 / 3.0, depth));
  return std::max(static_cast<size_t>(kSmallestLevel), static_cast<size_t>(capacity));
}

void QuantileSketch::UpdateCapacity() {
  capacity_ = 0;
  for (size_t level = 0; level < levels_.size(); ++level) capacity_ += LevelCapacity(level);
}

void QuantileSketch::Compress() {
  while (size_ >= capacity_) {
    size_t level = 0;
    while (levels_[level].size() < LevelCapacity(level)) ++level;
    if (level + 1 == levels_.size()) {
      levels_.emplace_back();
      UpdateCapacity();
    }
    CompactLevel(level);
  }
}

void QuantileSketch::CompactLevel(size_t level) {
  std::vector<double>& from = levels_[level];
  std::vector<double>& to = levels_[level + 1];
  std::sort(from.begin(), from.end());
  // Of an odd number the largest stays behind, at its own weight: count() stays exact.
  const size_t pairs = from.size() / 2;
  const size_t offset = FlipCoin() ? 1 : 0;
  for (size_t i = 0; i < pairs; ++i) to.push_back(from[2 * i + offset]);
  from.erase(from.begin(), from.begin() + static_cast<std::ptrdiff_t>(2 * pairs));
  size_ -= pairs;
}

bool QuantileSketch::FlipCoin() {
  // SplitMix64 (Steele, Lea and Flood 2014).
  uint64_t z = coin_state_ += 0x9e37'79b9'7f4a'7c15;
  z = (z ^ (z >> 30)) * 0xbf58'476d'1ce4'e5b9;
  z = (z ^ (z >> 27)) * 0x94d0'49bb'1331'11eb;
  return ((z ^ (z >> 31)) & 1) != 0;
}

}  // namespace plumbline::stats
