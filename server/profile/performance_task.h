#ifndef PLUMBLINE_SERVER_PROFILE_PERFORMANCE_TASK_H_
#define PLUMBLINE_SERVER_PROFILE_PERFORMANCE_TASK_H_

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "server/profile/aliases.h"
#include "server/profile/batch.h"

namespace plumbline::profile {

struct Baseline;
struct VariableBaseline;

/// What a model predicts. Values are stored on disk.
enum class TaskKind : uint8_t { kBinary = 1, kMultiClass = 2, kRegression = 3 };

absl::string_view TaskKindName(TaskKind kind);

/// More classes than these are no classes.
inline constexpr size_t kMaxClasses = 100;

/// Which variables performance is computed from. Variables by their index in the baseline.
struct PerformanceTask {
  TaskKind kind = TaskKind::kBinary;
  uint32_t label = 0;
  std::optional<uint32_t> prediction;  // the class, or the number
  std::optional<uint32_t> score;       // binary: larger for the positive class
  std::vector<uint32_t> class_scores;  // multi-class: the probability of each class, or none
  bool probability = false;            // `score` is the probability of the positive class
  std::vector<std::string> classes;    // binary: the negative one, the positive one

  friend bool operator==(const PerformanceTask&, const PerformanceTask&) = default;
};

/// From the roles, kinds and training values of a baseline: the first label, and
/// - two values: binary, by the first prediction that has classes of the label's, the first that is
///   a probability (or else any other number) as its score, without the former a score of at least
///   0.5 is positive. Positive is the larger number, `true`, or else the class whose mean score in
///   the row sample is higher, or else the later name;
/// - up to kMaxClasses whole numbers or names: multi-class, if a prediction has them too, or a
/// group
///   of probabilities is named after them;
/// - any other number: regression, by the first prediction that is a number.
/// nullopt if there is no such label and prediction. Pure.
std::optional<PerformanceTask> FindTask(const Baseline& baseline);

/// What a model said of a row.
struct Outcome {
  double prediction = 0;  // index of the class, or the number
  double score = 0;       // binary; without a score the class
  std::vector<double> class_scores;

  friend bool operator==(const Outcome&, const Outcome&) = default;
};

/// Reads predictions and labels out of a batch that has passed ValidateBatch. Points into it, and
/// into baseline and task.
class OutcomeReader {
 public:
  OutcomeReader(const Baseline& baseline, const PerformanceTask& task, const Aliases& aliases,
                const BatchView& batch);

  /// True if the batch has the columns that a prediction needs; a label's.
  bool has_predictions() const { return has_predictions_; }
  bool has_labels() const { return label_ != nullptr; }
  /// nullopt if something of it is null, not finite or of another type.
  std::optional<Outcome> OutcomeAt(uint32_t row) const;
  /// The index of the class, or the number: `1.0`, `true` and `True` are the class 1. A class that
  /// training did not have is classes.size(). nullopt as above.
  std::optional<double> LabelAt(uint32_t row) const;
  /// True if there is none: not even one that cannot be used.
  bool IsNullLabel(uint32_t row) const { return label_ == nullptr || !label_->IsValid(row); }

 private:
  std::optional<double> ValueAt(const ColumnView& column, uint32_t row) const;
  double ClassOf(absl::string_view name) const;
  double ClassOf(double number) const;

  const PerformanceTask& task_;
  const ColumnView* label_ = nullptr;
  const ColumnView* prediction_ = nullptr;
  std::vector<const ColumnView*> scores_;
  bool has_predictions_ = false;
  absl::flat_hash_map<absl::string_view, size_t> classes_;
  absl::flat_hash_map<std::string, size_t> alike_;  // by what a name means, if that is one each
};

}  // namespace plumbline::profile

#endif  // PLUMBLINE_SERVER_PROFILE_PERFORMANCE_TASK_H_
