#include "server/stats/loss_sums.h"

#include <algorithm>
#include <cmath>

namespace plumbline::stats {

std::optional<Estimate> MeanOf(double rows, double sum, double sum_of_squares) {
  if (!(rows > 0)) return std::nullopt;
  const double mean = sum / rows;
  const double variance = rows > 1 ? std::max(0.0, sum_of_squares - sum * mean) / (rows - 1) : 0;
  return Normal(mean, std::sqrt(variance / rows));
}

std::optional<ErrorSums::Figures> ErrorFigures(double prediction, double label, double shift) {
  const double e = prediction - label;
  const double d = label - shift;
  const double square = e * e;
  const double relative = label == 0 ? 0 : std::abs(e / label);
  ErrorSums::Figures figures;
  figures[kError] = e;
  figures[kAbsolute] = std::abs(e);
  figures[kSquare] = square;
  figures[kFourth] = square * square;
  figures[kLabel] = d;
  figures[kLabelSquare] = d * d;
  figures[kLabelThird] = d * d * d;
  figures[kLabelFourth] = d * d * d * d;
  figures[kSquareLabel] = square * d;
  figures[kSquareLabelTwo] = square * d * d;
  figures[kRelative] = relative;
  figures[kRelativeSquare] = relative * relative;
  figures[kNotZero] = label == 0 ? 0 : 1;
  const bool finite = std::all_of(figures.begin(), figures.end(),
                                  [](double figure) { return std::isfinite(figure); });
  if (!finite) return std::nullopt;
  return figures;
}

std::optional<Estimate> MeanAbsoluteError(const ErrorSums& sums) {
  return MeanOf(static_cast<double>(sums.rows()), sums.Sum(kAbsolute), sums.Sum(kSquare));
}

std::optional<Estimate> RootMeanSquaredError(const ErrorSums& sums) {
  const auto mse = MeanOf(static_cast<double>(sums.rows()), sums.Sum(kSquare), sums.Sum(kFourth));
  if (!mse.has_value()) return std::nullopt;
  Estimate estimate;
  estimate.value = std::sqrt(std::max(0.0, mse->value));
  estimate.lower = std::sqrt(std::max(0.0, *mse->lower));
  estimate.upper = std::sqrt(std::max(0.0, *mse->upper));
  if (estimate.value > 0) {
    estimate.standard_error = *mse->standard_error / (2 * estimate.value);
  } else {
    estimate.standard_error = 0;
  }
  return estimate;
}

std::optional<Estimate> MeanAbsolutePercentageError(const ErrorSums& sums) {
  return MeanOf(std::round(sums.Sum(kNotZero)), sums.Sum(kRelative), sums.Sum(kRelativeSquare));
}

std::optional<Estimate> Bias(const ErrorSums& sums) {
  return MeanOf(static_cast<double>(sums.rows()), sums.Sum(kError), sums.Sum(kSquare));
}

std::optional<Estimate> RSquared(const ErrorSums& sums) {
  const auto n = static_cast<double>(sums.rows());
  if (!(n > 1)) return std::nullopt;
  // u = e^2 and v = (d - m)^2 by row: their means, and the covariance of these.
  const double m = sums.Mean(kLabel), m2 = sums.Mean(kLabelSquare);
  const double u = sums.Mean(kSquare), v = m2 - m * m;
  if (!(v > 1e-12 * m2)) return std::nullopt;
  const double v_square =
      sums.Mean(kLabelFourth) - 4 * m * sums.Mean(kLabelThird) + 6 * m * m * m2 - 3 * m * m * m * m;
  const double uv = sums.Mean(kSquareLabelTwo) - 2 * m * sums.Mean(kSquareLabel) + m * m * u;
  const double var_u = sums.Mean(kFourth) - u * u;
  const double var_v = v_square - v * v;
  const double cov = uv - u * v;
  const double ratio = u / v;
  const double variance = (var_u - 2 * ratio * cov + ratio * ratio * var_v) / (v * v * n);
  return Normal(1 - ratio, std::sqrt(std::max(0.0, variance)));
}

}  // namespace plumbline::stats
