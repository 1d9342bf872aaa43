#ifndef PLUMBLINE_SERVER_PROFILE_PERFORMANCE_METRICS_H_
#define PLUMBLINE_SERVER_PROFILE_PERFORMANCE_METRICS_H_

#include <optional>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "server/profile/performance.h"
#include "server/profile/performance_task.h"
#include "server/stats/intervals.h"

namespace plumbline::profile {

/// What performance is measured by. Of several classes precision, recall, f1 and roc_auc are the
/// means over the classes, each against the rest.
enum class PerformanceMetric : uint8_t {
  kAccuracy,
  kPrecision,
  kRecall,
  kF1,
  kRocAuc,
  kAveragePrecision,
  kLogLoss,
  kBrier,
  kCalibrationError,
  kMae,
  kRmse,
  kMape,
  kR2,
  kBias
};
inline constexpr size_t kPerformanceMetrics = static_cast<size_t>(PerformanceMetric::kBias) + 1;

/// `roc_auc`; and back (nullopt: no such one).
absl::string_view MetricName(PerformanceMetric metric);
std::optional<PerformanceMetric> ParseMetric(absl::string_view name);
/// False for losses.
bool HigherIsBetter(PerformanceMetric metric);
/// True for those that lie in [0, 1] whatever the unit of the label.
bool IsShare(PerformanceMetric metric);

struct MetricValue {
  PerformanceMetric metric = PerformanceMetric::kAccuracy;
  stats::Estimate estimate;
};

const MetricValue* FindMetric(absl::Span<const MetricValue> metrics, PerformanceMetric metric);

/// The metric that decides unless somebody says otherwise: roc_auc where there are scores, else
/// accuracy; of a regression mae.
PerformanceMetric DefaultMetric(const PerformanceTask& task);
/// Those that a task can have.
std::vector<PerformanceMetric> MetricsOf(const PerformanceTask& task);

/// Of the labelled rows; what cannot be computed is left out. Intervals are of 95%: Wilson's for
/// shares of rows (accuracy, precision, recall; f1 = 2J / (1 + J), where J is the share of the rows
/// that are positive on either side and on both), else see stats. Cost: O(cells).
std::vector<MetricValue> MeasurePerformance(const PerformanceTask& task,
                                            const PerformanceCounts& counts);

/// How far the binned scores can be off the exact roc_auc, at most; 0 while ranks are exact.
double RocAucResolution(const stats::ScoreTable& scores);

/// From scores to the chance of the positive class, as training has it: isotonic regression (pool
/// adjacent violators; Robertson, Wright and Dykstra 1988) of labels on scores, linear between the
/// scores of training and constant outside, as scikit-learn has it. A value.
class Calibration {
 public:
  /// nullopt without labelled rows of both classes.
  static std::optional<Calibration> Of(const stats::ScoreTable& scores);
  double At(double score) const;

 private:
  struct Point {
    double score;
    double probability;
  };
  std::vector<Point> points_;  // ascending
};

/// Confidence-based estimation of performance on all predictions, labelled or not: each row counts
/// as positive with its calibrated probability (as NannyML's CBPE). `scores` and `calibrations` are
/// those of the positive class, or else of each class against the rest (nullopt: training had no
/// label of it). accuracy, precision, recall, f1, roc_auc, of several classes their means. The
/// interval is where the figure of these rows' true labels lies in 95% of cases if the calibration
/// still holds: the sampling error of the labels, not a change of the relation between inputs and
/// label, which nothing without labels can see. Unlike NannyML's, the probabilities of several
/// classes are not scaled to sum up to 1 after their calibration. Empty for other tasks, or without
/// predictions.
std::vector<MetricValue> EstimatePerformance(
    const PerformanceTask& task, absl::Span<const std::optional<Calibration>> calibrations,
    absl::Span<const stats::ScoreTable> scores);

}  // namespace plumbline::profile

#endif  // PLUMBLINE_SERVER_PROFILE_PERFORMANCE_METRICS_H_
