#include "server/profile/natural_variation.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "server/profile/baseline.h"
#include "server/profile/pane.h"
#include "server/stats/change_evidence.h"
#include "server/stats/psi.h"

namespace plumbline::profile {
namespace {

using Counts = std::vector<uint64_t>;

constexpr double kTail = 5e-3;
constexpr double kMargin = 1.25;

// What of a chunk is kept of one variable.
struct ChunkCounts {
  Counts groups;                   // of the Grouping
  Counts coarse;                   // of the EvidenceGroups
  Counts nulls, nans, infinities;  // marked, and the others
  uint64_t values = 0;
};

Counts Marked(uint64_t marked, uint64_t rows) { return {marked, rows - std::min(rows, marked)}; }

ChunkCounts CountsOf(const VariableBaseline& variable, const VariableCounts& chunk) {
  const uint64_t present = chunk.rows - std::min(chunk.rows, chunk.absent + chunk.wrong_type);
  return {variable.grouping.Sum(chunk.codes.ToVector()),
          variable.evidence_groups.Sum(variable, chunk.codes),
          Marked(chunk.nulls, present),
          Marked(chunk.nans, present),
          Marked(chunk.positive_infinities + chunk.negative_infinities, present),
          chunk.Coded()};
}

// What is left out with a run of rows. `kept`: the spans of the categories by name.
LeftOut LeftOutOf(const VariableBaseline& variable, const std::vector<ChunkCounts>& chunks,
                  const std::vector<CategorySpan>& kept, const SpanSample& rest) {
  if (variable.is_numeric()) return {};
  Counts values;
  for (const ChunkCounts& chunk : chunks) values.push_back(chunk.values);
  return LeaveOutCategories(kept, rest, values);
}

double Total(const Counts& counts) {
  return static_cast<double>(std::accumulate(counts.begin(), counts.end(), uint64_t{0}));
}

// The psi of each run of `width` chunks against the rest, less what chance gives.
std::vector<double> PsiOfRuns(const std::vector<Counts>& chunks, const Counts& all, size_t width) {
  std::vector<double> values;
  for (size_t first = 0; first + width <= chunks.size(); first += width) {
    Counts run(all.size()), rest = all;
    for (size_t i = first; i < first + width; ++i) {
      for (size_t k = 0; k < all.size(); ++k) run[k] += chunks[i][k];
    }
    for (size_t k = 0; k < all.size(); ++k) rest[k] -= std::min(rest[k], run[k]);
    const auto psi = stats::Psi(rest, run);
    if (!psi.ok()) continue;
    values.push_back(*psi - stats::PsiChance(all.size(), static_cast<uint64_t>(Total(run)),
                                             static_cast<uint64_t>(Total(rest))));
  }
  return values;
}

void LearnLimits(const std::vector<Counts>& chunks, NaturalVariation* variation) {
  if (chunks.size() < kFewChunks || chunks[0].size() < 2) return;
  Counts all(chunks[0].size());
  for (const Counts& chunk : chunks) {
    for (size_t k = 0; k < all.size(); ++k) all[k] += chunk[k];
  }
  for (size_t width = 1; 2 * width <= chunks.size(); width *= 2) {
    const std::vector<double> values = PsiOfRuns(chunks, all, width);
    if (values.empty()) return;
    variation->psi_limits.push_back(static_cast<float>(std::max(0.0, TailLimit(values))));
  }
}

template <class Member>
double EffectOf(const std::vector<ChunkCounts>& chunks, Member member) {
  std::vector<Counts> counts;
  for (const ChunkCounts& chunk : chunks) counts.push_back(chunk.*member);
  return stats::DesignEffect(counts);
}

}  // namespace

EvidenceGroups::EvidenceGroups(const VariableBaseline& variable) {
  size_ = variable.grouping.groups;
  if (size_ <= kMax) return;
  const Counts counts = variable.grouping.Sum(variable.counts.codes.ToVector());
  // All but OTHER, the last, the largest first.
  std::vector<size_t> order(size_ - 1);
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return counts[a] > counts[b]; });
  of_group_.assign(size_, kMax - 1);
  for (size_t i = 0; i < kMax - 1; ++i) of_group_[order[i]] = static_cast<uint8_t>(i);
  size_ = kMax;
}

