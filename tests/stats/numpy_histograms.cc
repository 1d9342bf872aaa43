#include "tests/stats/numpy_histograms.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "server/stats/moments.h"

namespace plumbline::stats {
namespace {

std::vector<double> EdgesOfWidth(const std::vector<double>& values, double width) {
  auto [low, high] = std::minmax_element(values.begin(), values.end());
  const double first = *low == *high ? *low - 0.5 : *low;
  const double last = *low == *high ? *high + 0.5 : *high;
  const int bins = width > 0 ? static_cast<int>(std::ceil((last - first) / width)) : 1;
  return Linspace(first, last, bins + 1);
}

}  // namespace

std::vector<double> Linspace(double low, double high, int count) {
  std::vector<double> points;
  const double step = (high - low) / (count - 1);
  for (int i = 0; i < count; ++i) points.push_back(low + i * step);
  points.back() = high;
  return points;
}

double NumpyQuantile(std::vector<double> values, double q) {
  std::sort(values.begin(), values.end());
  const double position = q * static_cast<double>(values.size() - 1);
  const auto below = static_cast<size_t>(std::floor(position));
  const size_t above = std::min(below + 1, values.size() - 1);
  return values[below] + (position - std::floor(position)) * (values[above] - values[below]);
}

std::vector<double> DoaneEdges(const std::vector<double>& values) {
  const double n = static_cast<double>(values.size());
  Moments moments(values[0]);
  moments.AddAll(values);
  const double range = moments.Max() - moments.Min();
  const double sigma = moments.StandardDeviation();
  if (n <= 2 || sigma == 0) return EdgesOfWidth(values, 0);
  double skewness = 0;
  for (const double x : values) skewness += std::pow((x - moments.Mean()) / sigma, 3) / n;
  const double sigma_skewness = std::sqrt(6 * (n - 2) / ((n + 1) * (n + 3)));
  return EdgesOfWidth(
      values, range / (1 + std::log2(n) + std::log2(1 + std::abs(skewness) / sigma_skewness)));
}

std::vector<double> AutoEdges(const std::vector<double>& values) {
  const double n = static_cast<double>(values.size());
  const auto [low, high] = std::minmax_element(values.begin(), values.end());
  const double sturges = (*high - *low) / (std::log2(n) + 1);
  const double iqr = NumpyQuantile(values, 0.75) - NumpyQuantile(values, 0.25);
  const double freedman_diaconis = 2 * iqr / std::cbrt(n);
  return EdgesOfWidth(values,
                      freedman_diaconis > 0 ? std::min(freedman_diaconis, sturges) : sturges);
}

std::vector<uint64_t> NumpyHistogram(const std::vector<double>& values,
                                     const std::vector<double>& edges) {
  std::vector<uint64_t> counts(edges.size() - 1);
  for (const double x : values) {
    if (x < edges.front() || x > edges.back()) continue;
    const auto above = std::upper_bound(edges.begin(), edges.end(), x);
    const auto bin = static_cast<size_t>(above - edges.begin()) - 1;
    ++counts[std::min(bin, counts.size() - 1)];
  }
  return counts;
}

double HistogramCdf(const std::vector<double>& edges, const std::vector<uint64_t>& counts,
                    double x) {
  const double total = static_cast<double>(std::accumulate(counts.begin(), counts.end(), 0ull));
  double below = 0;
  for (size_t i = 0; i < counts.size() && x > edges[i]; ++i) {
    const double share = std::min(1.0, (x - edges[i]) / (edges[i + 1] - edges[i]));
    below += share * static_cast<double>(counts[i]);
  }
  return below / total;
}

}  // namespace plumbline::stats
