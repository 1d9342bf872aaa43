#include "server/checks/source.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <optional>
#include <utility>

#include "absl/types/span.h"
#include "server/checks/checks.h"
#include "server/checks/rest.h"

namespace plumbline::checks {
namespace {

using profile::VariableBaseline;
using profile::VariableCounts;

// A source that is no further from training than this, over the whole, is not what is wrong.
constexpr double kMoreThanTheWhole = 1.1;
// Without the source the drift of the rest must be smaller by so much.
constexpr double kLessWithout = 0.95;
// Share of a source's rows that training has no room for.
constexpr double kNoRoom = 0.1;

bool IsRate(CheckId check) {
  return check == CheckId::kNullRate || check == CheckId::kNanRate || check == CheckId::kInfRate ||
         check == CheckId::kOutOfRange || check == CheckId::kUnseenCategory ||
         check == CheckId::kPredictionDomain || check == CheckId::kProbabilitySum;
}

bool IsShape(CheckId check) {
  return check == CheckId::kDrift || check == CheckId::kBecameConstant ||
         check == CheckId::kCameAlive;
}

// The source's rows among `rows`, the others of which have nothing to find fault with.
VariableCounts Diluted(VariableCounts counts, uint64_t rows, uint64_t coded) {
  counts.rows = std::max(counts.rows, rows);
  const uint64_t own = counts.Coded();
  if (!counts.codes.empty() && coded > own) {
    counts.codes.Add(counts.codes.size() / 2, coded - own);
  }
  return counts;
}

class OwnDoing {
 public:
  OwnDoing(const profile::Baseline& baseline, const Policy& policy, const SourceInput& input)
      : baseline_(baseline), policy_(policy), input_(input) {}

  bool Is(const Finding& finding) {
    const Finding* const whole = OfAll(finding);
    if (finding.check == CheckId::kUnknownVariable) return OnlyHere(finding.variable);
    if (finding.check == CheckId::kAbsentVariable || finding.check == CheckId::kWrongType) {
      return whole == nullptr || MoreThan(*whole, finding);
    }
    const std::optional<size_t> index = baseline_.schema.Find(finding.variable);
    if (!index.has_value()) return false;
    if (whole != nullptr) {
      if (IsRate(finding.check)) return MoreThan(*whole, finding);
      if (finding.check != CheckId::kDrift) return false;
      return NearerWithout(Trained(*index), input_.all.variables[*index],
                           input_.window.variables[*index], policy_.min_rows_drift, kLessWithout) ||
             FurtherOut(*index);
    }
    return AgainstFirst(finding, *index) || NoRoom(finding, *index);
  }

 private:
  const Finding* OfAll(const Finding& finding) const {
    for (const Finding& other : input_.of_all) {
      if (other.status == Status::kFiring && other.check == finding.check &&
          other.variable == finding.variable) {
        return &other;
      }
    }
    return nullptr;
  }

  static bool MoreThan(const Finding& whole, const Finding& finding) {
    const bool fell = finding.cause == "rate_fell";
    if (fell != (whole.cause == "rate_fell")) return false;
    const double here = finding.value.value_or(0);
    const double all = whole.value.value_or(0);
    return fell ? here * kMoreThanTheWhole < all : here > all * kMoreThanTheWhole;
  }

  bool OnlyHere(const std::string& name) const {
    const auto here = input_.window.unknown_variables.find(name);
    const auto all = input_.all.unknown_variables.find(name);
    return here != input_.window.unknown_variables.end() &&
           all != input_.all.unknown_variables.end() && all->second <= here->second &&
           input_.window.rows < input_.all.rows;
  }

  // What drift is held against.
  const VariableBaseline& Trained(size_t index) const {
    return (input_.in_season != nullptr ? *input_.in_season : baseline_).variables[index];
  }

  // The same check against the source's own first rows.
  bool AgainstFirst(const Finding& finding, size_t index) {
    if (finding.check == CheckId::kDrift && input_.in_season != nullptr) return false;
    if (!first_.has_value()) first_ = input_.first().value_or(profile::Pane());
    if (index >= first_->variables.size()) return false;
    VariableBaseline before = baseline_.variables[index];
    before.counts = first_->variables[index];
    const VariableCounts& window = input_.window.variables[index];
    if (finding.check == CheckId::kDrift) {
      const auto value = DriftValue(policy_, before, profile::CompareToBaseline(before, window));
      return value.has_value() && *value >= policy_.DriftThreshold(finding.variable);
    }
    return Fires(finding.check, before, window, policy_);
  }

