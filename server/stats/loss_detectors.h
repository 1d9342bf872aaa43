#ifndef PLUMBLINE_SERVER_STATS_LOSS_DETECTORS_H_
#define PLUMBLINE_SERVER_STATS_LOSS_DETECTORS_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "absl/types/span.h"

namespace plumbline::stats {

// Detectors of change in a stream of losses, one value at a time. Values must be finite: who calls
// counts the others. All are value types that can be taken apart into numbers and restored exactly.

/// ADWIN (Bifet and Gavalda 2007, "Learning from time-changing data with adaptive windowing",
/// section 3.2 with exponential histograms), with the conventions of river and scikit-multiflow:
/// cuts are looked at every `clock` values, the newest bucket of each row is no cut, and a cut
/// needs `min_window` values on both sides.
class Adwin {
 public:
  struct Options {
    double delta = 0.002;
    uint32_t clock = 32;
    uint32_t max_buckets = 5;
    uint32_t min_window = 5;
    uint32_t grace_period = 10;
    /// After an alarm the next value starts anew; otherwise the window only shrinks, and one change
    /// gives several alarms.
    bool reset_after_alarm = true;
  };
  Adwin() : Adwin(Options{}) {}
  explicit Adwin(const Options& options);

  /// True if the mean of the window changed. Cost: amortised O(1), O(log^2 width) at a clock tick.
  bool Add(double value);
  double width() const { return width_; }
  double total() const { return total_; }
  /// Of the window; 0 while it is empty.
  double mean() const { return width_ > 0 ? total_ / width_ : 0; }
  /// Of the window just before the last alarm.
  double mean_before() const { return mean_before_; }

  /// Everything but the options, as numbers.
  std::vector<double> Parts() const;
  /// Errors: InvalidArgument if they are no Parts of a detector with these options.
  absl::Status Restore(absl::Span<const double> parts);

 private:
  struct Bucket {
    double total = 0;
    double variance = 0;
  };
  using Row = std::vector<Bucket>;  // of 2^index values each, oldest first

  void Compress();
  bool Detect();
  bool CutsSomewhere() const;
  bool IsCut(double n0, double n1, double difference) const;
  void DropOldest();

  Options options_;
  std::vector<Row> rows_;
  double total_ = 0;
  double variance_ = 0;
  double width_ = 0;
  uint64_t tick_ = 0;
  bool alarmed_ = false;
  double mean_before_ = 0;
};

/// Page-Hinkley (Page 1954, Hinkley 1970) for a rise of the mean, with the conventions of river
/// (and with alpha 1 and `at_threshold` false those of frouros' CUSUM): the mean takes the value in
/// first; S = max(0, alpha S + value - mean - delta); alarm once `min_values` have come and S has
/// reached (or else passed) the threshold. The value after an alarm starts anew.
class PageHinkley {
 public:
  struct Options {
    uint64_t min_values = 30;
    double delta = 0.005;
    double threshold = 50;
    double alpha = 0.9999;
    bool at_threshold = true;
  };
  PageHinkley() : PageHinkley(Options{}) {}
  explicit PageHinkley(const Options& options) : options_(options) {}

  bool Add(double value);
  double sum() const { return sum_; }
  /// Of the values since the last new start.
  double mean() const { return mean_; }

  std::vector<double> Parts() const;
  absl::Status Restore(absl::Span<const double> parts);

 private:
  Options options_;
  uint64_t values_ = 0;
  double mean_ = 0;
  double sum_ = 0;
  bool alarmed_ = false;
};

/// The mean loss in which each step back weighs `alpha` times less (Gama, Sebastiao and Rodrigues
/// 2013, "On evaluating stream learning algorithms", section 3.2): S = loss + alpha S over
/// N = 1 + alpha N.
class FadingMean {
 public:
  explicit FadingMean(double alpha = 0.999) : alpha_(alpha) {}
  void Add(double value);
  /// 0 while it is empty.
  double Value() const { return weight_ > 0 ? sum_ / weight_ : 0; }

  std::vector<double> Parts() const { return {sum_, weight_}; }
  absl::Status Restore(absl::Span<const double> parts);

 private:
  double alpha_;
  double sum_ = 0;
  double weight_ = 0;
};

}  // namespace plumbline::stats

#endif  // PLUMBLINE_SERVER_STATS_LOSS_DETECTORS_H_
