#include "server/checks/slice.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <iterator>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "server/checks/change_watch.h"
#include "server/checks/checks.h"
#include "server/checks/rest.h"

namespace plumbline::checks {
namespace {

// The other rows have moved at most so much of what the slice has.
constexpr double kLessElsewhere = 0.5;
// So many standard deviations are more than chance, for any number of slices and looks.
constexpr double kDeviations = 5;
// The same for a drift, which was found by itself: chance would have to let the slice lead as well.
constexpr double kDriftDeviations = 3;

bool FiresAmongAll(const SliceInput& input, const Finding& finding) {
  return std::any_of(input.of_all.begin(), input.of_all.end(), [&](const Finding& other) {
    return other.status == Status::kFiring && other.check == finding.check &&
           other.variable == finding.variable;
  });
}

// Rows of a kind among some.
struct RowShare {
  double of = 0, rows = 0;

  double rate() const { return rows > 0 ? of / rows : 0; }
};

RowShare Less(const RowShare& all, const RowShare& part) {
  const double rows = std::max(0.0, all.rows - part.rows);
  return {std::clamp(all.of - part.of, 0.0, rows), rows};
}

// What a rate counts, live and in training; nullopt: of another check.
std::optional<std::pair<RowShare, RowShare>> SharesOf(CheckId check,
                                                      const profile::VariableBaseline& trained,
                                                      const profile::VariableCounts& live) {
  const auto share = [](uint64_t of, uint64_t rows) {
    return RowShare{static_cast<double>(of), static_cast<double>(rows)};
  };
  if (check == CheckId::kAbsentVariable) {
    return std::pair(share(live.absent, live.rows), RowShare());
  }
  if (check == CheckId::kWrongType) {
    return std::pair(share(live.wrong_type, live.rows), RowShare());
  }
  if (std::find(std::begin(kWatchedRates), std::end(kWatchedRates), check) ==
      std::end(kWatchedRates)) {
    return std::nullopt;
  }
  const RateCounts counts = CountsOfRate(check, trained, live);
  return std::pair(share(counts.k_live, counts.n_live), share(counts.k_base, counts.n_base));
}

// True if a rate moved in the slice and not, or by much less, in the other rows.
bool RateLiesHere(const profile::Baseline& whole, const SliceInput& input, size_t index,
                  CheckId check, bool all_fire) {
  const auto here = SharesOf(check, input.trained.variables[index], input.window.variables[index]);
  const auto all = SharesOf(check, whole.variables[index], input.all.variables[index]);
  if (!here.has_value() || !all.has_value()) return !all_fire;
  const RowShare rest = Less(all->first, here->first);
  if (rest.rows == 0) return true;
  // Training's other rows, of which the sample is a part.
  const double rows = all->second.rows * input.trained_share;
  const RowShare trained = Less(all->second, {here->second.rate() * rows, rows});
  const double moved = std::abs(here->first.rate() - here->second.rate());
  const double elsewhere = std::abs(rest.rate() - trained.rate());
  if (elsewhere > kLessElsewhere * moved) return false;
  if (!all_fire) return true;
  const double variance = rest.rate() * (1 - rest.rate());
  const double chance = std::sqrt(variance * here->first.rows) + 1;
  return (moved - elsewhere) * here->first.rows > kDeviations * chance;
}

// Training's rows of the other slices, by code.
profile::VariableBaseline TrainedRest(const profile::VariableBaseline& whole,
                                      const profile::VariableBaseline& slice, double share) {
  profile::VariableBaseline rest = whole;
  std::vector<uint64_t> codes = whole.counts.codes.ToVector();
  const std::vector<uint64_t> part = slice.counts.codes.ToVector();
  const double scale = share * static_cast<double>(whole.counts.Coded()) /
                       std::max(1.0, static_cast<double>(slice.counts.Coded()));
  for (size_t code = 0; code < std::min(codes.size(), part.size()); ++code) {
    const auto taken = static_cast<uint64_t>(std::llround(scale * static_cast<double>(part[code])));
    codes[code] -= std::min(codes[code], taken);
  }
  rest.counts.codes = profile::CodeCounts::Of(codes);
  return rest;
}

// What chance may do to psi, as a standard deviation: with as many live values and trained ones, it
// is a chi-square with a shift, over the values.
double PsiDeviation(double psi, size_t groups, uint64_t live, uint64_t trained) {
  const double each = 1 / static_cast<double>(live) + 1 / static_cast<double>(trained);
  const double freedom = std::max(1.0, static_cast<double>(groups) - 1);
  return std::sqrt(2 * freedom * each * each + 4 * std::max(0.0, psi) * each);
}

// True if the slice drifts and the other rows of the same time do not, or by much less, beyond
// chance.
bool DriftLiesHere(const profile::Baseline& whole, const Policy& policy, const SliceInput& input,
                   size_t index) {
  const VariableEvidence* const evidence = EvidenceOn(input.changes, index);
  const DriftLook* const look =
      evidence != nullptr && evidence->look.has_value() ? &*evidence->look : nullptr;
  // Where the latest panes show it they are compared: before, the slice was as the others.
  const profile::VariableCounts& slice =
      look != nullptr ? look->counts : input.window.variables[index];
  const profile::VariableCounts rest = Rest(
      look != nullptr ? input.latest(look->panes).variables[index] : input.all.variables[index],
      slice);
  if (rest.Coded() < policy.min_rows_drift) return true;  // hardly anything else
  const profile::VariableBaseline trained_rest =
      TrainedRest(whole.variables[index], input.trained.variables[index], input.trained_share);
  // By psi, which needs no moments.
  const auto elsewhere = profile::CompareToBaseline(trained_rest, rest).psi_corrected;
  const auto here =
      look != nullptr ? look->statistics.psi_corrected : input.statistics[index].psi_corrected;
  if (!here.has_value() || !elsewhere.has_value()) return false;
  const size_t groups = whole.variables[index].grouping.groups;
  const double deviation =
      std::hypot(kLessElsewhere * PsiDeviation(*here, groups, slice.Coded(),
                                               input.trained.variables[index].counts.Coded()),
                 PsiDeviation(*elsewhere, groups, rest.Coded(), trained_rest.counts.Coded()));
  return kLessElsewhere * *here - *elsewhere >= kDriftDeviations * deviation;
}

bool IsTold(const profile::Baseline& whole, const Policy& policy, const SliceInput& input,
            const Finding& finding) {
  if (finding.check == CheckId::kUnknownVariable) return false;
  const bool all_fire = FiresAmongAll(input, finding);
  const std::optional<size_t> index = whole.schema.Find(finding.variable);
  if (!index.has_value() || *index >= input.statistics.size()) return !all_fire;
  if (finding.check == CheckId::kDrift) return DriftLiesHere(whole, policy, input, *index);
  return RateLiesHere(whole, input, *index, finding.check, all_fire);
}

}  // namespace

std::vector<Finding> EvaluateSlice(const profile::Baseline& whole, const Policy& policy,
                                   const SliceInput& input, const AlertBook* alerts) {
  return EvaluateSome(
      {.baseline = input.trained,
       .policy = policy,
       .window = input.window,
       .changes = input.changes,
       .statistics = input.statistics,
       .sets = input.sets,
       .brief = alerts != nullptr,
       .alerts = alerts,
       .slice = input.slice},
      &Finding::slice, input.slice,
      [&](const Finding& finding) { return IsTold(whole, policy, input, finding); }, alerts);
}

}  // namespace plumbline::checks
