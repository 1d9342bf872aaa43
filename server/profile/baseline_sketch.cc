#include "server/profile/baseline_sketch.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/profile/column_counter.h"
#include "server/profile/values.h"
#include "server/stats/hash.h"

namespace plumbline::profile {
namespace {

constexpr uint32_t kQuantileSketchSize = 4096;  // 0.07% rank error, about 100 KB a variable
constexpr size_t kAtomCandidates = 1024;
constexpr size_t kCategoryCandidates = 4096;  // up to twice as many are held

// Ranks of the edges: even in the body, halving towards both ends, where a heavy tail is long and a
// bin of equal mass would be so wide that the distance inside it is lost.
std::vector<double> EdgeRanks() {
  constexpr int kBodyBins = 224;
  constexpr int kTailBins = 7;
  std::vector<double> ranks;
  for (int i = 0; i <= kBodyBins; ++i) ranks.push_back(static_cast<double>(i) / kBodyBins);
  double tail = 1.0 / kBodyBins;
  for (int i = 0; i < kTailBins; ++i) {
    tail /= 2;
    ranks.push_back(tail);
    ranks.push_back(1 - tail);
  }
  std::sort(ranks.begin(), ranks.end());
  return ranks;
}

}  // namespace

NumericSketch::NumericSketch(size_t distinct_capacity)
    : quantiles_(kQuantileSketchSize), distinct_(distinct_capacity), heavy_(kAtomCandidates) {}

void NumericSketch::Add(const ColumnView& column, uint32_t rows) {
  ForEachNumber(
      column, 0, rows, [&](uint32_t, double value) { AddValue(value); }, [](uint32_t) {});
}

void NumericSketch::AddValue(double value) {
  if (!std::isfinite(value)) return;
  value += 0.0;  // -0.0 becomes 0.0
  quantiles_.Add(value);
  distinct_.Add(stats::HashDouble(value));
  heavy_.Add(std::bit_cast<uint64_t>(value));
  moments_.Add(value);
  if (few_.size() <= kMaxAtoms) few_.insert(value);
}

void NumericSketch::Describe(VariableBaseline* variable) const {
  variable->distinct = distinct_.EstimatedDistinct();
  if (moments_.count() == 0) {
    variable->counts.codes = CodeCounts(2);
    return;
  }
  std::vector<double> distinct, atoms;
  if (IsExact()) {
    distinct.assign(few_.begin(), few_.end());
  } else {
    const double atom_weight = static_cast<double>(heavy_.TotalWeight()) / kMaxAtoms;
    for (const auto& candidate : heavy_.Candidates()) {
      if (static_cast<double>(candidate.upper) < atom_weight || atoms.size() == kMaxAtoms) break;
      atoms.push_back(std::bit_cast<double>(candidate.key));
    }
    std::sort(atoms.begin(), atoms.end());
  }
  const std::vector<double> ranks = EdgeRanks();
  const auto edges = quantiles_.Quantiles(ranks);
  const auto shown = quantiles_.Quantiles(kQuantileRanks);
  if (edges.ok()) variable->bins = ChooseBins(distinct, *edges, atoms);
  if (shown.ok()) variable->quantiles = *shown;
  variable->counts.codes = CodeCounts(variable->bins.size() + 2);
  const double mean = moments_.Mean();
  variable->counts.moments = stats::Moments(std::isfinite(mean) ? mean : 0);
}

CategoricalSketch::CategoricalSketch(size_t distinct_capacity)
    : distinct_(distinct_capacity),
      heavy_(std::clamp(distinct_capacity / 16, kMaxKeptCategories, kCategoryCandidates)) {}

bool CategoricalSketch::AddCategory(absl::string_view category, uint64_t count, size_t max_bytes) {
  if (category.size() > max_bytes) return false;
  const uint64_t hash = stats::HashBytes(category);
  distinct_.Add(hash, count);
  heavy_.Add(hash, count);
  values_ += count;
  bytes_ += count * category.size();
  return true;
}

absl::Status CategoricalSketch::Add(const ColumnView& column, uint32_t rows, size_t max_bytes) {
  absl::string_view too_long;
  if (const auto* dictionary = std::get_if<DictionaryView>(&column.values)) {
    entry_counts_.assign(dictionary->dictionary.size(), 0);
    ForValidRows(column, 0, rows, [&](uint32_t row) { ++entry_counts_[dictionary->indices[row]]; });
    for (size_t entry = 0; entry < entry_counts_.size(); ++entry) {
      const absl::string_view category = dictionary->dictionary[entry];
      if (entry_counts_[entry] == 0) continue;
      if (!AddCategory(category, entry_counts_[entry], max_bytes)) too_long = category;
    }
  } else {
    ForEachCategory(
        column, 0, rows,
        [&](uint32_t, absl::string_view category) {
          if (!AddCategory(category, 1, max_bytes)) too_long = category;
        },
        [](uint32_t) {});
  }
  if (too_long.size() <= max_bytes) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("variable \"", column.name, "\": the category \"",
                                                 too_long.substr(0, 40), "...\" has ",
                                                 too_long.size(), " bytes; at most ", max_bytes));
}

std::vector<uint64_t> CategoricalSketch::Candidates() const {
  std::vector<uint64_t> hashes;
  if (distinct_.level() > 0) {
    for (const auto& candidate : heavy_.Candidates()) hashes.push_back(candidate.key);
    return hashes;
  }
  std::vector<std::pair<uint64_t, uint64_t>> by_count;  // count, hash
  for (const auto& [hash, count] : distinct_.entries()) by_count.emplace_back(count, hash);
  std::sort(by_count.begin(), by_count.end(), [](const auto& a, const auto& b) {
    return a.first != b.first ? a.first > b.first : a.second < b.second;
  });
  if (by_count.size() > kMaxKeptCategories) by_count.resize(kMaxKeptCategories);
  for (const auto& [count, hash] : by_count) hashes.push_back(hash);
  return hashes;
}

void CategoricalSketch::Forget() {
  distinct_ = stats::DistinctSample(0);
  heavy_ = stats::HeavyHitters(1);
  std::vector<uint64_t>().swap(entry_counts_);
}

double CategoricalSketch::MeanBytes() const {
  return values_ == 0 ? 0 : static_cast<double>(bytes_) / static_cast<double>(values_);
}

}  // namespace plumbline::profile
