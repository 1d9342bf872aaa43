#ifndef PLUMBLINE_SERVER_STATS_SCORE_TABLE_H_
#define PLUMBLINE_SERVER_STATS_SCORE_TABLE_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "absl/container/btree_map.h"
#include "absl/types/span.h"
#include "server/stats/intervals.h"

namespace plumbline::stats {

/// What is known of a row's label.
enum class Truth : uint8_t { kUnknown = 0, kNegative = 1, kPositive = 2 };

/// Rows of one score by what was predicted of them and by their labels.
struct ScoreCell {
  /// [predicted positive][Truth].
  std::array<std::array<uint64_t, 3>, 2> rows{};

  uint64_t Of(Truth truth) const {
    return rows[0][static_cast<size_t>(truth)] + rows[1][static_cast<size_t>(truth)];
  }
  uint64_t Labelled() const { return Of(Truth::kNegative) + Of(Truth::kPositive); }
  uint64_t All() const { return Labelled() + Of(Truth::kUnknown); }
  bool empty() const { return All() == 0; }

  friend bool operator==(const ScoreCell&, const ScoreCell&) = default;
};

/// Scores of a binary classifier with their labels, as counts: ranks are exact while there are at
/// most kMaxCells distinct scores; beyond that scores are rounded down to multiples of 2^-k, with
/// the largest k for which they are no more than that. So tables merge exactly, in any order, and a
/// row can be taken out again. Scores must not be NaN. A value; memory O(kMaxCells).
class ScoreTable {
 public:
  static constexpr size_t kMaxCells = 2048;
  using Cells = absl::btree_map<double, ScoreCell>;

  /// Cost: O(log cells).
  void Add(double score, bool predicted, Truth truth, uint64_t rows = 1);
  /// Takes out what was added; what is not there is left.
  void Remove(double score, bool predicted, Truth truth);
  void Merge(const ScoreTable& other);

  /// By score, ascending.
  const Cells& cells() const { return cells_; }
  /// The k of the multiples; nullopt while ranks are exact.
  std::optional<int> grid() const { return grid_; }
  /// Restores a table. False if cells or grid are none of a table.
  bool Restore(Cells cells, std::optional<int> grid);

  friend bool operator==(const ScoreTable&, const ScoreTable&) = default;

 private:
  double Key(double score) const;
  void Regrid(std::optional<int> grid);
  void Shrink();

  Cells cells_;
  std::optional<int> grid_;
};

/// Scores with weights of negative and positive rows, ascending, no score twice.
struct WeightedScore {
  double score = 0;
  double negatives = 0;
  double positives = 0;
};

/// Area under the ROC curve: the chance that a positive row's score is above a negative one's, ties
/// half. Interval: DeLong, DeLong and Clarke-Pearson (1988, Biometrics 44:837) with ties, on the
/// logit scale. nullopt without rows of both kinds. Cost: O(scores).
std::optional<Estimate> RocAuc(absl::Span<const WeightedScore> scores);

/// Average precision, sum (R_i - R_i-1) P_i over the distinct scores as thresholds, as scikit-learn
/// has it. Interval: Boyd, Eng and Page (2013, "Area under the precision-recall curve", section
/// 3.2): logit, with the number of positives. nullopt without positives.
std::optional<Estimate> AveragePrecision(absl::Span<const WeightedScore> scores);

/// Expected calibration error over ten bins of equal width in [0, 1] (the upper edge belongs to the
/// bin): sum of w |mean score - share of positives| (Naeini, Cooper and Hauskrecht 2015). Interval:
/// normal, of the labels given the scores. nullopt without rows.
std::optional<Estimate> CalibrationError(absl::Span<const WeightedScore> scores);

}  // namespace plumbline::stats

#endif  // PLUMBLINE_SERVER_STATS_SCORE_TABLE_H_
