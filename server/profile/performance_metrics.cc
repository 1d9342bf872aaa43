#include "server/profile/performance_metrics.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace plumbline::profile {
namespace {

using stats::Estimate;
using stats::Truth;
using stats::WeightedScore;
using Metric = PerformanceMetric;

constexpr std::pair<Metric, absl::string_view> kMetricNames[] = {
    {Metric::kAccuracy, "accuracy"},
    {Metric::kPrecision, "precision"},
    {Metric::kRecall, "recall"},
    {Metric::kF1, "f1"},
    {Metric::kRocAuc, "roc_auc"},
    {Metric::kAveragePrecision, "average_precision"},
    {Metric::kLogLoss, "log_loss"},
    {Metric::kBrier, "brier"},
    {Metric::kCalibrationError, "ece"},
    {Metric::kMae, "mae"},
    {Metric::kRmse, "rmse"},
    {Metric::kMape, "mape"},
    {Metric::kR2, "r2"},
    {Metric::kBias, "bias"}};
static_assert(std::size(kMetricNames) == kPerformanceMetrics);

class Gatherer {
 public:
  void Add(Metric metric, const std::optional<Estimate>& estimate) {
    if (estimate.has_value() && std::isfinite(estimate->value)) {
      metrics_.push_back({metric, *estimate});
    }
  }
  void AddShare(Metric metric, double k, double n) {
    if (n > 0) Add(metric, stats::Proportion(k, n));
  }
  std::vector<MetricValue> Take() { return std::move(metrics_); }

 private:
  std::vector<MetricValue> metrics_;
};

std::vector<WeightedScore> LabelledScores(const stats::ScoreTable& table) {
  std::vector<WeightedScore> scores;
  scores.reserve(table.cells().size());
  for (const auto& [score, cell] : table.cells()) {
    if (cell.Labelled() == 0) continue;
    scores.push_back({score, static_cast<double>(cell.Of(Truth::kNegative)),
                      static_cast<double>(cell.Of(Truth::kPositive))});
  }
  return scores;
}

// Rows by what was predicted and what is true, as numbers.
struct Confusion {
  double true_positives = 0, false_positives = 0, false_negatives = 0, true_negatives = 0;
};

Confusion ConfusionOf(const stats::ScoreTable& table) {
  Confusion sum;
  for (const auto& [score, cell] : table.cells()) {
    sum.true_positives += static_cast<double>(cell.rows[1][2]);
    sum.false_positives += static_cast<double>(cell.rows[1][1]);
    sum.false_negatives += static_cast<double>(cell.rows[0][2]);
    sum.true_negatives += static_cast<double>(cell.rows[0][1]);
  }
  return sum;
}

// 2J / (1 + J) of the share J.
Estimate F1(double hits, double rows) {
  const Estimate share = stats::Proportion(hits, rows);
  const auto f1 = [](double j) { return 2 * j / (1 + j); };
  Estimate estimate;
  estimate.value = f1(share.value);
  estimate.lower = f1(*share.lower);
  estimate.upper = f1(*share.upper);
  estimate.standard_error = 2 * *share.standard_error / ((1 + share.value) * (1 + share.value));
  return estimate;
}

void AddLosses(const LossSums& losses, Gatherer* out) {
  const auto rows = static_cast<double>(losses.rows());
  out->Add(Metric::kLogLoss, stats::MeanOf(rows, losses.Sum(kLogLoss), losses.Sum(kLogLossSquare)));
  out->Add(Metric::kBrier, stats::MeanOf(rows, losses.Sum(kBrier), losses.Sum(kBrierSquare)));
}

std::vector<MetricValue> MeasureBinary(const PerformanceTask& task,
                                       const PerformanceCounts& counts) {
  Gatherer out;
  const Confusion c = ConfusionOf(counts.scores);
  const double hits = c.true_positives;
  const double rows = hits + c.false_positives + c.false_negatives + c.true_negatives;
  out.AddShare(Metric::kAccuracy, hits + c.true_negatives, rows);
  out.AddShare(Metric::kPrecision, hits, hits + c.false_positives);
  out.AddShare(Metric::kRecall, hits, hits + c.false_negatives);
  const double either = hits + c.false_positives + c.false_negatives;
  if (either > 0) out.Add(Metric::kF1, F1(hits, either));
  if (!task.score.has_value()) return out.Take();
  const std::vector<WeightedScore> scores = LabelledScores(counts.scores);
  out.Add(Metric::kRocAuc, stats::RocAuc(scores));
  out.Add(Metric::kAveragePrecision, stats::AveragePrecision(scores));
  if (!task.probability) return out.Take();
  AddLosses(counts.losses, &out);
  out.Add(Metric::kCalibrationError, stats::CalibrationError(scores));
  return out.Take();
}

// The mean of the classes' figures, as if they were independent.
class ClassMean {
 public:
  void Add(const Estimate& estimate) {
    sum_ += estimate.value;
    variance_ += *estimate.standard_error * *estimate.standard_error;
    ++classes_;
  }
  std::optional<Estimate> Mean() const {
    if (classes_ == 0) return std::nullopt;
    Estimate mean = stats::Normal(sum_ / classes_, std::sqrt(variance_) / classes_);
    mean.lower = std::max(0.0, *mean.lower);
    mean.upper = std::min(1.0, *mean.upper);
    return mean;
  }

