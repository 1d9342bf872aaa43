#include "server/stats/wasserstein.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

#include "absl/status/status.h"
#include "server/stats/compensated_sum.h"
#include "server/stats/spans.h"

namespace plumbline::stats {
namespace {

// Width of [low, high), or 0 for an atom: an interval of at most 4 ulps holds one value.
double Width(double low, double high) {
  const double width = high - low;
  const double magnitude = std::max(std::abs(low), std::abs(high));
  // Plainly wider: an ulp is at most 2^-52 of a normal number.
  if (magnitude > 1e-290 && width > 0x1p-49 * magnitude) return width;
  const double ulp = std::nextafter(magnitude, std::numeric_limits<double>::infinity()) - magnitude;
  return width <= 4 * ulp ? 0 : width;
}

// Integral over [0, 1] of |line from a to b|.
double MeanAbsolute(double a, double b) {
  if ((a >= 0) == (b >= 0)) return (std::abs(a) + std::abs(b)) / 2;
  return (a * a + b * b) / (2 * (std::abs(a) + std::abs(b)));
}

// Integral of the tail's share between the edge and its values.
absl::StatusOr<double> TailDistance(WassersteinTail tail, double edge, double direction,
                                    double total) {
  if (tail.count == 0) return 0.0;
  if (!std::isfinite(tail.sum)) {
    return absl::InvalidArgumentError("wasserstein: the sum of a tail is not finite");
  }
  const double count = static_cast<double>(tail.count);
  const double distance = direction * (tail.sum / count - edge);
  const double slack = 1e-9 * (std::abs(edge) + std::abs(tail.sum / count));
  if (distance < -slack) {
    return absl::InvalidArgumentError("wasserstein: the sum of a tail lies inside the bins");
  }
  return std::max(0.0, distance) * (count / total);
}

absl::Status ValidateBins(absl::Span<const double> edges, size_t baseline_size, size_t live_size) {
  if (edges.size() < 2 || baseline_size + 1 != edges.size() || live_size != baseline_size) {
    return absl::InvalidArgumentError("wasserstein: B bins need B + 1 edges, and B counts a side");
  }
  bool ascending = std::isfinite(edges.front()) && std::isfinite(edges.back());
  for (size_t i = 1; i < edges.size(); ++i) ascending &= edges[i - 1] <= edges[i];  // no NaN either
  if (!ascending) {
    return absl::InvalidArgumentError("wasserstein: the edges must be finite and ascending");
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<double> WassersteinFromSamples(absl::Span<const double> a,
                                              absl::Span<const double> b) {
  if (a.empty() || b.empty()) return absl::FailedPreconditionError("wasserstein: an empty side");
  if (!AllFinite(a) || !AllFinite(b)) {
    return absl::InvalidArgumentError("wasserstein: a value is not finite");
  }
  std::vector<double> left(a.begin(), a.end());
  std::vector<double> right(b.begin(), b.end());
  std::sort(left.begin(), left.end());
  std::sort(right.begin(), right.end());
  const double n = static_cast<double>(left.size());
  const double m = static_cast<double>(right.size());
  CompensatedSum distance;
  double previous = std::min(left.front(), right.front());
  size_t i = 0;
  size_t j = 0;
  while (i < left.size() || j < right.size()) {
    const bool take_left = j == right.size() || (i < left.size() && left[i] <= right[j]);
    const double x = take_left ? left[i] : right[j];
    const double gap = static_cast<double>(i) / n - static_cast<double>(j) / m;
    if (x > previous) distance.Add(std::abs(gap) * (x - previous));
    previous = x;
    take_left ? ++i : ++j;
  }
  return distance.Value();
}

absl::StatusOr<double> WassersteinFromBins(absl::Span<const double> edges,
                                           absl::Span<const uint64_t> baseline,
                                           absl::Span<const uint64_t> live,
                                           WassersteinTail live_below, WassersteinTail live_above) {
  if (absl::Status valid = ValidateBins(edges, baseline.size(), live.size()); !valid.ok()) {
    return valid;
  }
  const uint64_t n = std::accumulate(baseline.begin(), baseline.end(), uint64_t{0});
  const uint64_t m = std::accumulate(live.begin(), live.end(), live_below.count + live_above.count);
  if (n == 0 || m == 0) return absl::FailedPreconditionError("wasserstein: an empty side");
  const double n_baseline = static_cast<double>(n);
  const double n_live = static_cast<double>(m);
  const auto below = TailDistance(live_below, edges.front(), -1, n_live);
  if (!below.ok()) return below;
  const auto above = TailDistance(live_above, edges.back(), 1, n_live);
  if (!above.ok()) return above;

  // None is negative: a plain sum of so few loses nothing.
  double distance = *below + *above;
  double sum_baseline = 0;
  auto sum_live = static_cast<double>(live_below.count);
  // F_baseline - F_live; without a division, and 0 where both are the same.
  const double scale = 1 / (n_baseline * n_live);
  const auto gap_here = [&] { return scale * (sum_baseline * n_live - sum_live * n_baseline); };
  double gap = gap_here();
  for (size_t i = 0; i < baseline.size(); ++i) {
    sum_baseline += ToDouble(baseline[i]);
    sum_live += ToDouble(live[i]);
    const double next_gap = gap_here();
    distance += MeanAbsolute(gap, next_gap) * Width(edges[i], edges[i + 1]);
    gap = next_gap;
  }
  return distance;
}

}  // namespace plumbline::stats
