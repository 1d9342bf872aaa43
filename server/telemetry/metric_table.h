#ifndef PLUMBLINE_SERVER_TELEMETRY_METRIC_TABLE_H_
#define PLUMBLINE_SERVER_TELEMETRY_METRIC_TABLE_H_

#include <prometheus/metric_type.h>

#include <cstddef>

#include "absl/types/span.h"
#include "server/profile/statistics.h"

namespace plumbline::telemetry {

/// What a metric's series are told apart by.
enum class LabelSet {
  kNone,
  kModel,
  kSeverity,
  kSource,
  kSlice,
  kBatchResult,
  kVariable,
  kPrediction,
  kDistribution,
  kMetric,
  kAlert,
  kReason,
  kQuota,
  kBuild
};

/// The label names of a set, in the order of their values; kVariable's last, `source`, and
/// kAlert's, `slice`, are left out of what is about all rows. Never a category, a row id or free
/// text.
absl::Span<const char* const> LabelNames(LabelSet labels);

/// One row of the table of metrics.
struct Metric {
  const char* name;
  const char* help;
  prometheus::MetricType type;
  LabelSet labels;
  /// Set for a statistic of a variable: where its value is.
  decltype(&profile::VariableStatistics::psi) statistic = nullptr;
  /// Shown of each source that is judged by itself, too, under a further label `source`.
  bool by_source = false;
};

/// Position of a metric in the table. The statistics of variables follow from kFirstStatistic on.
enum MetricId : size_t {
  kRows,
  kRowsLate,
  kBatches,
  kBatchesLost,
  kLostBatches,
  kLostBatchesCleared,
  kUnendedEpochs,
  kWindowRows,
  kMissingRows,
  kWindowIncomplete,
  kUnreadablePanes,
  kOpenPanes,
  kSources,
  kProducers,
  kGoldenRows,
  kEnvironments,
  kEnvironmentsDiffering,
  kLoads,
  kLoadsDiffering,
  kLoadRowsMissing,
  kRowsOfFurtherSources,
  kRowsNotJudgedApart,
  kSourceWindowRows,
  kSliceWindowRows,
  kProducersExpiredEarly,
  kBaselineNumber,
  kMutes,
  kExpectedChanges,
  kLastBatch,
  kWatermark,
  kSeriesDropped,
  kRestAlerts,
  kRestVariables,
  kRestPsi,
  kPrediction,
  kDistribution,
  kPerformance,
  kPerformanceLower,
  kPerformanceUpper,
  kPerformanceTraining,
  kPerformanceEstimated,
  kPerformanceEstimatedLower,
  kPerformanceEstimatedUpper,
  kPerformanceLimit,
  kUnlabelledRatio,
  kUnlabelledPredictions,
  kLabelRowsKept,
  kLabelsWaiting,
  kLabelsJoined,
  kLabelsDuplicate,
  kLabelsChanged,
  kLabelsContradicting,
  kLabelsUnusable,
  kLabelsExpired,
  kPredictionsExpired,
  kLabelDelayMedian,
  kLabelDelayLong,
  kLabelReadsFailed,
  kAlertActive,
  kAlertValue,
  kAlertBaseline,
  kAlertThreshold,
  kAlertImpact,
  kAlertSince,
  kAlertAcknowledged,
  kAlertHeld,
  kCommitLatency,
  kCommits,
  kCommitFailures,
  kRecoveries,
  kCommittedBytes,
  kEvaluations,
  kQueueDepth,
  kQueueCapacity,
  kRefusedBatches,
  kRetries,
  kInflightBytes,
  kInflightLimit,
  kWaitingStreams,
  kWaitingBytes,
  kUnknownModelBatches,
  kQuotaRefusals,
  kWritable,
  kBuildInfo,
  kResidentMemory,
  kCpu,
  kOpenFiles,
  kMaxFiles,
  kProcessStart,
  kFirstStatistic
};

/// Every metric there is, in the order of MetricId.
absl::Span<const Metric> Metrics();

}  // namespace plumbline::telemetry

#endif  // PLUMBLINE_SERVER_TELEMETRY_METRIC_TABLE_H_
