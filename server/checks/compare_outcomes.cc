#include <algorithm>
#include <cmath>
#include <vector>

#include "server/checks/impact.h"
#include "server/stats/chi_square.h"
#include "server/stats/divergences.h"
#include "server/stats/intervals.h"
#include "server/stats/rank_sum.h"

namespace plumbline::checks {
namespace {

using profile::Outcomes;
using profile::VariableBaseline;

bool IsClass(const VariableBaseline& prediction) {
  return !prediction.is_numeric() || prediction.domain == profile::PredictionDomain::kClasses;
}

double RateOf(uint64_t k, uint64_t n) { return static_cast<double>(k) / static_cast<double>(n); }

void CompareMeans(const stats::Moments& without, const stats::Moments& with, Impact* impact) {
  const auto n = static_cast<double>(without.count());
  const auto m = static_cast<double>(with.count());
  if (n < 2 || m < 2) return;
  const double variance = without.SampleVariance(), variance_with = with.SampleVariance();
  const double difference = without.Mean() - with.Mean();
  if (!std::isfinite(difference) || !std::isfinite(variance + variance_with)) return;
  impact->mean_without = without.Mean();
  impact->mean_with = with.Mean();
  impact->difference = difference;
  const stats::Estimate estimate =
      stats::Normal(difference, std::sqrt(variance / n + variance_with / m));
  if (estimate.lower.has_value()) impact->lower = *estimate.lower;
  if (estimate.upper.has_value()) impact->upper = *estimate.upper;
  const double pooled = std::sqrt(((n - 1) * variance + (m - 1) * variance_with) / (n + m - 2));
  if (pooled > 0) impact->effect = difference / pooled;
}

// Agresti and Caffo: of the shares with a hit and a miss added on either side.
void CompareShares(uint64_t k_without, uint64_t k_with, Impact* impact) {
  const auto adjusted = [](uint64_t k, uint64_t n) {
    return (static_cast<double>(k) + 1) / (static_cast<double>(n) + 2);
  };
  const double p = adjusted(k_without, impact->without), q = adjusted(k_with, impact->with);
  const double error = std::sqrt(p * (1 - p) / (static_cast<double>(impact->without) + 2) +
                                 q * (1 - q) / (static_cast<double>(impact->with) + 2));
  impact->difference = *impact->share_without - *impact->share_with;
  impact->lower = std::max(-1.0, p - q - stats::kZ95 * error);
  impact->upper = std::min(1.0, p - q + stats::kZ95 * error);
}

}  // namespace

Impact CompareOutcomes(const Policy& policy, const VariableBaseline& prediction,
                       const Outcomes& without, const Outcomes& with, size_t comparisons) {
  Impact impact;
  impact.prediction = prediction.variable.name;
  impact.without = without.rows();
  impact.with = with.rows();
  if (impact.without == 0 || impact.with == 0) return impact;
  const std::vector<uint64_t> p = without.groups.ToVector(), q = with.groups.ToVector();
  const auto moved = stats::TotalVariation(q, p);
  const auto most = stats::LInfinity(q, p);
  const auto chi_square = stats::ChiSquareHomogeneity(q, p);
  if (!moved.ok() || !most.ok() || !chi_square.ok()) return impact;
  impact.tvd = *moved;
  impact.group = profile::OutcomeGroupLabel(prediction, static_cast<uint32_t>(most->at));
  impact.share_without = RateOf(p[most->at], impact.without);
  impact.share_with = RateOf(q[most->at], impact.with);
  impact.p_value = chi_square->p_value;
  if (IsClass(prediction)) {
    CompareShares(p[most->at], q[most->at], &impact);
    impact.effect = impact.tvd;
  } else {
    CompareMeans(without.moments, with.moments, &impact);
    const auto ranks = stats::RankSum(q, p);
    if (ranks.ok()) {
      impact.p_value = std::min(1.0, 2 * std::min(*impact.p_value, ranks->p_value));
    }
  }
  if (std::min(impact.without, impact.with) < policy.min_rows_rate) return impact;
  const bool by_chance =
      *impact.p_value >=
      policy.drift_significance / static_cast<double>(std::max<size_t>(1, comparisons));
  const bool large =
      *impact.tvd >= kLeastMovedImpact || (!IsClass(prediction) && impact.effect.has_value() &&
                                           std::abs(*impact.effect) >= kLeastMeanImpact);
  impact.verdict = by_chance ? ImpactVerdict::kNotShown
                   : large   ? ImpactVerdict::kDifferent
                             : ImpactVerdict::kSmall;
  return impact;
}

}  // namespace plumbline::checks