Counts EvidenceGroups::Sum(const VariableBaseline& variable, const CodeCounts& codes) const {
  Counts sums = variable.grouping.Sum(codes.ToVector());
  if (of_group_.empty()) return sums;
  Counts pooled(size_);
  for (size_t group = 0; group < sums.size(); ++group) pooled[of_group_[group]] += sums[group];
  return pooled;
}

double TailLimit(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const double median = values[values.size() / 2];
  double excess = 0;
  for (size_t i = values.size() / 2; i < values.size(); ++i) excess += values[i] - median;
  excess /= static_cast<double>(values.size() - values.size() / 2);
  return std::max(kMargin * values.back(), median + excess * std::log(0.5 / kTail));
}

double NaturalVariation::PsiLimit(double rows) const {
  if (psi_limits.empty() || chunk_rows <= 0) return 0;
  const double at = std::log2(std::max(1.0, rows / chunk_rows));
  const auto last = static_cast<double>(psi_limits.size() - 1);
  if (at >= last) return psi_limits.back() * std::exp2(last - at);
  const auto left = static_cast<size_t>(at);
  const double part = at - static_cast<double>(left);
  return (1 - part) * psi_limits[left] + part * psi_limits[left + 1];
}

bool KnowsNaturalVariation(const Baseline& baseline) {
  return std::any_of(baseline.variables.begin(), baseline.variables.end(),
                     [](const VariableBaseline& variable) { return variable.natural.IsKnown(); });
}

absl::Status LearnNaturalVariation(Baseline* baseline, const std::vector<SpanSample>& rest) {
  if (baseline->chunks.empty()) return absl::OkStatus();
  const size_t variables = baseline->variables.size();
  std::vector<std::vector<ChunkCounts>> chunks(variables);
  std::vector<std::vector<CategorySpan>> kept(variables);
  double rows = 0;
  for (const BaselineChunk& chunk : baseline->chunks) {
    const absl::StatusOr<Pane> pane = DecodePane(*baseline, chunk.pane);
    if (!pane.ok()) return pane.status();
    rows += static_cast<double>(chunk.rows);
    for (size_t i = 0; i < variables; ++i) {
      const VariableBaseline& variable = baseline->variables[i];
      const VariableCounts& counts = pane->variables[i];
      kept[i].resize(variable.categories.size());
      for (size_t code = 0; code < kept[i].size(); ++code) {
        if (counts.codes[code] > 0) kept[i][code].See(chunks[i].size(), counts.codes[code]);
      }
      chunks[i].push_back(CountsOf(variable, counts));
    }
  }
  for (size_t i = 0; i < variables; ++i) {
    NaturalVariation variation;
    variation.chunk_rows = rows / static_cast<double>(baseline->chunks.size());
    variation.groups = EffectOf(chunks[i], &ChunkCounts::coarse);
    variation.nulls = EffectOf(chunks[i], &ChunkCounts::nulls);
    variation.nans = EffectOf(chunks[i], &ChunkCounts::nans);
    variation.infinities = EffectOf(chunks[i], &ChunkCounts::infinities);
    const LeftOut left_out = LeftOutOf(baseline->variables[i], chunks[i], kept[i],
                                       i < rest.size() ? rest[i] : SpanSample());
    variation.outside = left_out.design_effect;
    variation.outside_share = left_out.share;
    std::vector<Counts> counts;
    for (ChunkCounts& chunk : chunks[i]) counts.push_back(std::move(chunk.groups));
    LearnLimits(counts, &variation);
    VariableBaseline& variable = baseline->variables[i];
    variable.natural = std::move(variation);
    variable.evidence_shares.design_effect = variable.natural.DriftEffect(variable.is_numeric());
  }
  return absl::OkStatus();
}

}  // namespace plumbline::profile