  bool Fires(CheckId check, const VariableBaseline& trained, const VariableCounts& window,
             const Policy& policy) const {
    const profile::VariableStatistics statistics;
    const VariableInput input{.baseline = trained,
                              .window = window,
                              .statistics = statistics,
                              .policy = policy,
                              .variables = baseline_.variables.size() * input_.sets,
                              .brief = true};
    switch (check) {
      case CheckId::kUnseenCategory:
        return CheckUnseenCategory(input).status == Status::kFiring;
      case CheckId::kVanishedCategory:
        return CheckVanishedCategory(input).status == Status::kFiring;
      case CheckId::kBecameConstant:
        return CheckBecameConstant(input).status == Status::kFiring;
      case CheckId::kCameAlive:
        return CheckCameAlive(input).status == Status::kFiring;
      case CheckId::kPrecision:
        return CheckPrecision(input).status == Status::kFiring;
      case CheckId::kNullRate:
      case CheckId::kNanRate:
      case CheckId::kInfRate:
      case CheckId::kOutOfRange:
        return CheckRate(check, input).status == Status::kFiring;
      default:  // training had none of it
        return true;
    }
  }

  // More of its rows lie where training has no room than of all rows.
  bool FurtherOut(size_t index) const {
    const VariableCounts& all = input_.all.variables[index];
    const double here = ShareWithoutRoom(index, input_.window.variables[index], all.Coded());
    return here >= kNoRoom && here > kMoreThanTheWhole * ShareWithoutRoom(index, all, all.Coded());
  }

  bool NoRoom(const Finding& finding, size_t index) const {
    const VariableCounts& window = input_.window.variables[index];
    const VariableCounts& all = input_.all.variables[index];
    if (IsShape(finding.check)) return ShareWithoutRoom(index, window, all.Coded()) >= kNoRoom;
    if (!IsRate(finding.check) || finding.cause == "rate_fell") return false;
    Policy any_change = policy_;
    any_change.min_rate_change = 0;
    return Fires(finding.check, baseline_.variables[index], Diluted(window, all.rows, all.Coded()),
                 any_change);
  }

  // The share of these rows, some of `all` rows, that training cannot hold, were it the same
  // mixture of sources: by groups of codes, or code by code, whichever shows more.
  double ShareWithoutRoom(size_t index, const VariableCounts& window, uint64_t all) const {
    const VariableBaseline& trained = Trained(index);
    if (window.Coded() == 0 || all == 0 || trained.counts.Coded() == 0) return 0;
    const std::vector<uint64_t> base = trained.counts.codes.ToVector();
    const std::vector<uint64_t> here = window.codes.ToVector();
    const double share =
        std::min(1.0, static_cast<double>(window.Coded()) / static_cast<double>(all));
    return std::max(Excess(trained.grouping.Sum(base), trained.grouping.Sum(here), share),
                    Excess(base, here, share));
  }

  // Sum over the cells of what is more than training's part divided by `share`, less what chance
  // may add (twice its standard deviation).
  static double Excess(absl::Span<const uint64_t> base, absl::Span<const uint64_t> here,
                       double share) {
    const auto total = [](absl::Span<const uint64_t> counts) {
      return static_cast<double>(std::accumulate(counts.begin(), counts.end(), uint64_t{0}));
    };
    const double rows = total(here), trained = total(base);
    double excess = 0;
    for (size_t cell = 0; cell < std::min(base.size(), here.size()); ++cell) {
      const double q = static_cast<double>(here[cell]) / rows;
      const double room = static_cast<double>(base[cell]) / trained / share;
      const double chance = 2 * std::sqrt(q / rows + room / share / trained);
      excess += std::max(0.0, q - room - chance);
    }
    return excess;
  }

  const profile::Baseline& baseline_;
  const Policy& policy_;
  const SourceInput& input_;
  std::optional<profile::Pane> first_;  // empty: there are too few
};

}  // namespace

std::vector<Finding> EvaluateSource(const profile::Baseline& baseline, const Policy& policy,
                                    const SourceInput& input, const AlertBook* alerts) {
  OwnDoing own(baseline, policy, input);
  return EvaluateSome(
      {.baseline = baseline,
       .policy = policy,
       .window = input.window,
       .changes = input.changes,
       .statistics = input.statistics,
       .sets = input.sets,
       .brief = alerts != nullptr,
       .in_season = input.in_season,
       .alerts = alerts,
       .source = input.source},
      &Finding::source, input.source, [&](const Finding& finding) { return own.Is(finding); },
      alerts);
}

}  // namespace plumbline::checks