 private:
  double sum_ = 0, variance_ = 0, classes_ = 0;
};

std::vector<MetricValue> MeasureMultiClass(const PerformanceTask& task,
                                           const PerformanceCounts& counts) {
  const size_t classes = task.classes.size();
  std::vector<double> hits(classes + 1), of_label(classes + 1), of_prediction(classes + 1);
  double right = 0, rows = 0;
  for (const auto& [cell, count] : counts.confusion) {
    const auto n = static_cast<double>(count);
    of_label[cell.first] += n;
    of_prediction[cell.second] += n;
    rows += n;
    if (cell.first != cell.second || cell.first == classes) continue;
    hits[cell.first] += n;
    right += n;
  }
  Gatherer out;
  out.AddShare(Metric::kAccuracy, right, rows);
  ClassMean precision, recall, f1, auc;
  for (size_t i = 0; i < classes; ++i) {
    if (of_prediction[i] > 0) precision.Add(stats::Proportion(hits[i], of_prediction[i]));
    if (of_label[i] > 0) recall.Add(stats::Proportion(hits[i], of_label[i]));
    const double either = of_label[i] + of_prediction[i] - hits[i];
    if (either > 0) f1.Add(F1(hits[i], either));
  }
  out.Add(Metric::kPrecision, precision.Mean());
  out.Add(Metric::kRecall, recall.Mean());
  out.Add(Metric::kF1, f1.Mean());
  for (const stats::ScoreTable& table : counts.class_scores) {
    const auto one = stats::RocAuc(LabelledScores(table));
    if (one.has_value()) auc.Add(*one);
  }
  out.Add(Metric::kRocAuc, auc.Mean());
  AddLosses(counts.losses, &out);
  return out.Take();
}

std::vector<MetricValue> MeasureRegression(const stats::ErrorSums& errors) {
  Gatherer out;
  out.Add(Metric::kMae, stats::MeanAbsoluteError(errors));
  out.Add(Metric::kRmse, stats::RootMeanSquaredError(errors));
  out.Add(Metric::kMape, stats::MeanAbsolutePercentageError(errors));
  out.Add(Metric::kR2, stats::RSquared(errors));
  out.Add(Metric::kBias, stats::Bias(errors));
  return out.Take();
}

}  // namespace

absl::string_view MetricName(Metric metric) {
  return kMetricNames[static_cast<size_t>(metric)].second;
}

std::optional<Metric> ParseMetric(absl::string_view name) {
  for (const auto& [metric, metric_name] : kMetricNames) {
    if (metric_name == name) return metric;
  }
  return std::nullopt;
}

bool HigherIsBetter(Metric metric) {
  return metric <= Metric::kAveragePrecision || metric == Metric::kR2;
}

bool IsShare(Metric metric) {
  return metric <= Metric::kAveragePrecision || metric == Metric::kBrier ||
         metric == Metric::kCalibrationError || metric == Metric::kR2;
}

const MetricValue* FindMetric(absl::Span<const MetricValue> metrics, Metric metric) {
  for (const MetricValue& value : metrics) {
    if (value.metric == metric) return &value;
  }
  return nullptr;
}

Metric DefaultMetric(const PerformanceTask& task) {
  if (task.kind == TaskKind::kRegression) return Metric::kMae;
  const bool scores = task.score.has_value() || !task.class_scores.empty();
  return scores ? Metric::kRocAuc : Metric::kAccuracy;
}

