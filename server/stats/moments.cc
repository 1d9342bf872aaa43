#include "server/stats/moments.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "absl/status/status.h"
#include "server/stats/block_sums.h"

namespace plumbline::stats {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

// Adds factor_a * factor_b with its rounding error.
void AddProduct(double factor_a, double factor_b, CompensatedSum* sum) {
  const double product = factor_a * factor_b;
  sum->AddWithError(product, std::isfinite(product) ? std::fma(factor_a, factor_b, -product) : 0);
}

// What value - shift lost when it was rounded to d (Knuth's TwoSum): the mean loses nothing to the
// shift.
double ShiftError(double value, double shift, double d) {
  const double shift_part = d - value;
  return (value - (d - shift_part)) - (shift + shift_part);
}

}  // namespace

absl::StatusOr<Moments> Moments::FromParts(const MomentsParts& parts) {
  if (!std::isfinite(parts.shift)) return absl::InvalidArgumentError("moments: shift not finite");
  if (std::isnan(parts.sum) || std::isnan(parts.sum_compensation) ||
      std::isnan(parts.sum_squares) || std::isnan(parts.sum_squares_compensation)) {
    return absl::InvalidArgumentError("moments: a sum is NaN");
  }
  if (parts.sum_squares < 0) {
    return absl::InvalidArgumentError("moments: the sum of squares is negative");
  }
  Moments result(parts.shift);
  if (parts.count == 0) {
    if (parts.sum != 0 || parts.sum_squares != 0) {
      return absl::InvalidArgumentError("moments: sums of no values");
    }
    return result;
  }
  if (!std::isfinite(parts.min) || !std::isfinite(parts.max) || parts.min > parts.max) {
    return absl::InvalidArgumentError("moments: min and max are not a finite range");
  }
  result.count_ = parts.count;
  result.sum_ = CompensatedSum::FromParts(parts.sum, parts.sum_compensation);
  result.sum_squares_ =
      CompensatedSum::FromParts(parts.sum_squares, parts.sum_squares_compensation);
  result.min_ = parts.min;
  result.max_ = parts.max;
  return result;
}

MomentsParts Moments::ToParts() const {
  // A sum that overflowed has no compensation; one that overflowed both ways is NaN, and stored as
  // infinite.
  const auto overflowed = [](const CompensatedSum& sum) { return !std::isfinite(sum.sum()); };
  const auto value = [](const CompensatedSum& sum) {
    return std::isnan(sum.sum()) ? std::numeric_limits<double>::infinity() : sum.sum();
  };
  return {.shift = shift_,
          .count = count_,
          .sum = value(sum_),
          .sum_compensation = overflowed(sum_) ? 0 : sum_.compensation(),
          .sum_squares = value(sum_squares_),
          .sum_squares_compensation = overflowed(sum_squares_) ? 0 : sum_squares_.compensation(),
          .min = min_,
          .max = max_};
}

void Moments::Widen(double min, double max) {
  min_ = count_ == 0 ? min : std::min(min_, min);
  max_ = count_ == 0 ? max : std::max(max_, max);
}

void Moments::Add(double value) {
  Widen(value, value);
  ++count_;
  const double d = value - shift_;
  sum_.AddWithError(d, ShiftError(value, shift_, d));
  sum_squares_.Add(d * d);
}

void Moments::AddAll(absl::Span<const double> values, SimdLevel level) {
  for (size_t i = 0; i < values.size(); i += kMaxSumBlock) {
    const absl::Span<const double> block = values.subspan(i, kMaxSumBlock);
    if (block.size() >= kLeastSumBlock && AddBlockIfFinite(block, level)) continue;
    for (const double value : block) Add(value);
  }
}

