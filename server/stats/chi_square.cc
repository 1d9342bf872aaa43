#include "server/stats/chi_square.h"

#include <algorithm>
#include <boost/math/special_functions/gamma.hpp>
#include <cmath>
#include <limits>
#include <numeric>

#include "absl/status/status.h"
#include "server/stats/log_gamma.h"
#include "server/stats/spans.h"

namespace plumbline::stats {
namespace {

using ChiSquarePolicy = boost::math::policies::policy<
    boost::math::policies::promote_double<false>,
    boost::math::policies::domain_error<boost::math::policies::ignore_error>,
    boost::math::policies::overflow_error<boost::math::policies::ignore_error>,
    boost::math::policies::underflow_error<boost::math::policies::ignore_error>,
    boost::math::policies::evaluation_error<boost::math::policies::ignore_error>>;

// One column of the 2 x K table.
struct Cell {
  double baseline = 0;
  double live = 0;

  double Sum() const { return baseline + live; }
};

double Square(double x) { return x * x; }

// What ChiSquareHomogeneity compares: the cells that stay, and the pool.
struct Pooling {
  double smallest_kept = 0;  // a cell is kept if its row sum is at least this
  Cell pool;
  size_t pooled = 0;
  size_t kept = 0;
};

// A cell's smaller expected count is its sum times the smaller side's share: so "expected < 5 on
// either side" is one bound on the sum.
Pooling Pool(absl::Span<const uint64_t> baseline, absl::Span<const uint64_t> live,
             double smallest_kept) {
  Pooling pooling;
  pooling.smallest_kept = smallest_kept;
  for (size_t i = 0; i < baseline.size(); ++i) {
    const Cell cell = {static_cast<double>(baseline[i]), static_cast<double>(live[i])};
    if (cell.Sum() == 0) continue;
    if (cell.Sum() >= smallest_kept) {
      ++pooling.kept;
      continue;
    }
    pooling.pool.baseline += cell.baseline;
    pooling.pool.live += cell.live;
    ++pooling.pooled;
  }
  return pooling;
}

// Index of the smallest cell that is kept; the size if there is none.
size_t SmallestKept(absl::Span<const uint64_t> baseline, absl::Span<const uint64_t> live,
                    double smallest_kept) {
  size_t found = baseline.size();
  double smallest = std::numeric_limits<double>::infinity();
  for (size_t i = 0; i < baseline.size(); ++i) {
    const double sum = static_cast<double>(baseline[i]) + static_cast<double>(live[i]);
    if (sum == 0 || sum < smallest_kept || sum >= smallest) continue;
    smallest = sum;
    found = i;
  }
  return found;
}

// Bergsma (2013) for a 2 x cells table of n rows.
double BiasCorrectedV(double statistic, double cells, double n) {
  if (cells < 2 || n < 2) return 0;
  const double phi2 = std::max(0.0, statistic / n - (cells - 1) / (n - 1));
  const double k = cells - Square(cells - 1) / (n - 1);
  const double r = 2 - 1 / (n - 1);
  const double limit = std::min(k, r) - 1;
  return limit > 0 ? std::clamp(std::sqrt(phi2 / limit), 0.0, 1.0) : 0;
}

absl::Status ValidateSizes(absl::Span<const uint64_t> baseline, absl::Span<const uint64_t> live) {
  if (baseline.size() != live.size() || baseline.empty()) {
    return absl::InvalidArgumentError("chi_square: the sides need the same cells, one at least");
  }
  return absl::OkStatus();
}

// ln Q(a, x) for x beyond a by Legendre's continued fraction (modified Lentz).
double LogUpperGamma(double a, double x) {
  constexpr double kTiny = 1e-300;
  double b = x + 1 - a;
  double c = 1 / kTiny;
  double d = 1 / b;
  double fraction = d;
  for (int i = 1; i <= 10'000; ++i) {
    const double an = -i * (i - a);
    b += 2;
    d = 1 / (std::abs(an * d + b) < kTiny ? kTiny : an * d + b);
    c = std::abs(b + an / c) < kTiny ? kTiny : b + an / c;
    fraction *= d * c;
    if (std::abs(d * c - 1) < 1e-15) break;
  }
  return a * std::log(x) - x - LogGamma(a) + std::log(fraction);
}

}  // namespace

absl::StatusOr<ChiSquareResult> ChiSquareHomogeneity(absl::Span<const uint64_t> baseline,
                                                     absl::Span<const uint64_t> live,
                                                     ChiSquareOptions options) {
  if (absl::Status valid = ValidateSizes(baseline, live); !valid.ok()) return valid;
  if (!std::isfinite(options.min_expected) || options.min_expected < 0) {
    return absl::InvalidArgumentError("chi_square: min_expected must be finite and not negative");
  }
  const double n_baseline = Total(baseline);
  const double n_live = Total(live);
  if (n_baseline == 0 || n_live == 0) {
    return absl::FailedPreconditionError("chi_square: an empty side");
  }
  const double n = n_baseline + n_live;
  const double smallest_sum = options.min_expected * n / std::min(n_baseline, n_live);
  Pooling pooling = Pool(baseline, live, smallest_sum);
  size_t joined = baseline.size();  // a cell that fills up the pool
  if (pooling.pooled > 0 && pooling.pool.Sum() < smallest_sum) {
    joined = SmallestKept(baseline, live, smallest_sum);
    if (joined < baseline.size()) {
      pooling.pool.baseline += static_cast<double>(baseline[joined]);
      pooling.pool.live += static_cast<double>(live[joined]);
      ++pooling.pooled;
      --pooling.kept;
    }
  }

  const size_t cells = pooling.kept + (pooling.pooled > 0 ? 1 : 0);
  const double correction = options.yates_correction && cells == 2 ? 0.5 : 0;
  // |o - e| is the same on both sides of a cell, so its two terms are one.
  const auto term = [&](const Cell& cell) {
    const double excess = std::abs(cell.live * (n_baseline / n) - cell.baseline * (n_live / n));
    return Square(std::max(0.0, excess - correction)) /
           (cell.Sum() * (n_baseline / n) * (n_live / n));
  };
  ChiSquareResult result;
  for (size_t i = 0; i < baseline.size(); ++i) {
    const Cell cell = {static_cast<double>(baseline[i]), static_cast<double>(live[i])};
    if (cell.Sum() == 0 || cell.Sum() < pooling.smallest_kept || i == joined) continue;
    result.statistic += term(cell);
  }
  if (pooling.pooled > 0) result.statistic += term(pooling.pool);
  if (cells < 2) {
    ChiSquareResult nothing;
    nothing.pooled_cells = pooling.pooled;
    return nothing;
  }
  result.degrees_of_freedom = cells - 1;
  result.p_value = ChiSquareSurvival(result.statistic, result.degrees_of_freedom);
  result.cramers_v = BiasCorrectedV(result.statistic, static_cast<double>(cells), n);
  result.pooled_cells = pooling.pooled;
  return result;
}

absl::StatusOr<ChiSquareResult> ChiSquareGoodnessOfFit(absl::Span<const uint64_t> baseline,
                                                       absl::Span<const uint64_t> live) {
  if (absl::Status valid = ValidateSizes(baseline, live); !valid.ok()) return valid;
  const double n_baseline = Total(baseline);
  const double n_live = Total(live);
  if (n_baseline == 0 || n_live == 0) {
    return absl::FailedPreconditionError("chi_square: an empty side");
  }
  ChiSquareResult result;
  size_t cells = 0;
  for (size_t i = 0; i < baseline.size(); ++i) {
    if (baseline[i] == 0 && live[i] == 0) continue;
    if (baseline[i] == 0) {
      return absl::FailedPreconditionError("chi_square: a live cell that the baseline lacks");
    }
    const double expected = static_cast<double>(baseline[i]) * (n_live / n_baseline);
    result.statistic += Square(static_cast<double>(live[i]) - expected) / expected;
    ++cells;
  }
  result.degrees_of_freedom = cells - 1;
  result.p_value = ChiSquareSurvival(result.statistic, result.degrees_of_freedom);
  if (cells > 1) {
    result.cramers_v =
        std::min(1.0, std::sqrt(result.statistic / (n_live * static_cast<double>(cells - 1))));
  }
  return result;
}

double ChiSquareSurvival(double x, uint64_t df) {
  if (std::isnan(x)) return x;
  if (x <= 0 || df == 0) return 1;
  if (std::isinf(x)) return 0;
  return boost::math::gamma_q(static_cast<double>(df) / 2, x / 2, ChiSquarePolicy());
}

double LogChiSquareSurvival(double x, uint64_t df) {
  const double survival = ChiSquareSurvival(x, df);
  if (survival > 1e-280 || std::isnan(survival)) return std::log(survival);
  if (std::isinf(x)) return -std::numeric_limits<double>::infinity();
  return LogUpperGamma(static_cast<double>(df) / 2, x / 2);
}

}  // namespace plumbline::stats
