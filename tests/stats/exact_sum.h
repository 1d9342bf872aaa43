#ifndef PLUMBLINE_TESTS_STATS_EXACT_SUM_H_
#define PLUMBLINE_TESTS_STATS_EXACT_SUM_H_

#include <cmath>
#include <utility>
#include <vector>

namespace plumbline::stats {

/// The sum of doubles without any rounding, as parts that do not overlap (Shewchuk 1997, "Adaptive
/// precision floating-point arithmetic", grow-expansion). No part may overflow.
class ExactSum {
 public:
  void Add(double x) {
    std::vector<double> next;
    for (double part : parts_) {
      if (std::abs(x) < std::abs(part)) std::swap(x, part);
      const double total = x + part;
      const double rest = part - (total - x);
      if (rest != 0) next.push_back(rest);
      x = total;
    }
    next.push_back(x);
    parts_ = std::move(next);
  }

  /// Within a rounding or two.
  double Value() const {
    double sum = 0;
    for (const double part : parts_) sum += part;  // the smallest comes first
    return sum;
  }

 private:
  std::vector<double> parts_;
};

}  // namespace plumbline::stats

#endif  // PLUMBLINE_TESTS_STATS_EXACT_SUM_H_
