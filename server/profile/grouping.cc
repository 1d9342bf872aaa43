#include <algorithm>
#include <cmath>
#include <cstdint>
#include <iterator>
#include <numeric>
#include <utility>
#include <vector>

#include "absl/types/span.h"
#include "server/profile/baseline.h"

namespace plumbline::profile {
namespace {

constexpr double kNumericGroups = 10;
// A variable with no more codes in use than this is discrete: each value is a group of its own.
constexpr size_t kMaxDiscreteCodes = 12;
// A group lighter than this share of training, or this many rows, is pooled with its neighbour.
constexpr double kSparseShare = 0.005;
constexpr double kSparseRows = 5;
// Categories at or above this share keep a group of their own.
constexpr double kRareShare = 0.001;

// A run of codes, starting at `start`, and its mass. Codes that training left empty belong to the
// run before them.
struct Run {
  size_t start = 0;
  double mass = 0;
};

// Cuts `items` (codes in use, none of them heavy) into runs of about equal mass.
void CutEvenly(absl::Span<const Run> items, double wanted, std::vector<Run>* runs) {
  double total = 0;
  for (const Run& item : items) total += item.mass;
  const double parts = std::max(1.0, std::round(total / wanted));
  double before = 0;
  double part = -1;
  for (const Run& item : items) {
    const double now = std::floor((before + item.mass / 2) / total * parts);
    if (now != part) runs->push_back({item.start, 0});
    part = now;
    runs->back().mass += item.mass;
    before += item.mass;
  }
}

std::vector<Run> CutCodes(absl::Span<const uint64_t> codes, double total) {
  std::vector<Run> items;
  items.reserve(codes.size());
  for (size_t code = 0; code < codes.size(); ++code) {
    if (codes[code] > 0) items.push_back({code, static_cast<double>(codes[code])});
  }
  if (items.size() <= kMaxDiscreteCodes) return items;
  const double wanted = total / kNumericGroups;
  std::vector<Run> runs;
  for (size_t begin = 0; begin < items.size();) {
    size_t end = begin;
    while (end < items.size() && items[end].mass < wanted) ++end;
    CutEvenly(absl::MakeConstSpan(items).subspan(begin, end - begin), wanted, &runs);
    if (end < items.size()) runs.push_back(items[end++]);  // heavy: alone
    begin = end;
  }
  return runs;
}

// Pools the lightest run with its lighter neighbour while it is sparse. Two stay whatever their
// mass: a variable that was nearly constant must still be able to drift.
void PoolSparse(double total, std::vector<Run>* runs) {
  const double sparse = std::max(kSparseShare * total, kSparseRows);
  while (runs->size() > 2) {
    const auto lightest = std::min_element(
        runs->begin(), runs->end(), [](const Run& a, const Run& b) { return a.mass < b.mass; });
    if (lightest->mass >= sparse) return;
    const bool has_left = lightest != runs->begin();
    const bool has_right = lightest + 1 != runs->end();
    const bool left = has_left && (!has_right || (lightest - 1)->mass <= (lightest + 1)->mass);
    const auto first = left ? lightest - 1 : lightest;
    first->mass += (first + 1)->mass;
    runs->erase(first + 1);
  }
}

// Codes from `code` on belong to `group`.
void Append(size_t code, size_t group, Grouping* grouping) {
  static_assert(kMaxKeptCategories + 2 <= 0xffff && kMaxBins + 2 <= 0xffff);
  if (!grouping->runs.empty() && grouping->runs.back().group == group) return;
  grouping->runs.push_back({static_cast<uint16_t>(code), static_cast<uint16_t>(group)});
}

Grouping GroupBins(const VariableBaseline& variable) {
  const double total = static_cast<double>(variable.counts.Coded());
  std::vector<Run> runs = CutCodes(variable.counts.codes.ToVector(), total);
  PoolSparse(total, &runs);
  Grouping grouping;
  Append(0, 0, &grouping);
  for (size_t group = 1; group < runs.size(); ++group) Append(runs[group].start, group, &grouping);
  grouping.groups = std::max<uint32_t>(1, static_cast<uint32_t>(runs.size()));
  return grouping;
}

Grouping GroupCategories(const VariableBaseline& variable) {
  const CodeCounts& codes = variable.counts.codes;
  const double total = static_cast<double>(variable.counts.Coded());
  const double least = std::max(kRareShare * total, std::min(kSparseRows, total));
  const auto is_kept = [&](size_t code) {
    return code < variable.categories.size() && static_cast<double>(codes[code]) >= least;
  };
  size_t other = 0;
  for (size_t code = 0; code < codes.size(); ++code) other += is_kept(code) ? 1 : 0;
  Grouping grouping;
  for (size_t code = 0; code < codes.size(); ++code) {
    Append(code, is_kept(code) ? grouping.groups++ : other, &grouping);
  }
  ++grouping.groups;
  return grouping;
}

}  // namespace

uint32_t Grouping::GroupOf(size_t code) const {
  const auto after = std::upper_bound(runs.begin(), runs.end(), code,
                                      [](size_t c, const Run& run) { return c < run.first_code; });
  return std::prev(after)->group;
}

std::vector<uint64_t> Grouping::Sum(absl::Span<const uint64_t> counts) const {
  std::vector<uint64_t> sums(groups, 0);
  counts = counts.first(std::min<size_t>(counts.size(), codes));
  for (size_t i = 0; i < runs.size() && runs[i].first_code < counts.size(); ++i) {
    const size_t end = i + 1 < runs.size() ? std::min<size_t>(runs[i + 1].first_code, counts.size())
                                           : counts.size();
    sums[runs[i].group] +=
        std::accumulate(counts.begin() + runs[i].first_code, counts.begin() + end, uint64_t{0});
  }
  return sums;
}

bool VariableBaseline::is_constant() const {
  if (is_numeric()) {
    return counts.moments.count() > 0 && counts.moments.Min() == counts.moments.Max();
  }
  if (counts.Coded() == 0) return false;
  return counts.codes.Max() == counts.Coded() && counts.codes[categories.rare_code()] == 0;
}

Grouping MakeGrouping(const VariableBaseline& variable) {
  if (variable.counts.codes.empty()) return Grouping();
  Grouping grouping = variable.is_numeric() ? GroupBins(variable) : GroupCategories(variable);
  grouping.codes = static_cast<uint32_t>(variable.counts.codes.size());
  grouping.runs.shrink_to_fit();
  return grouping;
}

void Derive(VariableBaseline* variable) {
  variable->grouping = MakeGrouping(*variable);
  variable->domain = DomainOf(*variable);
  variable->evidence_groups = EvidenceGroups(*variable);
  variable->evidence_shares = stats::MakeShareReference(
      variable->evidence_groups.Sum(*variable, variable->counts.codes),
      variable->natural.DriftEffect(variable->is_numeric()), variable->is_numeric());
}

}  // namespace plumbline::profile
