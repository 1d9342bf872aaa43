#ifndef PLUMBLINE_SERVER_ENGINE_MEASURE_H_
#define PLUMBLINE_SERVER_ENGINE_MEASURE_H_

#include <optional>
#include <vector>

#include "server/checks/policy.h"
#include "server/engine/performance_report.h"
#include "server/profile/baseline.h"
#include "server/profile/pane.h"
#include "server/profile/performance.h"
#include "server/profile/performance_metrics.h"

namespace plumbline::engine {

/// Measures predictions by a baseline's task: realised where there are labels, estimated without,
/// beside training's own.
class Measure {
 public:
  /// `baseline` has a task and outlives it.
  explicit Measure(const profile::Baseline& baseline);

  const std::vector<profile::MetricValue>& trained() const { return trained_; }
  bool can_estimate() const { return calibration_.has_value(); }
  std::vector<profile::MetricValue> Realised(const profile::PerformanceCounts& counts) const;
  /// Of all predictions of `counts`; where it has none of `pane`, whose scores are known by their
  /// bins (a bin's scores stand for the mean of training's).
  std::vector<profile::MetricValue> Estimated(const profile::PerformanceCounts& counts,
                                              const profile::Pane* pane) const;
  PerformanceChunk Chunk(const profile::PerformanceCounts& counts, const profile::Pane* pane,
                         const checks::Policy& policy) const;

 private:
  // Of one code of the score in training.
  struct CodeScores {
    double score = 0;
    double positive_share = 0;  // of predictions
  };

  void LearnCodes(const stats::ScoreTable& scores);

  const profile::Baseline& baseline_;
  const profile::PerformanceTask& task_;
  std::vector<profile::MetricValue> trained_;
  std::optional<profile::Calibration> calibration_;
  std::vector<CodeScores> codes_;
};

}  // namespace plumbline::engine

#endif  // PLUMBLINE_SERVER_ENGINE_MEASURE_H_
