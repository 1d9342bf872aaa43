#include "server/stats/divergences.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>

#include "absl/status/status.h"

namespace plumbline::stats {
namespace {

struct Totals {
  double p = 0;
  double q = 0;
};

absl::StatusOr<Totals> Validate(absl::Span<const uint64_t> p, absl::Span<const uint64_t> q) {
  if (p.size() != q.size() || p.empty()) {
    return absl::InvalidArgumentError("the sides need the same cells, one at least");
  }
  const Totals totals = {
      .p = static_cast<double>(std::accumulate(p.begin(), p.end(), uint64_t{0})),
      .q = static_cast<double>(std::accumulate(q.begin(), q.end(), uint64_t{0}))};
  if (totals.p == 0 || totals.q == 0) return absl::FailedPreconditionError("an empty side");
  return totals;
}

absl::StatusOr<Totals> Validate(absl::Span<const double> p, absl::Span<const double> q) {
  if (p.size() != q.size() || p.empty()) {
    return absl::InvalidArgumentError("the sides need the same cells, one at least");
  }
  Totals totals;
  for (size_t i = 0; i < p.size(); ++i) {
    if (!std::isfinite(p[i]) || !std::isfinite(q[i]) || p[i] < 0 || q[i] < 0) {
      return absl::InvalidArgumentError("a weight is negative or not finite");
    }
    totals.p += p[i];
    totals.q += q[i];
  }
  if (!std::isfinite(totals.p) || !std::isfinite(totals.q)) {
    return absl::InvalidArgumentError("the weights overflow");
  }
  if (totals.p == 0 || totals.q == 0) return absl::FailedPreconditionError("an empty side");
  return totals;
}

// Sum of term(p_i, q_i) over the normalised sides.
template <class T, class Term>
absl::StatusOr<double> SumTerms(absl::Span<const T> p, absl::Span<const T> q, Term term) {
  const absl::StatusOr<Totals> totals = Validate(p, q);
  if (!totals.ok()) return totals.status();
  double sum = 0;
  for (size_t i = 0; i < p.size(); ++i) {
    sum += term(static_cast<double>(p[i]) / totals->p, static_cast<double>(q[i]) / totals->q);
  }
  return sum;
}

// Applies `finish` to a sum, if there is one.
template <class Finish>
absl::StatusOr<double> Then(absl::StatusOr<double> sum, Finish finish) {
  if (!sum.ok()) return sum;
  return finish(*sum);
}

double Unit(double value) { return std::clamp(value, 0.0, 1.0); }

// p ln(p / q), 0 for p = 0 and Inf for q = 0.
double KlTerm(double p, double q) {
  if (p == 0) return 0;
  if (q == 0) return std::numeric_limits<double>::infinity();
  return p * std::log(p / q);
}

// One cell's share of the base-2 divergence, >= 0. With t = (p - q) / (p + q) it is
// (p + q) / (4 ln 2) ((1 + t) ln(1 + t) + (1 - t) ln(1 - t)). For small t the two halves cancel, so
// there it is summed as t^2 + t^4 / 6 + ... + t^2k / (k (2k - 1)).
double JsTerm(double p, double q) {
  if (p == q) return 0;
  const double t = (p - q) / (p + q);
  double entropy = 0;
  if (std::abs(t) < 0.05) {
    const double t2 = t * t;
    entropy = t2 * (1 + t2 * (1.0 / 6 + t2 * (1.0 / 15 + t2 * (1.0 / 28 + t2 / 45))));
  } else {
    if (t > -1) entropy += (1 + t) * std::log1p(t);
    if (t < 1) entropy += (1 - t) * std::log1p(-t);
  }
  return (p + q) / (4 * std::log(2.0)) * entropy;
}

double SquaredRootDifference(double p, double q) {
  const double difference = std::sqrt(p) - std::sqrt(q);
  return difference * difference;
}

template <class T>
absl::StatusOr<double> JsDivergenceOf(absl::Span<const T> p, absl::Span<const T> q) {
  return Then(SumTerms(p, q, JsTerm), Unit);
}

template <class T>
absl::StatusOr<double> JsDistanceOf(absl::Span<const T> p, absl::Span<const T> q) {
  return Then(JsDivergenceOf(p, q), [](double divergence) { return std::sqrt(divergence); });
}

template <class T>
absl::StatusOr<double> KlDivergenceOf(absl::Span<const T> p, absl::Span<const T> q,
                                      double epsilon) {
  if (!std::isfinite(epsilon) || epsilon < 0) {
    return absl::InvalidArgumentError("epsilon must be finite and not negative");
  }
  const auto sum = SumTerms(p, q, [epsilon](double a, double b) {
    return KlTerm(std::max(a, epsilon), std::max(b, epsilon));
  });
  return Then(sum, [](double divergence) { return std::max(0.0, divergence); });
}

template <class T>
absl::StatusOr<double> HellingerOf(absl::Span<const T> p, absl::Span<const T> q) {
  return Then(SumTerms(p, q, SquaredRootDifference),
              [](double sum) { return Unit(std::sqrt(sum / 2)); });
}

template <class T>
absl::StatusOr<double> TotalVariationOf(absl::Span<const T> p, absl::Span<const T> q) {
  return Then(SumTerms(p, q, [](double a, double b) { return std::abs(a - b); }),
              [](double sum) { return Unit(sum / 2); });
}

template <class T>
absl::StatusOr<LInfinityResult> LInfinityOf(absl::Span<const T> p, absl::Span<const T> q) {
  const absl::StatusOr<Totals> totals = Validate(p, q);
  if (!totals.ok()) return totals.status();
  LInfinityResult result;
  for (size_t i = 0; i < p.size(); ++i) {
    const double difference =
        std::abs(static_cast<double>(p[i]) / totals->p - static_cast<double>(q[i]) / totals->q);
    if (difference > result.value) result = {.value = difference, .at = i};
  }
  return result;
}

template <class T>
absl::StatusOr<double> BhattacharyyaOf(absl::Span<const T> p, absl::Span<const T> q) {
  // Through the Hellinger distance: exact near 0, where the sum of roots has lost its digits.
  return Then(SumTerms(p, q, SquaredRootDifference),
              [](double sum) { return std::max(0.0, -std::log1p(-std::min(1.0, sum / 2))); });
}

template <class T>
absl::StatusOr<double> IntersectionComplementOf(absl::Span<const T> p, absl::Span<const T> q) {
  return Then(SumTerms(p, q, [](double a, double b) { return std::min(a, b); }),
              [](double sum) { return Unit(1 - sum); });
}

template <class T>
absl::StatusOr<double> NormalizedAbsoluteDifferenceOf(absl::Span<const T> a,
                                                      absl::Span<const T> b) {
  const absl::StatusOr<Totals> totals = Validate(a, b);
  if (!totals.ok()) return totals.status();
  double largest = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    largest = std::max(largest, std::abs(static_cast<double>(a[i]) - static_cast<double>(b[i])));
  }
  return Unit(largest / (totals->p + totals->q));
}

}  // namespace

