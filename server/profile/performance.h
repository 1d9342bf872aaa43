#ifndef PLUMBLINE_SERVER_PROFILE_PERFORMANCE_H_
#define PLUMBLINE_SERVER_PROFILE_PERFORMANCE_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "server/profile/baseline.h"
#include "server/profile/performance_task.h"
#include "server/stats/loss_sums.h"
#include "server/stats/score_table.h"

namespace plumbline::profile {

/// How long after their predictions labels came: counts by powers of the square root of 2 of
/// seconds, from one second to about a century.
class DelayHistogram {
 public:
  static constexpr size_t kBuckets = 64;

  /// A label before its prediction counts as no delay.
  void Add(double seconds);
  void Remove(double seconds);
  void Merge(const DelayHistogram& other);
  uint64_t count() const;
  /// Interpolated within its bucket, evenly in the logarithm: the median of delays that are all the
  /// same is off by up to 19%, no quantile by more than 41%. 0 if there is none.
  double Quantile(double rank) const;

  std::array<uint64_t, kBuckets>& buckets() { return buckets_; }
  const std::array<uint64_t, kBuckets>& buckets() const { return buckets_; }

 private:
  std::array<uint64_t, kBuckets> buckets_{};
};

/// Figures of FigureSums of a row's losses, where there are probabilities.
enum LossFigure : size_t { kLogLoss, kLogLossSquare, kBrier, kBrierSquare, kLossFigures };
using LossSums = stats::FigureSums<kLossFigures>;

/// Predictions of a slice of time, and what their labels say of them: counts and sums. They add, so
/// slices merge; a label that changes takes out what it added. Of one task. A value.
struct PerformanceCounts {
  uint64_t predictions = 0;  // usable ones
  uint64_t labelled = 0;     // of those, with a usable label; more only if a slice was lost
  stats::ScoreTable scores;  // binary: of all predictions
  absl::btree_map<std::pair<uint32_t, uint32_t>, uint64_t> confusion;  // multi-class: label, class
  // Multi-class with probabilities: each class against the rest, of all predictions.
  std::vector<stats::ScoreTable> class_scores;
  LossSums losses;
  stats::ErrorSums errors;            // regression
  std::vector<uint64_t> label_codes;  // codes of the label against its baseline
  DelayHistogram delays;

  void Merge(const PerformanceCounts& other);
};

/// Adds rows to counts, and takes them out again.
class PerformanceCounter {
 public:
  /// Both outlive it.
  PerformanceCounter(const Baseline& baseline, const PerformanceTask& task);

  void AddPrediction(const Outcome& outcome, PerformanceCounts* counts) const;
  void RemovePrediction(const Outcome& outcome, PerformanceCounts* counts) const;
  /// True if the label can be compared with predictions: of a binary task, one of its two classes;
  /// no figure overflows.
  bool IsUsable(const Outcome& outcome, double label) const;
  /// The label of a prediction that was added; IsUsable.
  void AddLabel(const Outcome& outcome, double label, PerformanceCounts* counts) const;
  void RemoveLabel(const Outcome& outcome, double label, PerformanceCounts* counts) const;
  /// The loss that is watched for change: 1 for a wrong class, |error| of a regression.
  double LossOf(const Outcome& outcome, double label) const;

 private:
  // Counts a row's probability of every class among those of one truth, or takes it out.
  void MoveClassScores(const Outcome& outcome, bool add, std::optional<double> label,
                       PerformanceCounts* counts) const;
  void MoveLabel(const Outcome& outcome, double label, bool add, PerformanceCounts* counts) const;
  size_t LabelCode(double label) const;

  const Baseline& baseline_;
  const PerformanceTask& task_;
  double label_shift_ = 0;
  std::vector<size_t> class_codes_;  // codes of the classes, and of one that is none of them
};

/// Adds those of the rows [begin, end) that have both, or only a prediction: as training has them.
void CountPerformance(const Baseline& baseline, const PerformanceTask& task, const Aliases& aliases,
                      const BatchView& batch, uint32_t begin, uint32_t end,
                      PerformanceCounts* counts);

/// Compact bytes for the store, and back. Errors: DataLoss if they are none of this task. Hostile
/// bytes are safe.
std::string EncodePerformance(const PerformanceCounts& counts);
absl::StatusOr<PerformanceCounts> DecodePerformance(const Baseline& baseline,
                                                    const PerformanceTask& task,
                                                    absl::string_view bytes);

}  // namespace plumbline::profile

#endif  // PLUMBLINE_SERVER_PROFILE_PERFORMANCE_H_
