#ifndef PLUMBLINE_SERVER_STATS_COMPENSATED_SUM_H_
#define PLUMBLINE_SERVER_STATS_COMPENSATED_SUM_H_

#include <cmath>

namespace plumbline::stats {

/// A sum of doubles whose rounding errors are summed beside it (Neumaier 1974,
/// "Rundungsfehleranalyse einiger Verfahren zur Summation endlicher Summen", algorithm IV). The
/// error of Value() is about one rounding of the result plus n * 2^-106 * sum|x|: exact to the last
/// digits at 1e9 values, in any order and over any tree of merges. Range: finite values; an
/// overflow or an Inf that gets in stays, as Inf or NaN in Value(): callers count non-finite values
/// instead of adding them. Cost: 4 additions a value. Value type.
class CompensatedSum {
 public:
  CompensatedSum() = default;

  /// The two parts as sum() and compensation() gave them; restores the state exactly.
  [[nodiscard]] static CompensatedSum FromParts(double sum, double compensation) {
    CompensatedSum result;
    result.sum_ = sum;
    result.compensation_ = compensation;
    return result;
  }

  void Add(double value) {
    const double total = sum_ + value;
    if (std::abs(sum_) >= std::abs(value)) {
      compensation_ += (sum_ - total) + value;
    } else {
      compensation_ += (value - total) + sum_;
    }
    sum_ = total;
  }

  /// Adds value + error, where `error` is far smaller: the rounding error of computing `value`.
  void AddWithError(double value, double error) {
    Add(value);
    compensation_ += error;
  }

  /// Adds what `other` has summed, with its compensation.
  void Merge(const CompensatedSum& other) { AddWithError(other.sum_, other.compensation_); }

  /// The sum, rounded once. An overflowed sum is +-Inf (the compensation would make it NaN).
  [[nodiscard]] double Value() const { return std::isfinite(sum_) ? sum_ + compensation_ : sum_; }

  [[nodiscard]] double sum() const { return sum_; }
  [[nodiscard]] double compensation() const { return compensation_; }

 private:
  double sum_ = 0;
  double compensation_ = 0;
};

}  // namespace plumbline::stats

#endif  // PLUMBLINE_SERVER_STATS_COMPENSATED_SUM_H_