bool Moments::AddBlock(const BlockSums& block, size_t count) {
  if (!block.IsFinite()) return false;
  CompensatedSum sum = CompensatedSum::FromParts(block.sum, block.sum_error);
  AddProduct(-static_cast<double>(count), shift_, &sum);
  if (!std::isfinite(sum.sum())) return false;
  Widen(block.min, block.max);
  count_ += count;
  sum_.Merge(sum);
  sum_squares_.Add(block.squares);
  return true;
}

std::optional<BlockSums> Moments::AddBlockIfFinite(absl::Span<const double> values,
                                                   SimdLevel level) {
  const BlockSums block = SumBlock(values, shift_, level);
  return AddBlock(block, values.size()) ? std::make_optional(block) : std::nullopt;
}

std::optional<BlockSums> Moments::AddBlockIfFinite(absl::Span<const float> values,
                                                   SimdLevel level) {
  const BlockSums block = SumBlock(values, shift_, level);
  return AddBlock(block, values.size()) ? std::make_optional(block) : std::nullopt;
}

void Moments::AddRepeated(double value, uint64_t times) {
  if (times == 0) return;
  Widen(value, value);
  count_ += times;
  const double n = static_cast<double>(times);
  const double d = value - shift_;
  AddProduct(n, d, &sum_);
  AddProduct(n, ShiftError(value, shift_, d), &sum_);
  AddProduct(n, d * d, &sum_squares_);
}

void Moments::Merge(const Moments& other) {
  if (other.count_ == 0) return;
  min_ = count_ == 0 ? other.min_ : std::min(min_, other.min_);
  max_ = count_ == 0 ? other.max_ : std::max(max_, other.max_);
  count_ += other.count_;
  sum_.Merge(other.sum_);
  sum_squares_.Merge(other.sum_squares_);
  const double move = other.shift_ - shift_;
  if (move == 0) return;
  // x - s = (x - s') + move, so the square gains 2 move (x - s') + move^2.
  const double n = static_cast<double>(other.count_);
  AddProduct(n, move, &sum_);
  AddProduct(2 * move, other.sum_.sum(), &sum_squares_);
  AddProduct(2 * move, other.sum_.compensation(), &sum_squares_);
  AddProduct(n * move, move, &sum_squares_);
}

double Moments::Sum() const {
  if (count_ == 0) return kNan;
  CompensatedSum total = sum_;
  AddProduct(static_cast<double>(count_), shift_, &total);
  return total.Value();
}

double Moments::Mean() const {
  if (count_ == 0) return kNan;
  const double n = static_cast<double>(count_);
  const double total = Sum();
  const double mean = std::isfinite(total) ? total / n : shift_ + sum_.Value() / n;
  // A mean lies within the range: keeps the last digit of a constant column right.
  return std::isfinite(mean) ? std::clamp(mean, min_, max_) : mean;
}

double Moments::Variance() const {
  if (count_ == 0) return kNan;
  if (min_ == max_) return 0;
  // n var = sum d^2 - (sum d)^2 / n: the difference is taken with the errors of both sides.
  const double n = static_cast<double>(count_);
  const double mean = sum_.Value() / n;
  CompensatedSum squares = sum_squares_;
  AddProduct(-mean, sum_.sum(), &squares);
  AddProduct(-mean, sum_.compensation(), &squares);
  // `mean` is itself rounded: -(sum - n mean) mean completes -(sum)^2 / n.
  const double rest = std::fma(-mean, n, sum_.sum()) + sum_.compensation();
  AddProduct(-mean, rest, &squares);
  const double variance = squares.Value() / n;
  return std::isfinite(variance) ? std::max(0.0, variance) : kNan;  // the sums overflowed
}

double Moments::SampleVariance() const {
  if (count_ < 2) return kNan;
  const double n = static_cast<double>(count_);
  return Variance() * (n / (n - 1));
}

double Moments::StandardDeviation() const { return std::sqrt(Variance()); }

double Moments::Min() const { return count_ == 0 ? kNan : min_; }

double Moments::Max() const { return count_ == 0 ? kNan : max_; }

}  // namespace plumbline::stats
