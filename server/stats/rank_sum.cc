#include "server/stats/rank_sum.h"

#include <algorithm>
#include <cmath>
#include <cstddef>

#include "absl/strings/str_cat.h"
#include "server/stats/intervals.h"

namespace plumbline::stats {

absl::StatusOr<RankSumResult> RankSum(absl::Span<const uint64_t> a, absl::Span<const uint64_t> b) {
  if (a.size() != b.size() || a.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("cells of the two sides: ", a.size(), " and ", b.size()));
  }
  double n_a = 0, n_b = 0;
  double wins = 0;  // pairs in which b's value is the larger, ties for half
  double ties = 0;  // sum of t^3 - t
  for (size_t cell = 0; cell < a.size(); ++cell) {
    const auto here_a = static_cast<double>(a[cell]);
    const auto here_b = static_cast<double>(b[cell]);
    wins += here_b * (n_a + here_a / 2);
    n_a += here_a;
    n_b += here_b;
    const double tied = here_a + here_b;
    ties += tied * (tied * tied - 1);
  }
  if (n_a == 0 || n_b == 0) return absl::FailedPreconditionError("a side counts nothing");
  RankSumResult result;
  const double pairs = n_a * n_b;
  const double n = n_a + n_b;
  result.superiority = wins / pairs;
  const double variance = pairs / 12 * (n + 1 - ties / (n * (n - 1)));
  if (!(variance > 0)) return result;
  result.z = (wins - pairs / 2) / std::sqrt(variance);
  result.p_value = std::min(1.0, 2 * UpperTail(std::abs(result.z)));
  return result;
}

}  // namespace plumbline::stats
