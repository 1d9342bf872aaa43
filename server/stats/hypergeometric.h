#ifndef PLUMBLINE_SERVER_STATS_HYPERGEOMETRIC_H_
#define PLUMBLINE_SERVER_STATS_HYPERGEOMETRIC_H_

#include <cstdint>

namespace plumbline::stats {

/// Law of the number of marked rows among `draws` rows drawn without replacement from `marked` +
/// `unmarked`. draws <= marked + unmarked, and the total below 2^53.
/// Probabilities come from Loader's saddle-point form (Loader 2000, "Fast and accurate computation
/// of binomial probabilities"), good to about 1e-12 relative at any size. A tail sums 256 terms by
/// their ratio and, if more is left, integrates the rest (Gauss-Legendre, with the first
/// Euler-Maclaurin term): relative error below 1e-6, cost a few hundred evaluations at most.
class Hypergeometric {
 public:
  Hypergeometric(uint64_t marked, uint64_t unmarked, uint64_t draws);

  [[nodiscard]] uint64_t min() const { return min_; }
  [[nodiscard]] uint64_t max() const { return max_; }
  [[nodiscard]] uint64_t mode() const { return mode_; }

  /// ln P(X = k); -Inf outside [min, max].
  [[nodiscard]] double LogPmf(uint64_t k) const;
  /// P(X >= k), in [0, 1]; 0 where it underflows.
  [[nodiscard]] double UpperTail(uint64_t k) const;
  /// P(X <= k), in [0, 1]; 0 where it underflows.
  [[nodiscard]] double LowerTail(uint64_t k) const;

 private:
  // LogPmf between the integers, for integration.
  double LogDensity(double k) const;
  // Sum of the pmf from k outwards (direction +1 or -1), where k is at or beyond the mode.
  double OuterTail(uint64_t k, int direction) const;
  double IntegrateTail(double from, int direction) const;

  double marked_;
  double unmarked_;
  double draws_;
  double log_normaliser_;
  uint64_t min_;
  uint64_t max_;
  uint64_t mode_;
};

}  // namespace plumbline::stats

#endif  // PLUMBLINE_SERVER_STATS_HYPERGEOMETRIC_H_
