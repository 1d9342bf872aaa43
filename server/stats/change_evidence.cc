#include "server/stats/change_evidence.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <numeric>

namespace plumbline::stats {
namespace {

// Standard deviations of the baseline's sampling error that are no change.
constexpr double kMargin = 3;
// Rows of the baseline's shares that r has at least.
constexpr double kShrink = 1;
// `since` holds this many blocks of its scale at most; older ones fade.
constexpr float kMaxBlocks = 8;
// A part of p's share that r always has.
constexpr double kLeast = 0.02;
constexpr double kNearly = 0.999;
constexpr double kTiny = 1e-9;
constexpr int kBisections = 12;
// Of the scales: half for blocks alone.
constexpr double kScaleWeights[] = {0.5, 1.0 / 6, 1.0 / 6, 1.0 / 6};
constexpr size_t kFewChunks = 8;
constexpr int kPowerSteps = 100;

double Total(absl::Span<const float> counts) {
  return std::accumulate(counts.begin(), counts.end(), 0.0);
}

// Largest eigenvalue of a symmetric, positive semidefinite matrix (row-major).
double LargestEigenvalue(const std::vector<double>& matrix, size_t size) {
  std::vector<double> vector(size), next(size);
  for (size_t i = 0; i < size; ++i) vector[i] = std::sqrt(matrix[i * size + i]) + 1e-9;
  // A start that no symmetry makes orthogonal to the answer.
  for (size_t i = 0; i < size; ++i) vector[i] *= i % 2 == 0 ? 1 : -0.7;
  double norm = 0;
  for (int step = 0; step < kPowerSteps; ++step) {
    norm = std::sqrt(std::inner_product(vector.begin(), vector.end(), vector.begin(), 0.0));
    if (norm == 0) return 0;
    for (double& value : vector) value /= norm;
    for (size_t i = 0; i < size; ++i) {
      next[i] = std::inner_product(vector.begin(), vector.end(), matrix.begin() + i * size, 0.0);
    }
    vector.swap(next);
  }
  return std::sqrt(std::inner_product(vector.begin(), vector.end(), vector.begin(), 0.0));
}

// The eigenvalue l of the population of which `samples` show `seen`, g = groups / samples; 1 if
// chance may show as much.
double Unspiked(double seen, double g, double samples) {
  const double edge = (1 + std::sqrt(g)) * (1 + std::sqrt(g));
  if (seen <= edge * (1 + 1 / std::sqrt(samples))) return 1;
  const double sum = seen + 1 - g;
  return std::max(1.0, (sum + std::sqrt(std::max(0.0, sum * sum - 4 * seen))) / 2);
}

// The shares that the change has led to, as far as the `seen` rows of `since` tell. Deviations from
// the baseline are noise to a part that James and Stein estimate: for what an order lets expect, a
// shift and a change of spread, by themselves, and for all the rest together. Empty: nothing but
// noise.
std::vector<double> ChangedShares(const ShareReference& reference, absl::Span<const float> since,
                                  double seen, double live) {
  const size_t groups = since.size();
  std::vector<double> off(groups), shares(reference.shares.begin(), reference.shares.end());
  for (size_t k = 0; k < groups; ++k) off[k] = since[k] / seen - shares[k];
  bool any = false;
  auto freedom = static_cast<double>(groups) - 1;
  for (const std::vector<float>& trend : reference.trends) {
    const double along = std::inner_product(off.begin(), off.end(), trend.begin(), 0.0);
    const double keep = std::max(0.0, 1 - 0.5 / (live * along * along));
    any |= keep > 0;
    for (size_t k = 0; k < groups; ++k) {
      const double part = reference.shares[k] * along * trend[k];
      off[k] -= part;
      shares[k] += keep * part;
    }
    --freedom;
  }
  // In the metric in which a share that the baseline hardly has does not count without bounds.
  double square = 0;
  for (size_t k = 0; k < groups; ++k) {
    square += 2 * off[k] * off[k] / (since[k] / seen + reference.shares[k]);
  }
  if (freedom > 0 && square > 0) {
    const double keep = std::max(0.0, 1 - std::max(freedom - 2, freedom / 2) / (live * square));
    any |= keep > 0;
    for (size_t k = 0; k < groups; ++k) shares[k] += keep * off[k];
  }
  if (!any) return {};
  double sum = 0;
  for (size_t k = 0; k < groups; ++k) {
    const double p = reference.shares[k];
    shares[k] = (std::max(shares[k], kLeast * p) * live + kShrink * p) / (live + kShrink);
    sum += shares[k];
  }
  for (double& share : shares) share /= sum;
  return shares;
}

// How far from `pooled` towards `changed` p* lies: the least part for which the mean of changed /
// p* is at most 1 wherever the true shares are, within kMargin standard deviations of `rows` pooled
// rows. 1: nothing can be told.
double PartOfError(absl::Span<const double> pooled, absl::Span<const double> changed, double rows) {
  const auto excess = [&](double part) {
    double mean = 0, squares = 0, total = 0;
    for (size_t k = 0; k < pooled.size(); ++k) {
      const double ratio = changed[k] / (pooled[k] + part * (changed[k] - pooled[k])) - 1;
      const double weight = pooled[k] + 1 / rows;  // a share of nought is not certain either
      mean += pooled[k] * ratio;
      squares += weight * ratio * ratio;
      total += weight;
    }
    return mean + kMargin * std::sqrt(squares / total / rows);
  };
  double low = 0, high = kNearly;
  if (excess(high) > 0) return 1;
  for (int step = 0; step < kBisections; ++step) {
    const double middle = (low + high) / 2;
    (excess(middle) > 0 ? low : high) = middle;
  }
  return high;
}

// ln L of `counts`.
double LogLikelihoodRatio(const ShareReference& reference, absl::Span<const float> since,
                          absl::Span<const float> counts) {
  const double seen = Total(since);
  if (seen == 0 || reference.rows == 0) return 0;
  if (reference.rises && since[0] <= seen * reference.shares[0]) return 0;
  const double live = seen / reference.design_effect;
  const double trained = reference.rows / reference.design_effect;
  const std::vector<double> changed = ChangedShares(reference, since, seen, live);
  if (changed.empty()) return 0;
  std::vector<double> pooled(counts.size());
  for (size_t k = 0; k < pooled.size(); ++k) {
    pooled[k] = (trained * reference.shares[k] + live * since[k] / seen) / (trained + live);
  }
  const double part = PartOfError(pooled, changed, trained + live);
  if (part >= kNearly) return 0;
  double log_l = 0;
  for (size_t k = 0; k < pooled.size(); ++k) {
    if (counts[k] == 0) continue;
    log_l += counts[k] * std::log(changed[k] / (pooled[k] + part * (changed[k] - pooled[k])));
  }
  return log_l / reference.design_effect;
}

// Orthonormal under the shares, and to 1: what a shift, and a change of spread, of ordered groups
// does to ln(r / p), by logistic scores of their middle ranks.
std::vector<std::vector<float>> Trends(absl::Span<const float> shares) {
  const size_t groups = shares.size();
  std::vector<double> score(groups);
  double below = 0;
  for (size_t k = 0; k < groups; ++k) {
    const double rank = below + shares[k] / 2;
    score[k] = std::log(rank / (1 - rank));
    below += shares[k];
  }
  std::vector<std::vector<double>> basis = {std::vector<double>(groups, 1)};
  for (int power = 1; power <= 2 && basis.size() + 1 < groups; ++power) {
    std::vector<double> trend(groups);
    for (size_t k = 0; k < groups; ++k) trend[k] = power == 1 ? score[k] : score[k] * score[k];
    for (const std::vector<double>& other : basis) {
      double along = 0;
      for (size_t k = 0; k < groups; ++k) along += shares[k] * trend[k] * other[k];
      for (size_t k = 0; k < groups; ++k) trend[k] -= along * other[k];
    }
    double square = 0;
    for (size_t k = 0; k < groups; ++k) square += shares[k] * trend[k] * trend[k];
    if (square < kTiny) break;
    for (double& value : trend) value /= std::sqrt(square);
    basis.push_back(std::move(trend));
  }
  std::vector<std::vector<float>> trends;
  trends.reserve(basis.size() - 1);
  for (size_t i = 1; i < basis.size(); ++i) trends.emplace_back(basis[i].begin(), basis[i].end());
  return trends;
}

}  // namespace

double DesignEffect(absl::Span<const std::vector<uint64_t>> chunks) {
  if (chunks.size() < kFewChunks || chunks[0].size() < 2) return 1;
  const size_t groups = chunks[0].size();
  std::vector<double> shares(groups), residual(groups), matrix(groups * groups);
  for (const std::vector<uint64_t>& chunk : chunks) {
    for (size_t k = 0; k < groups; ++k) shares[k] += static_cast<double>(chunk[k]);
  }
  const double total = std::accumulate(shares.begin(), shares.end(), 0.0);
  for (double& share : shares) {
    share = (share + 0.5) / (total + 0.5 * static_cast<double>(groups));
  }
  for (const std::vector<uint64_t>& chunk : chunks) {
    const auto rows = static_cast<double>(std::accumulate(chunk.begin(), chunk.end(), uint64_t{0}));
    if (rows == 0) return 1;
    for (size_t k = 0; k < groups; ++k) {
      residual[k] =
          (static_cast<double>(chunk[k]) - rows * shares[k]) / std::sqrt(rows * shares[k]);
    }
    for (size_t a = 0; a < groups; ++a) {
      for (size_t b = 0; b < groups; ++b) matrix[a * groups + b] += residual[a] * residual[b];
    }
  }
  const auto freedom = static_cast<double>(chunks.size() - 1);
  for (double& cell : matrix) cell /= freedom;
  double trace = 0;
  for (size_t k = 0; k < groups; ++k) trace += matrix[k * groups + k];
  const auto dimensions = static_cast<double>(groups - 1);
  const double largest = Unspiked(LargestEigenvalue(matrix, groups), dimensions / freedom, freedom);
  return std::min(largest, std::sqrt(largest * std::max(1.0, trace / dimensions)));
}

ShareReference MakeShareReference(absl::Span<const uint64_t> baseline, double design_effect,
                                  bool ordered) {
  ShareReference reference;
  reference.design_effect = design_effect;
  for (const uint64_t count : baseline) reference.rows += static_cast<double>(count);
  reference.shares.reserve(baseline.size());
  const double sum = reference.rows + 0.5 * static_cast<double>(baseline.size());
  for (const uint64_t count : baseline) {
    reference.shares.push_back(static_cast<float>((static_cast<double>(count) + 0.5) / sum));
  }
  if (ordered && baseline.size() > 2) reference.trends = Trends(reference.shares);
  return reference;
}

ChangeDetector::ChangeDetector(size_t groups)
    : groups_(groups), counts_((2 * kScaleCount - 1) * groups) {}

void ChangeDetector::Observe(const ShareReference& reference, absl::Span<const uint64_t> counts) {
  std::vector<float> block(counts.begin(), counts.end());
  Weigh(reference, block, 0);
  for (size_t scale = 1; scale < kScaleCount; ++scale) {
    const absl::Span<float> gathered = GatheredOf(scale);
    for (size_t k = 0; k < groups_; ++k) gathered[k] += block[k];
    scales_[scale].gathered += 1;
    if (scales_[scale].gathered < static_cast<float>(kScales[scale])) continue;
    Weigh(reference, gathered, scale);
    std::fill(gathered.begin(), gathered.end(), 0.0f);
    scales_[scale].gathered = 0;
  }
}

void ChangeDetector::Weigh(const ShareReference& reference, absl::Span<const float> counts,
                           size_t scale) {
  Scale& state = scales_[scale];
  const absl::Span<float> since = SinceOf(scale);
  if (Total(counts) == 0) return;
  const double log_m =
      std::clamp(state.log_m + LogLikelihoodRatio(reference, since, counts), 0.0, kMaxLog);
  state.log_m = static_cast<float>(log_m);
  if (log_m <= 0) {
    std::copy(counts.begin(), counts.end(), since.begin());
    state.blocks = 1;
    return;
  }
  const float keep = state.blocks < kMaxBlocks ? 1 : 1 - 1 / kMaxBlocks;
  for (size_t k = 0; k < groups_; ++k) since[k] = keep * since[k] + counts[k];
  state.blocks = keep * state.blocks + 1;
}

double ChangeDetector::LogEvidence() const {
  double sum = 0;
  const double most = scales_[Most()].log_m;
  for (size_t scale = 0; scale < kScaleCount; ++scale) {
    sum += kScaleWeights[scale] * std::exp(scales_[scale].log_m - most);
  }
  return std::max(0.0, most + std::log(sum));
}

size_t ChangeDetector::Most() const {
  size_t most = 0;
  for (size_t scale = 1; scale < kScaleCount; ++scale) {
    if (scales_[scale].log_m > scales_[most].log_m) most = scale;
  }
  return most;
}

absl::Span<const float> ChangeDetector::Since() const {
  return absl::MakeConstSpan(counts_).subspan(Most() * groups_, groups_);
}

uint64_t ChangeDetector::BlocksSince() const {
  const size_t most = Most();
  return static_cast<uint64_t>(scales_[most].blocks * static_cast<float>(kScales[most]));
}

void ChangeDetector::Reset() { *this = ChangeDetector(groups_); }

size_t ChangeDetector::StateSize() const { return 3 * kScaleCount + counts_.size(); }

void ChangeDetector::GetState(std::vector<float>* state) const {
  for (const Scale& scale : scales_) {
    state->insert(state->end(), {scale.log_m, scale.gathered, scale.blocks});
  }
  state->insert(state->end(), counts_.begin(), counts_.end());
}

bool ChangeDetector::SetState(absl::Span<const float> state) {
  if (state.size() != StateSize()) return false;
  for (const float number : state) {
    if (!std::isfinite(number) || number < 0) return false;
  }
  for (size_t i = 0; i < kScaleCount; ++i) {
    const float log_m = std::min(state[3 * i], static_cast<float>(kMaxLog));
    scales_[i] = {log_m, state[3 * i + 1], state[3 * i + 2]};
  }
  std::copy(state.begin() + 3 * kScaleCount, state.end(), counts_.begin());
  return true;
}

double LeastAlarm(std::vector<WeightedEvidence> detectors, double log_alarm) {
  // A detector passes with weight * M >= A / k: sorted by that product, the k-th largest decides.
  std::vector<double> weighted;
  for (const WeightedEvidence& one : detectors) {
    if (one.weight > 0) weighted.push_back(std::log(one.weight) + one.log_evidence);
  }
  std::sort(weighted.begin(), weighted.end(), std::greater<>());
  for (size_t k = weighted.size(); k > 0; --k) {
    const double needed = log_alarm - std::log(static_cast<double>(k));
    if (weighted[k - 1] >= needed) return needed;
  }
  return std::numeric_limits<double>::infinity();
}

}  // namespace plumbline::stats
