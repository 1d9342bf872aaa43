#ifndef PLUMBLINE_SERVER_CHECKS_PERFORMANCE_H_
#define PLUMBLINE_SERVER_CHECKS_PERFORMANCE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/types/span.h"
#include "server/checks/finding.h"
#include "server/checks/policy.h"
#include "server/profile/baseline.h"
#include "server/profile/performance.h"
#include "server/profile/performance_metrics.h"

namespace plumbline::checks {

/// A rise of the mean loss that a detector saw.
struct LossChange {
  std::string detector;
  uint64_t joined = 0;  // labelled rows since the start by then
  double before = 0;
  double after = 0;
};

/// Labelled predictions of a window. Everything outlives the call.
struct PerformanceInput {
  const profile::Baseline& baseline;  // with a task
  const Policy& policy;
  const profile::PerformanceCounts& window;
  absl::Span<const profile::MetricValue> metrics;  // of the window
  absl::Span<const profile::MetricValue> trained;  // of training; empty if it has none
  uint64_t joined = 0;                             // labelled rows since the start
  absl::Span<const LossChange> changes;
};

/// - performance: the deciding metric is worse than in training. Effect: by the threshold where it
///   lies in [0, 1], else the loss grew by four times that share (a bias: of the mean absolute
///   error). Evidence: the difference over both standard errors.
/// - performance_limit: one a limit of the policy, named by the metric. Evidence: the value's
///   standard error.
/// - concept_drift: a detector saw the loss rise within twice the last Policy::performance_rows
///   labels, and the mean loss of the window is worse than training's (without any: than before).
///   Effect and evidence: as performance.
/// - label_drift: psi of the labels against training's. Evidence: chi-square.
/// All at Policy::drift_significance. Pure.
std::vector<Finding> CheckPerformance(const PerformanceInput& input);

}  // namespace plumbline::checks

#endif  // PLUMBLINE_SERVER_CHECKS_PERFORMANCE_H_
