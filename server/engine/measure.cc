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
  if (task_.kind != profile::TaskKind::kBinary || !task_.score.has_value()) return;
  calibration_ = profile::Calibration::Of(counts->scores);
  if (calibration_.has_value()) LearnCodes(counts->scores);
}

void Measure::LearnCodes(const stats::ScoreTable& scores) {
  const profile::NumericBins& bins = baseline_.variables[*task_.score].bins;
  if (bins.size() == 0) return;
  const absl::Span<const double> edges = bins.edges();
  codes_.resize(bins.size() + 2);
  codes_.front() = {edges.front(), edges.front() >= 0.5 ? 1.0 : 0.0};
  codes_.back() = {edges.back(), edges.back() >= 0.5 ? 1.0 : 0.0};
  for (size_t bin = 0; bin < bins.size(); ++bin) {
    const double middle = std::midpoint(edges[bin], edges[bin + 1]);
    codes_[bin + 1] = {middle, middle >= 0.5 ? 1.0 : 0.0};
  }
  std::vector<double> rows(codes_.size()), sums(codes_.size()), positives(codes_.size());
  for (const auto& [score, cell] : scores.cells()) {
    const uint32_t code = bins.Code(score);
    const auto all = static_cast<double>(cell.All());
    rows[code] += all;
    sums[code] += all * score;
    for (const uint64_t count : cell.rows[1]) positives[code] += static_cast<double>(count);
  }
  for (size_t code = 0; code < codes_.size(); ++code) {
    if (rows[code] > 0) codes_[code] = {sums[code] / rows[code], positives[code] / rows[code]};
  }
}

std::vector<profile::MetricValue> Measure::Realised(
    const profile::PerformanceCounts& counts) const {
  return profile::MeasurePerformance(task_, counts);
}

std::vector<profile::MetricValue> Measure::Estimated(const profile::PerformanceCounts& counts,
                                                     const profile::Pane* pane) const {
  if (!calibration_.has_value()) return {};
  if (counts.predictions > 0 || pane == nullptr) {
    return profile::EstimatePerformance(task_, *calibration_, counts.scores);
  }
  stats::ScoreTable scores;
  const profile::CodeCounts& codes = pane->variables[*task_.score].codes;
  for (size_t code = 0; code < std::min(codes.size(), codes_.size()); ++code) {
    const uint64_t rows = codes[code];
    const auto positive = static_cast<uint64_t>(
        std::llround(static_cast<double>(rows) * codes_[code].positive_share));
    if (positive > 0) scores.Add(codes_[code].score, true, stats::Truth::kUnknown, positive);
    if (rows > positive) {
      scores.Add(codes_[code].score, false, stats::Truth::kUnknown, rows - positive);
    }
  }
  return profile::EstimatePerformance(task_, *calibration_, scores);
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
