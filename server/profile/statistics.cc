#include "server/profile/statistics.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <numeric>

#include "absl/container/fixed_array.h"
#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "server/stats/chi_square.h"
#include "server/stats/divergences.h"
#include "server/stats/ks.h"
#include "server/stats/psi.h"
#include "server/stats/wasserstein.h"

namespace plumbline::profile {
namespace {

// The counts of one side, all of one width.
struct WideCounts {
  explicit WideCounts(const VariableCounts& counts) : codes(counts.codes.size()) {
    counts.codes.CopyTo(absl::MakeSpan(codes));
    total = std::accumulate(codes.begin(), codes.end(), uint64_t{0});
  }
  absl::Span<const uint64_t> all() const { return absl::MakeConstSpan(codes); }
  // Without what lies outside the bins.
  absl::Span<const uint64_t> inner() const { return all().subspan(1, codes.size() - 2); }

  absl::FixedArray<uint64_t, kMaxCodes> codes;
  uint64_t total = 0;
};

template <class T>
std::optional<double> Present(const absl::StatusOr<T>& result) {
  if (!result.ok() || !std::isfinite(*result)) return std::nullopt;
  return *result;
}

std::optional<double> Finite(double value) {
  if (!std::isfinite(value)) return std::nullopt;
  return value;
}

void AddRates(const VariableCounts& counts, bool numeric, VariableStatistics* result) {
  result->rows = counts.rows;
  if (counts.rows == 0) return;
  const auto rate = [&](uint64_t count) {
    return static_cast<double>(count) / static_cast<double>(counts.rows);
  };
  result->null_rate = rate(counts.nulls);
  result->absent_rate = rate(counts.absent);
  result->wrong_type_rate = rate(counts.wrong_type);
  if (numeric) {
    result->nan_rate = rate(counts.nans);
    result->inf_rate = rate(counts.positive_infinities + counts.negative_infinities);
    if (counts.codes.size() >= 2) {
      result->out_of_range_rate = rate(counts.codes.front() + counts.codes.back());
    }
  } else if (!counts.codes.empty()) {
    result->unseen_rate = rate(counts.codes.back());
  }
}

void AddMoments(const VariableCounts& counts, VariableStatistics* result) {
  if (counts.moments.count() == 0) return;
  result->mean = Finite(counts.moments.Mean());
  result->min = Finite(counts.moments.Min());
  result->max = Finite(counts.moments.Max());
  if (counts.moments.count() > 1) {
    result->stddev = Finite(std::sqrt(counts.moments.SampleVariance()));
  }
}

// The value at `wanted` rows from the bottom, of which `below` lie below the code and `count` in
// it, spread evenly; the tails reach to the extremes.
double InterpolatedValue(const VariableBaseline& baseline, const stats::Moments& moments,
                         size_t code, double below, double count, double wanted) {
  const absl::Span<const double> edges = baseline.bins.edges();
  const bool atom = code > 0 && code <= baseline.bins.size() && baseline.bins.is_atom(code - 1);
  double lower = code == 0 || edges.empty() ? moments.Min() : edges[code - 1];
  if (atom) return lower;
  double upper = code < edges.size() ? edges[code] : moments.Max();
  lower = std::clamp(lower, moments.Min(), moments.Max());
  upper = std::clamp(upper, moments.Min(), moments.Max());
  return std::lerp(lower, upper, (wanted - below) / count);
}

void AddQuantiles(const VariableBaseline& baseline, const VariableCounts& live,
                  const WideCounts& counts, VariableStatistics* result) {
  if (live.moments.count() == 0) return;
  result->quantiles.reserve(std::size(kQuantileRanks));
  size_t code = 0;
  uint64_t below = 0;
  for (const double rank : kQuantileRanks) {  // ascending
    const double wanted = rank * static_cast<double>(counts.total);
    while (code < counts.codes.size() &&
           (counts.codes[code] == 0 || static_cast<double>(below + counts.codes[code]) < wanted)) {
      below += counts.codes[code++];
    }
    result->quantiles.push_back(
        rank == 0 ? live.moments.Min()
        : rank == 1 || code == counts.codes.size()
            ? live.moments.Max()
            : InterpolatedValue(baseline, live.moments, code, static_cast<double>(below),
                                static_cast<double>(counts.codes[code]), wanted));
  }
}

void AddGrouped(const VariableBaseline& baseline, const WideCounts& trained, const WideCounts& live,
                VariableStatistics* result) {
  if (baseline.grouping.groups == 0 || (baseline.is_numeric() && baseline.grouping.groups < 2)) {
    return;
  }
  if (live.total == 0 || trained.total == 0) return;
  const std::vector<uint64_t> p = baseline.grouping.Sum(trained.all());
  const std::vector<uint64_t> q = baseline.grouping.Sum(live.all());
  result->psi = Present(stats::Psi(p, q));
  if (result->psi.has_value()) {
    result->psi_corrected =
        *result->psi - stats::PsiChance(baseline.grouping.groups, live.total, trained.total);
  }
  result->js_distance = Present(stats::JsDistance(p, q));
  result->hellinger = Present(stats::Hellinger(p, q));
  result->tvd = Present(stats::TotalVariation(p, q));
  const auto l_infinity = stats::LInfinity(p, q);
  if (l_infinity.ok()) result->l_infinity = l_infinity->value;
  const auto chi_square = stats::ChiSquareHomogeneity(p, q);
  if (chi_square.ok() && chi_square->degrees_of_freedom > 0) {
    result->chi_square = chi_square->statistic;
    result->chi_square_p_value = chi_square->p_value;
    result->cramers_v = chi_square->cramers_v;
  }
}

void AddOrdered(const VariableBaseline& baseline, const WideCounts& trained,
                const VariableCounts& live, const WideCounts& counts, VariableStatistics* result) {
  const auto ks = stats::KsFromCounts(trained.all(), counts.all());
  if (!ks.ok()) return;
  result->ks = ks->statistic;
  result->ks_p_value = ks->p_value;
  uint64_t largest = 0;
  for (size_t bin = 0; bin < baseline.bins.size(); ++bin) {
    if (!baseline.bins.is_atom(bin)) largest = std::max(largest, trained.codes[bin + 1]);
  }
  result->ks_resolution = static_cast<double>(largest) / static_cast<double>(trained.total);

  const absl::Span<const double> edges = baseline.bins.edges();
  if (edges.empty()) return;
  result->wasserstein_raw = Present(stats::WassersteinFromBins(
      edges, trained.inner(), counts.inner(), {counts.codes.front(), live.below_sum.Value()},
      {counts.codes.back(), live.above_sum.Value()}));
  const double scale = baseline.counts.moments.StandardDeviation();
  if (result->wasserstein_raw.has_value() && std::isfinite(scale) && scale > 0) {
    result->wasserstein = Finite(*result->wasserstein_raw / scale);
  }
}

}  // namespace

VariableStatistics CompareToBaseline(const VariableBaseline& baseline, const VariableCounts& live) {
  VariableStatistics result;
  AddRates(live, baseline.is_numeric(), &result);
  AddMoments(live, &result);
  const WideCounts trained(baseline.counts), counts(live);
  AddGrouped(baseline, trained, counts, &result);
  if (!baseline.is_numeric()) return result;
  AddOrdered(baseline, trained, live, counts, &result);
  AddQuantiles(baseline, live, counts, &result);
  return result;
}

VariableStatistics DescribeBaseline(const VariableBaseline& baseline) {
  VariableStatistics result;
  AddRates(baseline.counts, baseline.is_numeric(), &result);
  AddMoments(baseline.counts, &result);
  result.distinct = baseline.distinct;
  result.quantiles = baseline.quantiles;
  return result;
}

}  // namespace plumbline::profile
