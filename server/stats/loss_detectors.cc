#include "server/stats/loss_detectors.h"

#include <algorithm>
#include <cmath>

#include "server/stats/spans.h"

namespace plumbline::stats {
namespace {

// Rows of buckets double: no stream fills more.
constexpr size_t kMostRows = 60;

absl::Status NotParts() { return absl::InvalidArgumentError("not the parts of such a detector"); }

// What joining n1 values of mean mu1 and n2 of mean mu2 adds to their sums of squares.
double Between(double n1, double mu1, double n2, double mu2) {
  return n1 * n2 * (mu1 - mu2) * (mu1 - mu2) / (n1 + n2);
}

double Size(size_t row) { return std::ldexp(1.0, static_cast<int>(row)); }

}  // namespace

Adwin::Adwin(const Options& options) : options_(options), rows_(1) {}

bool Adwin::Add(double value) {
  if (alarmed_ && options_.reset_after_alarm) {
    const double before = mean_before_;
    *this = Adwin(options_);
    mean_before_ = before;
  }
  rows_[0].push_back({value, 0});
  ++width_;
  if (width_ > 1) {
    const double off = value - total_ / (width_ - 1);
    variance_ += (width_ - 1) * off * off / width_;
  }
  total_ += value;
  Compress();
  alarmed_ = Detect();
  return alarmed_;
}

void Adwin::Compress() {
  for (size_t row = 0; row < rows_.size(); ++row) {
    if (rows_[row].size() != options_.max_buckets + 1) return;
    if (row + 1 == rows_.size()) rows_.emplace_back();
    Row& from = rows_[row];
    const double n = Size(row);
    rows_[row + 1].push_back(
        {from[0].total + from[1].total, from[0].variance + from[1].variance +
                                            Between(n, from[0].total / n, n, from[1].total / n)});
    from.erase(from.begin(), from.begin() + 2);
  }
}

bool Adwin::Detect() {
  ++tick_;
  if (tick_ % options_.clock != 0 || width_ <= options_.grace_period) return false;
  bool changed = false;
  while (CutsSomewhere()) {
    if (!changed) mean_before_ = mean();
    changed = true;
    DropOldest();
  }
  return changed;
}

bool Adwin::CutsSomewhere() const {
  double n0 = 0, u0 = 0, n1 = width_, u1 = total_;
  for (size_t row = rows_.size(); row-- > 0;) {
    for (size_t k = 0; k + 1 < rows_[row].size(); ++k) {
      const double n = Size(row);
      n0 += n;
      n1 -= n;
      u0 += rows_[row][k].total;
      u1 -= rows_[row][k].total;
      if (n0 >= options_.min_window && n1 >= options_.min_window &&
          IsCut(n0, n1, u0 / n0 - u1 / n1)) {
        return true;
      }
    }
  }
  return false;
}

bool Adwin::IsCut(double n0, double n1, double difference) const {
  const double delta = std::log(2 * std::log(width_) / options_.delta);
  const double m = 1 / (n0 - options_.min_window + 1) + 1 / (n1 - options_.min_window + 1);
  const double epsilon = std::sqrt(2 * m * variance_ / width_ * delta) + 2.0 / 3 * delta * m;
  return std::abs(difference) > epsilon;
}

void Adwin::DropOldest() {
  const size_t row = rows_.size() - 1;
  const double n = Size(row);
  const Bucket oldest = rows_[row].front();
  width_ -= n;
  total_ -= oldest.total;
  variance_ -= oldest.variance;
  if (width_ > 0) variance_ -= Between(n, oldest.total / n, width_, total_ / width_);
  rows_[row].erase(rows_[row].begin());
  if (rows_[row].empty() && row > 0) rows_.pop_back();
}

std::vector<double> Adwin::Parts() const {
  std::vector<double> parts = {
      total_, variance_, width_, static_cast<double>(tick_), alarmed_ ? 1.0 : 0.0, mean_before_};
  for (const Row& row : rows_) {
    parts.push_back(static_cast<double>(row.size()));
    for (const Bucket& bucket : row) {
      parts.push_back(bucket.total);
      parts.push_back(bucket.variance);
    }
  }
  return parts;
}

absl::Status Adwin::Restore(absl::Span<const double> parts) {
  if (parts.size() < 7 || !AllFinite(parts) || !(parts[3] >= 0 && parts[3] < 0x1p53)) {
    return NotParts();
  }
  Adwin restored(options_);
  restored.total_ = parts[0];
  restored.variance_ = parts[1];
  restored.width_ = parts[2];
  restored.tick_ = static_cast<uint64_t>(parts[3]);
  restored.alarmed_ = parts[4] != 0;
  restored.mean_before_ = parts[5];
  restored.rows_.clear();
  double width = 0;
  for (size_t at = 6; at < parts.size();) {
    const double size = parts[at++];
    if (!(size >= 0 && size <= options_.max_buckets) || restored.rows_.size() == kMostRows) {
      return NotParts();
    }
    const auto buckets = static_cast<size_t>(size);
    if (2 * buckets > parts.size() - at) return NotParts();
    width += size * Size(restored.rows_.size());
    Row& row = restored.rows_.emplace_back();
    for (size_t i = 0; i < buckets; ++i, at += 2) row.push_back({parts[at], parts[at + 1]});
  }
  if (width != restored.width_) return NotParts();
  *this = std::move(restored);
  return absl::OkStatus();
}

bool PageHinkley::Add(double value) {
  if (alarmed_) *this = PageHinkley(options_);
  ++values_;
  mean_ += (value - mean_) / static_cast<double>(values_);
  sum_ = std::max(0.0, options_.alpha * sum_ + (value - mean_ - options_.delta));
  if (values_ < options_.min_values) return false;
  alarmed_ = options_.at_threshold ? sum_ >= options_.threshold : sum_ > options_.threshold;
  return alarmed_;
}

std::vector<double> PageHinkley::Parts() const {
  return {static_cast<double>(values_), mean_, sum_, alarmed_ ? 1.0 : 0.0};
}

absl::Status PageHinkley::Restore(absl::Span<const double> parts) {
  if (parts.size() != 4 || !AllFinite(parts) || !(parts[0] >= 0 && parts[0] < 0x1p53)) {
    return NotParts();
  }
  values_ = static_cast<uint64_t>(parts[0]);
  mean_ = parts[1];
  sum_ = parts[2];
  alarmed_ = parts[3] != 0;
  return absl::OkStatus();
}

void FadingMean::Add(double value) {
  sum_ = value + alpha_ * sum_;
  weight_ = 1 + alpha_ * weight_;
}

absl::Status FadingMean::Restore(absl::Span<const double> parts) {
  if (parts.size() != 2 || !AllFinite(parts) || parts[1] < 0) return NotParts();
  sum_ = parts[0];
  weight_ = parts[1];
  return absl::OkStatus();
}

}  // namespace plumbline::stats
