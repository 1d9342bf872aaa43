#ifndef PLUMBLINE_SERVER_STATS_LOSS_SUMS_H_
#define PLUMBLINE_SERVER_STATS_LOSS_SUMS_H_

#include <array>
#include <cstdint>
#include <optional>

#include "absl/types/span.h"
#include "server/stats/compensated_sum.h"
#include "server/stats/intervals.h"

namespace plumbline::stats {

/// Compensated sums of several figures of the same rows. Rows can be taken out again: what that
/// leaves is within the last digits. A value.
template <size_t kFigures>
class FigureSums {
 public:
  using Figures = std::array<double, kFigures>;

  /// All finite.
  void Add(const Figures& figures) {
    ++rows_;
    for (size_t i = 0; i < kFigures; ++i) sums_[i].Add(figures[i]);
  }
  void Remove(const Figures& figures) {
    if (rows_ == 0) return;
    if (--rows_ == 0) {
      *this = {};
      return;
    }
    for (size_t i = 0; i < kFigures; ++i) sums_[i].Add(-figures[i]);
  }
  void Merge(const FigureSums& other) {
    rows_ += other.rows_;
    for (size_t i = 0; i < kFigures; ++i) sums_[i].Merge(other.sums_[i]);
  }
  uint64_t rows() const { return rows_; }
  double Sum(size_t figure) const { return sums_[figure].Value(); }
  /// Over all rows; 0 without any.
  double Mean(size_t figure) const {
    return rows_ == 0 ? 0 : Sum(figure) / static_cast<double>(rows_);
  }
  const std::array<CompensatedSum, kFigures>& sums() const { return sums_; }
  static FigureSums FromParts(uint64_t rows, const std::array<CompensatedSum, kFigures>& sums) {
    FigureSums restored;
    restored.rows_ = rows;
    restored.sums_ = sums;
    return restored;
  }

 private:
  uint64_t rows_ = 0;
  std::array<CompensatedSum, kFigures> sums_{};
};

/// A mean from the sums of values and of their squares. Interval: normal. nullopt without rows.
std::optional<Estimate> MeanOf(double rows, double sum, double sum_of_squares);

/// Errors of a regression: e = prediction - label, d = label - shift with any fixed shift near the
/// labels. The figures of a row.
enum ErrorFigure : size_t {
  kError,           // e
  kAbsolute,        // |e|
  kSquare,          // e^2
  kFourth,          // e^4
  kLabel,           // d
  kLabelSquare,     // d^2
  kLabelThird,      // d^3
  kLabelFourth,     // d^4
  kSquareLabel,     // e^2 d
  kSquareLabelTwo,  // e^2 d^2
  kRelative,        // |e / label|, 0 where the label is 0
  kRelativeSquare,  // its square
  kNotZero,         // 1 where the label is not 0
  kErrorFigures
};
using ErrorSums = FigureSums<kErrorFigures>;

/// nullopt if one of the figures overflows.
std::optional<ErrorSums::Figures> ErrorFigures(double prediction, double label, double shift);

// All nullopt where there are no rows for them.
/// Mean absolute error. Interval: normal.
std::optional<Estimate> MeanAbsoluteError(const ErrorSums& sums);
/// Root of the mean squared error. Interval: that of the mean squared error, its root.
std::optional<Estimate> RootMeanSquaredError(const ErrorSums& sums);
/// Mean of |e / label| over the rows whose label is not 0, as a share. Interval: normal.
std::optional<Estimate> MeanAbsolutePercentageError(const ErrorSums& sums);
/// Mean of e: positive where predictions are too high. Interval: normal.
std::optional<Estimate> Bias(const ErrorSums& sums);
/// 1 - sum e^2 / sum (label - mean)^2. Interval: normal, by the delta method on the two sums.
/// nullopt for constant labels.
std::optional<Estimate> RSquared(const ErrorSums& sums);

}  // namespace plumbline::stats

#endif  // PLUMBLINE_SERVER_STATS_LOSS_SUMS_H_