using Counts = absl::Span<const uint64_t>;
using Weights = absl::Span<const double>;

absl::StatusOr<double> JsDivergence(Counts p, Counts q) { return JsDivergenceOf(p, q); }
absl::StatusOr<double> JsDivergence(Weights p, Weights q) { return JsDivergenceOf(p, q); }
absl::StatusOr<double> JsDistance(Counts p, Counts q) { return JsDistanceOf(p, q); }
absl::StatusOr<double> JsDistance(Weights p, Weights q) { return JsDistanceOf(p, q); }

absl::StatusOr<double> KlDivergence(Counts p, Counts q, double epsilon) {
  return KlDivergenceOf(p, q, epsilon);
}
absl::StatusOr<double> KlDivergence(Weights p, Weights q, double epsilon) {
  return KlDivergenceOf(p, q, epsilon);
}

absl::StatusOr<double> Hellinger(Counts p, Counts q) { return HellingerOf(p, q); }
absl::StatusOr<double> Hellinger(Weights p, Weights q) { return HellingerOf(p, q); }
absl::StatusOr<double> TotalVariation(Counts p, Counts q) { return TotalVariationOf(p, q); }
absl::StatusOr<double> TotalVariation(Weights p, Weights q) { return TotalVariationOf(p, q); }
absl::StatusOr<LInfinityResult> LInfinity(Counts p, Counts q) { return LInfinityOf(p, q); }
absl::StatusOr<LInfinityResult> LInfinity(Weights p, Weights q) { return LInfinityOf(p, q); }
absl::StatusOr<double> Bhattacharyya(Counts p, Counts q) { return BhattacharyyaOf(p, q); }
absl::StatusOr<double> Bhattacharyya(Weights p, Weights q) { return BhattacharyyaOf(p, q); }

absl::StatusOr<double> HistogramIntersectionComplement(Counts p, Counts q) {
  return IntersectionComplementOf(p, q);
}
absl::StatusOr<double> HistogramIntersectionComplement(Weights p, Weights q) {
  return IntersectionComplementOf(p, q);
}

absl::StatusOr<double> NormalizedAbsoluteDifference(Counts a, Counts b) {
  return NormalizedAbsoluteDifferenceOf(a, b);
}
absl::StatusOr<double> NormalizedAbsoluteDifference(Weights a, Weights b) {
  return NormalizedAbsoluteDifferenceOf(a, b);
}

}  // namespace plumbline::stats