std::vector<Metric> MetricsOf(const PerformanceTask& task) {
  if (task.kind == TaskKind::kRegression) {
    return {Metric::kMae, Metric::kRmse, Metric::kMape, Metric::kR2, Metric::kBias};
  }
  std::vector<Metric> metrics = {Metric::kAccuracy, Metric::kPrecision, Metric::kRecall,
                                 Metric::kF1};
  const bool binary = task.kind == TaskKind::kBinary;
  if (binary && task.score.has_value()) {
    metrics.insert(metrics.end(), {Metric::kRocAuc, Metric::kAveragePrecision});
  }
  if (!task.class_scores.empty()) metrics.push_back(Metric::kRocAuc);
  if (task.probability || !task.class_scores.empty()) {
    metrics.insert(metrics.end(), {Metric::kLogLoss, Metric::kBrier});
  }
  if (task.probability) metrics.push_back(Metric::kCalibrationError);
  return metrics;
}

std::vector<MetricValue> MeasurePerformance(const PerformanceTask& task,
                                            const PerformanceCounts& counts) {
  switch (task.kind) {
    case TaskKind::kBinary:
      return MeasureBinary(task, counts);
    case TaskKind::kMultiClass:
      return MeasureMultiClass(task, counts);
    case TaskKind::kRegression:
      return MeasureRegression(counts.errors);
  }
  return {};
}

double RocAucResolution(const stats::ScoreTable& scores) {
  if (!scores.grid().has_value()) return 0;
  double positives = 0, negatives = 0, tied = 0;
  for (const WeightedScore& score : LabelledScores(scores)) {
    positives += score.positives;
    negatives += score.negatives;
    tied += score.positives * score.negatives;
  }
  return tied > 0 ? tied / (2 * positives * negatives) : 0;
}

std::optional<Calibration> Calibration::Of(const stats::ScoreTable& scores) {
  struct Block {
    double positives, rows, first, last;
  };
  std::vector<Block> blocks;
  double positives = 0, rows = 0;
  for (const WeightedScore& score : LabelledScores(scores)) {
    blocks.push_back(
        {score.positives, score.positives + score.negatives, score.score, score.score});
    positives += blocks.back().positives;
    rows += blocks.back().rows;
    while (blocks.size() > 1) {
      const Block& upper = blocks.back();
      Block& lower = blocks[blocks.size() - 2];
      if (lower.positives * upper.rows < upper.positives * lower.rows) break;
      lower = {lower.positives + upper.positives, lower.rows + upper.rows, lower.first, upper.last};
      blocks.pop_back();
    }
  }
  if (!(positives > 0 && positives < rows)) return std::nullopt;
  Calibration calibration;
  for (const Block& block : blocks) {
    calibration.points_.push_back({block.first, block.positives / block.rows});
    if (block.last > block.first) {
      calibration.points_.push_back({block.last, block.positives / block.rows});
    }
  }
  return calibration;
}

double Calibration::At(double score) const {
  const auto above =
      std::upper_bound(points_.begin(), points_.end(), score,
                       [](double value, const Point& point) { return value < point.score; });
  if (above == points_.begin()) return points_.front().probability;
  const Point& below = *std::prev(above);
  if (above == points_.end() || below.score == score) return below.probability;
  const double share = (score - below.score) / (above->score - below.score);
  return std::lerp(below.probability, above->probability, share);
}

namespace {

// What is to be expected of one class against the rest.
struct Expected {
  std::vector<WeightedScore> scores;
  Confusion rows;
  double hit_variance = 0, miss_variance = 0;  // of true positives, of false negatives

