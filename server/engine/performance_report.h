#ifndef PLUMBLINE_SERVER_ENGINE_PERFORMANCE_REPORT_H_
#define PLUMBLINE_SERVER_ENGINE_PERFORMANCE_REPORT_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "server/engine/label_join.h"
#include "server/engine/model_key.h"
#include "server/profile/performance_metrics.h"
#include "server/profile/performance_task.h"

namespace plumbline::engine {

/// One metric: of the labelled rows, of training, and as estimated without labels.
struct MetricReport {
  profile::PerformanceMetric metric = profile::PerformanceMetric::kAccuracy;
  std::optional<stats::Estimate> realised, trained, estimated;
  std::optional<double> limit;  // of the policy
};

/// Predictions of a range of event time.
struct PerformanceChunk {
  std::optional<absl::Time> start, end;
  uint64_t predictions = 0;
  uint64_t labelled = 0;
  std::vector<MetricReport> metrics;
  double roc_auc_resolution = 0;  // 0: ranks are exact
  double median_delay_seconds = 0;
  double long_delay_seconds = 0;  // 90% of the labels came sooner
};

/// Performance of one (model, version).
struct PerformanceReport {
  ModelKey key;
  uint64_t baseline_number = 0;
  profile::PerformanceTask task;
  std::string label, prediction, score;  // names; empty: none
  LabelCounts counts;
  uint64_t unreadable = 0;
  uint64_t predictions = 0, labelled = 0;  // of all that is kept
  double recent_loss = 0;
  std::map<std::string, LossAlarm> alarms;
  PerformanceChunk window;  // what is judged
  std::vector<PerformanceChunk> chunks;
};

/// What the metrics show of it. Immutable once published.
struct PerformanceSnapshot {
  LabelCounts counts;
  uint64_t unreadable = 0;
  uint64_t predictions = 0, labelled = 0;
  PerformanceChunk window;
};

}  // namespace plumbline::engine

#endif  // PLUMBLINE_SERVER_ENGINE_PERFORMANCE_REPORT_H_
