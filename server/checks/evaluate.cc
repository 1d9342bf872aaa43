#include "server/checks/evaluate.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "server/checks/checks.h"
#include "server/checks/impact.h"

namespace plumbline::checks {
namespace {

using Use = absl::FunctionRef<void(Finding)>;

// The fault of a prediction that a check tells of.
std::optional<profile::FaultKind> FaultOf(CheckId check) {
  switch (check) {
    case CheckId::kNanRate:
      return profile::FaultKind::kNan;
    case CheckId::kInfRate:
      return profile::FaultKind::kInfinite;
    case CheckId::kUnseenCategory:
    case CheckId::kPredictionDomain:
      return profile::FaultKind::kOutside;
    default:
      return std::nullopt;
  }
}

// True if nobody wants the finding: it cannot fire, and has no alert.
bool IsIdle(CheckId check, const RowsInput& all, const VariableInput& input) {
  if (all.alerts == nullptr) return false;
  const absl::string_view variable = input.baseline.variable.name;
  return !all.alerts->Has(AlertKeyLess::View(check, variable, all.source, all.slice)) &&
         !MayFire(check, input);
}

void EvaluateVariable(const RowsInput& all, const VariableInput& input, Use use) {
  const bool label = input.baseline.variable.role == profile::Role::kLabel;
  if (label && input.window.absent == input.window.rows) return;
  const auto ask = [&](CheckId check, const auto& find) {
    if (!IsIdle(check, all, input)) use(find(input));
  };
  const auto ask_rate = [&](CheckId check) {
    ask(check, [check](const VariableInput& variable) { return CheckRate(check, variable); });
  };
  if (!label) ask(CheckId::kAbsentVariable, CheckAbsentVariable);
  ask(CheckId::kWrongType, CheckWrongType);
  ask_rate(CheckId::kNullRate);
  if (input.baseline.is_numeric()) {
    ask_rate(CheckId::kNanRate);
    ask_rate(CheckId::kInfRate);
    ask_rate(CheckId::kOutOfRange);
    ask(CheckId::kPrecision, CheckPrecision);
  } else {
    ask(CheckId::kUnseenCategory, CheckUnseenCategory);
    ask(CheckId::kVanishedCategory, CheckVanishedCategory);
  }
  ask(CheckId::kDrift, CheckDrift);
  ask(CheckId::kBecameConstant, CheckBecameConstant);
  ask(CheckId::kCameAlive, CheckCameAlive);
}

// `alerts`: as RowsInput.
void EvaluateSilences(const profile::Baseline& baseline, const Policy& policy,
                      const EvaluationInput& input, bool brief, const AlertBook* alerts, Use use) {
  if (input.clocks == nullptr) return;
  const profile::VariableStatistics none;  // silence asks for no statistics
  ImpactFinder impacts(baseline, policy, input.window);
  for (size_t i = 0; i < baseline.variables.size() && i < input.window.variables.size(); ++i) {
    if (baseline.variables[i].variable.role == profile::Role::kLabel) continue;
    const VariableInput variable{.baseline = baseline.variables[i],
                                 .window = input.window.variables[i],
                                 .statistics = none,
                                 .policy = policy,
                                 .variables = baseline.variables.size(),
                                 .brief = brief};
    const AlertKeyLess::View key(CheckId::kSilence, variable.baseline.variable.name, "", "");
    if (alerts != nullptr && !alerts->Has(key) && !MayBeSilent(variable, *input.clocks, i)) {
      continue;
    }
    Finding finding = CheckSilence(variable, *input.clocks, i);
    impacts.Name(i, &finding);
    use(std::move(finding));
  }
}

void EvaluateAll(const profile::Baseline& baseline, const Policy& policy,
                 const EvaluationInput& input,
                 const std::vector<profile::VariableStatistics>& statistics,
                 const AlertBook* alerts, Use use) {
  const bool brief = alerts != nullptr;
  use(CheckNoData(policy, input));
  use(CheckRowsLost(policy, input));
  use(CheckTailUnknown(policy, input));
  for (Finding& finding : CheckEnvironments(baseline, policy, input)) use(std::move(finding));
  if (input.golden.has_value()) use(CheckGoldenRows(policy, input));
  if (input.loads.has_value()) use(CheckLoadMismatch(policy, input));
  const auto with_caveat = [&](Finding finding) {
    NoteMissingRows(policy, input, &finding);
    use(std::move(finding));
  };
  EvaluateRows({.baseline = baseline,
                .policy = policy,
                .window = input.window,
                .changes = input.changes,
                .statistics = statistics,
                .sets = input.sets,
                .brief = brief,
                .in_season = input.in_season,
                .alerts = alerts},
               with_caveat);
  EvaluateSilences(baseline, policy, input, brief, alerts, use);
}

}  // namespace

void EvaluateRows(const RowsInput& input, Use use) {
  const profile::Baseline& baseline = input.baseline;
  for (Finding& finding : CheckUnknownVariables(input.policy, input.window)) {
    use(std::move(finding));
  }
  uint32_t prediction = 0;  // their number
  ImpactFinder impacts(baseline, input.policy, input.window);
  for (size_t i = 0; i < baseline.variables.size(); ++i) {
    if (i >= input.window.variables.size() || i >= input.statistics.size()) break;
    const VariableInput variable{
        .baseline = baseline.variables[i],
        .window = input.window.variables[i],
        .has_block = input.changes != nullptr,
        .evidence = EvidenceOn(input.changes, i),
        .statistics = input.statistics[i],
        .policy = input.policy,
        .variables = baseline.variables.size() * std::max<size_t>(1, input.sets),
        .brief = input.brief,
        .in_season = input.in_season == nullptr ? nullptr : &input.in_season->variables[i]};
    if (baseline.variables[i].variable.role == profile::Role::kFeature) {
      EvaluateVariable(input, variable, [&](Finding finding) {
        impacts.Name(i, &finding);
        use(std::move(finding));
      });
      continue;
    }
    if (baseline.variables[i].variable.role != profile::Role::kPrediction) {
      EvaluateVariable(input, variable, use);
      continue;
    }
    const auto named = [&](Finding finding) {
      const std::optional<profile::FaultKind> fault = FaultOf(finding.check);
      if (fault.has_value() && finding.status == Status::kFiring) {
        NameCauses(baseline, input.window, input.window.faults.Of(*fault, prediction), &finding);
      }
      use(std::move(finding));
    };
    EvaluateVariable(input, variable, named);
    if (baseline.variables[i].is_numeric()) {
      const std::vector<uint64_t>& outside = input.window.faults.outside;
      named(CheckPredictionDomain(variable, i < outside.size() ? outside[i] : 0));
    }
    ++prediction;
  }
  for (uint32_t group = 0; group < baseline.probability_groups.size(); ++group) {
    Finding finding = CheckProbabilitySum(baseline, input.policy, input.window, group, input.brief);
    if (finding.status == Status::kFiring) {
      NameCauses(baseline, input.window,
                 input.window.faults.Of(profile::FaultKind::kWrongSum, group), &finding);
    }
    use(std::move(finding));
  }
}

std::vector<Finding> EvaluateSome(const RowsInput& input, std::string Finding::*of,
                                  absl::string_view name,
                                  absl::FunctionRef<bool(const Finding&)> is_told,
                                  const AlertBook* alerts) {
  std::vector<Finding> findings;
  EvaluateRows(input, [&](Finding finding) {
    finding.*of = std::string(name);
    if (finding.status == Status::kFiring) {
      if (is_told(finding)) {
        absl::StrAppend(&finding.reason, of == &Finding::source ? ", source " : ", slice ", name);
      } else {
        finding.status = Status::kOk;
        finding.below_leave = true;
        finding.cause.clear();
      }
    }
    if (alerts == nullptr || finding.status == Status::kFiring || alerts->Has(finding)) {
      findings.push_back(std::move(finding));
    }
  });
  return findings;
}

double ImmediateLevel(const VariableInput& input) {
  return input.policy.ImmediateLevel(kImmediateQuestions *
                                     static_cast<double>(std::max<size_t>(1, input.variables)));
}

Finding StartFinding(CheckId check, const VariableInput& input) {
  Finding finding;
  finding.check = check;
  finding.variable = input.baseline.variable.name;
  finding.severity = input.policy.Settings(check, finding.variable).severity;
  finding.rows = input.window.rows;
  finding.below_leave = true;
  return finding;
}

Finding StartPredictionFinding(CheckId check, const VariableInput& input) {
  Finding finding = StartFinding(check, input);
  if (input.baseline.variable.role != profile::Role::kPrediction) return finding;
  const auto variable = input.policy.variables.find(finding.variable);
  if (variable != input.policy.variables.end()) {
    const auto change = variable->second.checks.find(check);
    if (change != variable->second.checks.end() && change->second.severity.has_value()) {
      return finding;
    }
  }
  finding.severity = Severity::kCritical;
  return finding;
}

bool IsRead(const Finding& finding, const VariableInput& input) {
  return !input.brief || finding.status == Status::kFiring;
}

Finding Without(Finding finding, Status status, absl::string_view reason) {
  finding.status = status;
  finding.reason = std::string(reason);
  finding.below_leave = false;
  return finding;
}

Finding WithTooFew(Finding finding, uint64_t rows, const VariableInput& input) {
  const std::string reason = input.brief ? "" : absl::StrCat("too few rows: ", CountText(rows));
  return Without(std::move(finding), Status::kInsufficientData, reason);
}

std::string PercentText(double share) { return absl::StrFormat("%.3g%%", 100 * share); }

std::string CountText(uint64_t count) {
  std::string text = absl::StrFormat("%d", count);
  for (size_t left = text.size(); left > 3;) text.insert(left -= 3, ",");
  return text;
}

std::vector<Finding> Evaluate(const profile::Baseline& baseline, const Policy& policy,
                              const EvaluationInput& input,
                              const std::vector<profile::VariableStatistics>& statistics) {
  std::vector<Finding> findings;
  EvaluateAll(baseline, policy, input, statistics, /*alerts=*/nullptr,
              [&](Finding finding) { findings.push_back(std::move(finding)); });
  return findings;
}

std::vector<Finding> Silences(const profile::Baseline& baseline, const Policy& policy,
                              const EvaluationInput& input) {
  std::vector<Finding> findings;
  EvaluateSilences(baseline, policy, input, /*brief=*/true, nullptr, [&](Finding finding) {
    if (finding.status == Status::kFiring) findings.push_back(std::move(finding));
  });
  return findings;
}

std::vector<Finding> EvaluateForAlerts(const profile::Baseline& baseline, const Policy& policy,
                                       const EvaluationInput& input,
                                       const std::vector<profile::VariableStatistics>& statistics,
                                       const AlertBook& alerts) {
  std::vector<Finding> findings;
  EvaluateAll(baseline, policy, input, statistics, &alerts, [&](Finding finding) {
    if (finding.status == Status::kFiring || alerts.Has(finding)) {
      findings.push_back(std::move(finding));
    }
  });
  return findings;
}

}  // namespace plumbline::checks