  double predicted() const { return rows.true_positives + rows.false_positives; }
  double actual() const { return rows.true_positives + rows.false_negatives; }
  double all() const { return predicted() + rows.false_negatives + rows.true_negatives; }
};

Expected Expect(const std::optional<Calibration>& calibration, const stats::ScoreTable& table) {
  Expected expected;
  Confusion& c = expected.rows;
  for (const auto& [score, cell] : table.cells()) {
    const double p = calibration.has_value() ? calibration->At(score) : 0;
    const auto& [below, above] = cell.rows;
    const auto negative = static_cast<double>(below[0] + below[1] + below[2]);
    const auto positive = static_cast<double>(above[0] + above[1] + above[2]);
    expected.scores.push_back({score, (negative + positive) * (1 - p), (negative + positive) * p});
    c.true_positives += positive * p;
    c.false_positives += positive * (1 - p);
    c.false_negatives += negative * p;
    c.true_negatives += negative * (1 - p);
    expected.hit_variance += positive * p * (1 - p);
    expected.miss_variance += negative * p * (1 - p);
  }
  return expected;
}

Estimate Within01(double value, double variance) {
  Estimate estimate = stats::Normal(value, std::sqrt(variance));
  estimate.lower = std::max(0.0, *estimate.lower);
  estimate.upper = std::min(1.0, *estimate.upper);
  return estimate;
}

// Those of one class: nullopt where nothing is predicted, or expected.
std::optional<Estimate> ExpectedPrecision(const Expected& e) {
  if (!(e.predicted() > 0)) return std::nullopt;
  return Within01(e.rows.true_positives / e.predicted(),
                  e.hit_variance / (e.predicted() * e.predicted()));
}

std::optional<Estimate> ExpectedRecall(const Expected& e) {
  if (!(e.actual() > 0)) return std::nullopt;
  const double fn = e.rows.false_negatives, tp = e.rows.true_positives;
  return Within01(tp / e.actual(),
                  (fn * fn * e.hit_variance + tp * tp * e.miss_variance) / std::pow(e.actual(), 4));
}

std::optional<Estimate> ExpectedF1(const Expected& e) {
  const double sum = e.predicted() + e.actual();  // tp + fn + all that were predicted
  if (!(sum > 0)) return std::nullopt;
  const double of_hits = 2 * (e.predicted() + e.rows.false_negatives);
  const double of_misses = 2 * e.rows.true_positives;
  return Within01(2 * e.rows.true_positives / sum,
                  (of_hits * of_hits * e.hit_variance + of_misses * of_misses * e.miss_variance) /
                      std::pow(sum, 4));
}

std::vector<MetricValue> EstimateBinary(const Expected& e) {
  Gatherer out;
  out.Add(Metric::kAccuracy, Within01((e.rows.true_positives + e.rows.true_negatives) / e.all(),
                                      (e.hit_variance + e.miss_variance) / (e.all() * e.all())));
  out.Add(Metric::kPrecision, ExpectedPrecision(e));
  out.Add(Metric::kRecall, ExpectedRecall(e));
  out.Add(Metric::kF1, ExpectedF1(e));
  out.Add(Metric::kRocAuc, stats::RocAuc(e.scores));
  return out.Take();
}

std::vector<MetricValue> EstimateMultiClass(absl::Span<const Expected> classes) {
  Gatherer out;
  ClassMean precision, recall, f1, auc;
  const auto add = [](const std::optional<Estimate>& estimate, ClassMean* mean) {
    if (estimate.has_value()) mean->Add(*estimate);
  };
  double hits = 0, variance = 0;
  for (const Expected& one : classes) {
    hits += one.rows.true_positives;
    variance += one.hit_variance;
    add(ExpectedPrecision(one), &precision);
    add(ExpectedRecall(one), &recall);
    add(ExpectedF1(one), &f1);
    add(stats::RocAuc(one.scores), &auc);
  }
  const double rows = classes.front().all();
  out.Add(Metric::kAccuracy, Within01(hits / rows, variance / (rows * rows)));
  out.Add(Metric::kPrecision, precision.Mean());
  out.Add(Metric::kRecall, recall.Mean());
  out.Add(Metric::kF1, f1.Mean());
  out.Add(Metric::kRocAuc, auc.Mean());
  return out.Take();
}

}  // namespace

std::vector<MetricValue> EstimatePerformance(
    const PerformanceTask& task, absl::Span<const std::optional<Calibration>> calibrations,
    absl::Span<const stats::ScoreTable> scores) {
  std::vector<Expected> classes;
  for (size_t i = 0; i < std::min(scores.size(), calibrations.size()); ++i) {
    classes.push_back(Expect(calibrations[i], scores[i]));
  }
  if (classes.empty() || !(classes.front().all() > 0)) return {};
  switch (task.kind) {
    case TaskKind::kBinary:
      return task.score.has_value() ? EstimateBinary(classes.front()) : std::vector<MetricValue>();
    case TaskKind::kMultiClass:
      return EstimateMultiClass(classes);
    case TaskKind::kRegression:
      return {};
  }
  return {};
}

}  // namespace plumbline::profile
