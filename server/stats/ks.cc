#include "server/stats/ks.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "absl/status/status.h"
#include "server/stats/spans.h"

namespace plumbline::stats {
namespace {

double PValue(double statistic, double n, double m) {
  return KolmogorovPValue(statistic * std::sqrt(n / (n + m) * m));
}

bool HasNan(absl::Span<const double> values) {
  return std::any_of(values.begin(), values.end(), [](double x) { return std::isnan(x); });
}

}  // namespace

absl::StatusOr<KsResult> KsFromCounts(absl::Span<const uint64_t> baseline,
                                      absl::Span<const uint64_t> live) {
  if (baseline.size() != live.size() || baseline.empty()) {
    return absl::InvalidArgumentError("ks: the sides need the same cells, one at least");
  }
  const uint64_t n = std::accumulate(baseline.begin(), baseline.end(), uint64_t{0});
  const uint64_t m = std::accumulate(live.begin(), live.end(), uint64_t{0});
  if (n == 0 || m == 0) return absl::FailedPreconditionError("ks: an empty side");
  const double n_baseline = static_cast<double>(n);
  const double n_live = static_cast<double>(m);
  KsResult result;
  double largest = 0;  // times both totals, so that few cells need a division
  double below_baseline = 0;
  double below_live = 0;
  for (size_t i = 0; i < baseline.size(); ++i) {
    below_baseline += ToDouble(baseline[i]);
    below_live += ToDouble(live[i]);
    const double gap = std::abs(below_baseline * n_live - below_live * n_baseline);
    if (gap > largest) {
      largest = gap;
      result.at = i;
      result.statistic = std::abs(below_baseline / n_baseline - below_live / n_live);
    }
  }
  result.p_value = PValue(result.statistic, n_baseline, n_live);
  return result;
}

absl::StatusOr<KsResult> KsFromSamples(absl::Span<const double> a, absl::Span<const double> b) {
  if (a.empty() || b.empty()) return absl::FailedPreconditionError("ks: an empty side");
  if (HasNan(a) || HasNan(b)) return absl::InvalidArgumentError("ks: a value is NaN");
  std::vector<double> left(a.begin(), a.end());
  std::vector<double> right(b.begin(), b.end());
  std::sort(left.begin(), left.end());
  std::sort(right.begin(), right.end());
  const double n = static_cast<double>(left.size());
  const double m = static_cast<double>(right.size());
  KsResult result;
  size_t i = 0;
  size_t j = 0;
  while (i < left.size() && j < right.size()) {
    const double x = std::min(left[i], right[j]);
    while (i < left.size() && left[i] == x) ++i;
    while (j < right.size() && right[j] == x) ++j;
    const double gap = std::abs(static_cast<double>(i) / n - static_cast<double>(j) / m);
    if (gap > result.statistic) {
      result.statistic = gap;
      result.at = i;
    }
  }
  result.p_value = PValue(result.statistic, n, m);
  return result;
}

}  // namespace plumbline::stats
