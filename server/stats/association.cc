#include "server/stats/association.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace plumbline::stats {
namespace {

absl::Status CheckSizes(size_t a, size_t b) {
  if (a != b) return absl::InvalidArgumentError(absl::StrCat(a, " values beside ", b));
  if (a < 2) return absl::FailedPreconditionError("fewer than two rows");
  return absl::OkStatus();
}

absl::Status CheckFinite(absl::Span<const double> values) {
  for (const double value : values) {
    if (!std::isfinite(value)) return absl::InvalidArgumentError("a value is not finite");
  }
  return absl::OkStatus();
}

absl::Status CheckGroups(absl::Span<const uint32_t> groups, uint32_t count) {
  for (const uint32_t group : groups) {
    if (group >= count) {
      return absl::InvalidArgumentError(absl::StrCat("group ", group, " of ", count));
    }
  }
  return absl::OkStatus();
}

// Ranks from 1 on; values that are the same share the middle of theirs.
std::vector<double> MidRanks(absl::Span<const double> values) {
  std::vector<size_t> order(values.size());
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) { return values[a] < values[b]; });
  std::vector<double> ranks(values.size());
  for (size_t begin = 0; begin < order.size();) {
    size_t end = begin;
    while (end < order.size() && values[order[end]] == values[order[begin]]) ++end;
    const double middle = (static_cast<double>(begin + end) + 1) / 2;
    for (; begin < end; ++begin) ranks[order[begin]] = middle;
  }
  return ranks;
}

double Mean(absl::Span<const double> values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

}  // namespace

absl::StatusOr<double> Spearman(absl::Span<const double> x, absl::Span<const double> y) {
  absl::Status valid = CheckSizes(x.size(), y.size());
  valid.Update(CheckFinite(x));
  valid.Update(CheckFinite(y));
  if (!valid.ok()) return valid;
  const std::vector<double> x_ranks = MidRanks(x), y_ranks = MidRanks(y);
  const double mean = (static_cast<double>(x.size()) + 1) / 2;
  double xx = 0, yy = 0, xy = 0;
  for (size_t i = 0; i < x.size(); ++i) {
    const double dx = x_ranks[i] - mean, dy = y_ranks[i] - mean;
    xx += dx * dx;
    yy += dy * dy;
    xy += dx * dy;
  }
  if (xx == 0 || yy == 0) return absl::FailedPreconditionError("a side is constant");
  return std::clamp(xy / std::sqrt(xx * yy), -1.0, 1.0);
}

absl::StatusOr<double> CorrelationRatio(absl::Span<const uint32_t> groups, uint32_t group_count,
                                        absl::Span<const double> y) {
  absl::Status valid = CheckSizes(groups.size(), y.size());
  valid.Update(CheckGroups(groups, group_count));
  valid.Update(CheckFinite(y));
  if (!valid.ok()) return valid;
  const double mean = Mean(y);
  std::vector<double> sums(group_count), rows(group_count);
  double total = 0;
  for (size_t i = 0; i < y.size(); ++i) {
    const double d = y[i] - mean;
    sums[groups[i]] += d;
    rows[groups[i]] += 1;
    total += d * d;
  }
  double between = 0, used = 0;
  for (uint32_t group = 0; group < group_count; ++group) {
    if (rows[group] == 0) continue;
    between += sums[group] * sums[group] / rows[group];
    ++used;
  }
  const double n = static_cast<double>(y.size());
  if (used < 2 || used >= n) {
    return absl::FailedPreconditionError(absl::StrCat(used, " groups of ", n, " rows"));
  }
  if (total == 0) return absl::FailedPreconditionError("a side is constant");
  const double within_share = std::max(0.0, 1 - between / total);
  return std::sqrt(std::max(0.0, 1 - within_share * (n - 1) / (n - used)));
}

absl::StatusOr<double> CramersV(absl::Span<const uint32_t> a, uint32_t a_count,
                                absl::Span<const uint32_t> b, uint32_t b_count) {
  absl::Status valid = CheckSizes(a.size(), b.size());
  valid.Update(CheckGroups(a, a_count));
  valid.Update(CheckGroups(b, b_count));
  if (!valid.ok()) return valid;
  std::vector<double> a_rows(a_count), b_rows(b_count);
  std::vector<double> cells(static_cast<size_t>(a_count) * b_count);
  for (size_t i = 0; i < a.size(); ++i) {
    ++a_rows[a[i]];
    ++b_rows[b[i]];
    ++cells[static_cast<size_t>(a[i]) * b_count + b[i]];
  }
  const double n = static_cast<double>(a.size());
  // X^2 / n = sum of cell^2 / (row * column), less 1.
  double phi = -1;
  for (uint32_t i = 0; i < a_count; ++i) {
    for (uint32_t j = 0; j < b_count; ++j) {
      const double cell = cells[static_cast<size_t>(i) * b_count + j];
      if (cell > 0) phi += cell * cell / (a_rows[i] * b_rows[j]);
    }
  }
  const auto used = [](const std::vector<double>& rows) {
    return static_cast<double>(
        std::count_if(rows.begin(), rows.end(), [](double count) { return count > 0; }));
  };
  const double r = used(a_rows), k = used(b_rows);
  if (r < 2 || k < 2) return absl::FailedPreconditionError("a side is constant");
  const double corrected = std::max(0.0, phi - (r - 1) * (k - 1) / (n - 1));
  const double r_corrected = r - (r - 1) * (r - 1) / (n - 1);
  const double k_corrected = k - (k - 1) * (k - 1) / (n - 1);
  const double most = std::min(r_corrected, k_corrected) - 1;
  return most <= 0 ? 0.0 : std::min(1.0, std::sqrt(corrected / most));
}

}  // namespace plumbline::stats
