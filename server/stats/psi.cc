#include "server/stats/psi.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "absl/status/status.h"
#include "server/stats/spans.h"

namespace plumbline::stats {
namespace {

// (q - p) ln(q / p), with its limits: 0 where both are 0, Inf where one is.
double PsiTerm(double p, double q) {
  if (p == q) return 0;
  return (q - p) * (std::log(q) - std::log(p));
}

}  // namespace

absl::StatusOr<double> Psi(absl::Span<const uint64_t> baseline, absl::Span<const uint64_t> live,
                           double pseudo_count) {
  if (baseline.size() != live.size() || baseline.empty()) {
    return absl::InvalidArgumentError("psi: the sides need the same bins, one at least");
  }
  if (!std::isfinite(pseudo_count) || pseudo_count < 0) {
    return absl::InvalidArgumentError("psi: pseudo_count must be finite and not negative");
  }
  const double n_baseline = Total(baseline);
  const double n_live = Total(live);
  if (n_baseline == 0 || n_live == 0) return absl::FailedPreconditionError("psi: an empty side");
  const double added = pseudo_count * static_cast<double>(baseline.size());
  double psi = 0;
  for (size_t i = 0; i < baseline.size(); ++i) {
    const double p = (static_cast<double>(baseline[i]) + pseudo_count) / (n_baseline + added);
    const double q = (static_cast<double>(live[i]) + pseudo_count) / (n_live + added);
    psi += PsiTerm(p, q);
  }
  return psi;
}

absl::StatusOr<double> PsiFromProbabilities(absl::Span<const double> p, absl::Span<const double> q,
                                            double epsilon_floor) {
  if (p.size() != q.size() || p.empty()) {
    return absl::InvalidArgumentError("psi: the sides need the same bins, one at least");
  }
  if (!std::isfinite(epsilon_floor) || epsilon_floor < 0) {
    return absl::InvalidArgumentError("psi: the floor must be finite and not negative");
  }
  double psi = 0;
  for (size_t i = 0; i < p.size(); ++i) {
    if (!std::isfinite(p[i]) || !std::isfinite(q[i]) || p[i] < 0 || q[i] < 0) {
      return absl::InvalidArgumentError("psi: a probability is negative or not finite");
    }
    psi += PsiTerm(std::max(p[i], epsilon_floor), std::max(q[i], epsilon_floor));
  }
  return psi;
}

double PsiChance(size_t groups, uint64_t n, uint64_t N) {
  if (groups <= 1) return 0;
  if (n == 0 || N == 0) return std::numeric_limits<double>::infinity();
  return static_cast<double>(groups - 1) *
         (1 / static_cast<double>(n) + 1 / static_cast<double>(N));
}

}  // namespace plumbline::stats
