#include "server/engine/measure.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

namespace plumbline::engine {
namespace {

std::optional<stats::Estimate> EstimateOf(absl::Span<const profile::MetricValue> metrics,
                                          profile::PerformanceMetric metric) {
  const profile::MetricValue* found = profile::FindMetric(metrics, metric);
  if (found == nullptr) return std::nullopt;
  return found->estimate;
}

}  // namespace

Measure::Measure(const profile::Baseline& baseline) : baseline_(baseline), task_(*baseline.task) {
  if (baseline.performance.empty()) return;
  const auto counts = profile::DecodePerformance(baseline, task_, baseline.performance);
  if (!counts.ok()) return;
  trained_ = profile::MeasurePerformance(task_, *counts);
  std::vector<std::pair<uint32_t, const stats::ScoreTable*>> classes;
  if (task_.kind == profile::TaskKind::kBinary && task_.score.has_value()) {
    classes.emplace_back(*task_.score, &counts->scores);
  }
  for (size_t i = 0; i < std::min(task_.class_scores.size(), counts->class_scores.size()); ++i) {
    classes.emplace_back(task_.class_scores[i], &counts->class_scores[i]);
  }
  bool any = false;
  for (const auto& [variable, scores] : classes) {
    calibrations_.push_back(profile::Calibration::Of(*scores));
    any = any || calibrations_.back().has_value();
  }
  if (!any) return;
  for (const auto& [variable, scores] : classes) {
    scored_.push_back({variable, LearnCodes(variable, *scores)});
  }
}

std::vector<Measure::CodeScores> Measure::LearnCodes(uint32_t variable,
                                                     const stats::ScoreTable& scores) const {
  std::vector<CodeScores> codes;
  const profile::NumericBins& bins = baseline_.variables[variable].bins;
  if (bins.size() == 0) return codes;
  const absl::Span<const double> edges = bins.edges();
  codes.resize(bins.size() + 2);
  codes.front() = {edges.front(), edges.front() >= 0.5 ? 1.0 : 0.0};
  codes.back() = {edges.back(), edges.back() >= 0.5 ? 1.0 : 0.0};
  for (size_t bin = 0; bin < bins.size(); ++bin) {
    const double middle = std::midpoint(edges[bin], edges[bin + 1]);
    codes[bin + 1] = {middle, middle >= 0.5 ? 1.0 : 0.0};
  }
  std::vector<double> rows(codes.size()), sums(codes.size()), positives(codes.size());
  for (const auto& [score, cell] : scores.cells()) {
    const uint32_t code = bins.Code(score);
    const auto all = static_cast<double>(cell.All());
    rows[code] += all;
    sums[code] += all * score;
    for (const uint64_t count : cell.rows[1]) positives[code] += static_cast<double>(count);
  }
  for (size_t code = 0; code < codes.size(); ++code) {
    if (rows[code] > 0) codes[code] = {sums[code] / rows[code], positives[code] / rows[code]};
  }
  return codes;
}

std::vector<profile::MetricValue> Measure::Realised(
    const profile::PerformanceCounts& counts) const {
  return profile::MeasurePerformance(task_, counts);
}

std::vector<profile::MetricValue> Measure::Estimated(const profile::PerformanceCounts& counts,
                                                     const profile::Pane* pane) const {
  if (scored_.empty()) return {};
  if (counts.predictions > 0 || pane == nullptr) {
    const bool binary = task_.kind == profile::TaskKind::kBinary;
    return profile::EstimatePerformance(
        task_, calibrations_,
        binary ? absl::MakeConstSpan(&counts.scores, 1) : absl::MakeConstSpan(counts.class_scores));
  }
  std::vector<stats::ScoreTable> scores;
  for (const ScoredClass& scored : scored_) scores.push_back(BinnedScores(scored, *pane));
  return profile::EstimatePerformance(task_, calibrations_, scores);
}

stats::ScoreTable Measure::BinnedScores(const ScoredClass& scored,
                                        const profile::Pane& pane) const {
  stats::ScoreTable scores;
  const profile::CodeCounts& codes = pane.variables[scored.variable].codes;
  for (size_t code = 0; code < std::min(codes.size(), scored.codes.size()); ++code) {
    const uint64_t rows = codes[code];
    const CodeScores& trained = scored.codes[code];
    const auto positive =
        static_cast<uint64_t>(std::llround(static_cast<double>(rows) * trained.positive_share));
    if (positive > 0) scores.Add(trained.score, true, stats::Truth::kUnknown, positive);
    if (rows > positive) {
      scores.Add(trained.score, false, stats::Truth::kUnknown, rows - positive);
    }
  }
  return scores;
}

PerformanceChunk Measure::Chunk(const profile::PerformanceCounts& counts, const profile::Pane* pane,
                                const checks::Policy& policy) const {
  PerformanceChunk chunk;
  chunk.predictions = counts.predictions;
  chunk.labelled = counts.labelled;
  const std::vector<profile::MetricValue> realised = Realised(counts);
  const std::vector<profile::MetricValue> estimated = Estimated(counts, pane);
  for (const profile::PerformanceMetric metric : profile::MetricsOf(task_)) {
    MetricReport report;
    report.metric = metric;
    report.realised = EstimateOf(realised, metric);
    report.trained = EstimateOf(trained_, metric);
    report.estimated = EstimateOf(estimated, metric);
    const auto limit = policy.performance_limits.find(metric);
    if (limit != policy.performance_limits.end()) report.limit = limit->second;
    chunk.metrics.push_back(std::move(report));
  }
  chunk.roc_auc_resolution = profile::RocAucResolution(counts.scores);
  chunk.median_delay_seconds = counts.delays.Quantile(0.5);
  chunk.long_delay_seconds = counts.delays.Quantile(0.9);
  return chunk;
}

}  // namespace plumbline::engine
