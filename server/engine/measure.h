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
  bool can_estimate() const { return !scored_.empty(); }
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

  // The positive class, or one of several, by its score.
  struct ScoredClass {
    uint32_t variable = 0;  // the score
    std::vector<CodeScores> codes;
  };

  std::vector<CodeScores> LearnCodes(uint32_t variable, const stats::ScoreTable& scores) const;
  // As far as the bins of `pane` tell.
  stats::ScoreTable BinnedScores(const ScoredClass& scored, const profile::Pane& pane) const;

  const profile::Baseline& baseline_;
  const profile::PerformanceTask& task_;
  std::vector<profile::MetricValue> trained_;
  std::vector<ScoredClass> scored_;  // empty: nothing can be estimated
  std::vector<std::optional<profile::Calibration>> calibrations_;  // of each
};

}  // namespace plumbline::engine

#endif  // PLUMBLINE_SERVER_ENGINE_MEASURE_H_
