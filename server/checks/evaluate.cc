#include "server/checks/evaluate.h"

#include <utility>

#include "absl/strings/str_format.h"
#include "server/checks/checks.h"

namespace plumbline::checks {
namespace {

void EvaluateVariable(const VariableInput& input, std::vector<Finding>* findings) {
  const bool label = input.baseline.variable.role == profile::Role::kLabel;
  if (label && input.window.absent == input.window.rows) return;
  if (!label) findings->push_back(CheckAbsentVariable(input));
  findings->push_back(CheckWrongType(input));
  findings->push_back(CheckRate(CheckId::kNullRate, input));
  if (input.baseline.is_numeric()) {
    findings->push_back(CheckRate(CheckId::kNanRate, input));
    findings->push_back(CheckRate(CheckId::kInfRate, input));
    findings->push_back(CheckRate(CheckId::kOutOfRange, input));
  } else {
    findings->push_back(CheckUnseenCategory(input));
    findings->push_back(CheckVanishedCategory(input));
  }
  findings->push_back(CheckDrift(input));
  findings->push_back(CheckBecameConstant(input));
  findings->push_back(CheckCameAlive(input));
}

}  // namespace

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

Finding Without(Finding finding, Status status, std::string reason) {
  finding.status = status;
  finding.reason = std::move(reason);
  finding.below_leave = false;
  return finding;
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
  std::vector<Finding> findings = {CheckNoData(policy, input), CheckRowsLost(policy, input),
                                   CheckTailUnknown(policy, input)};
  for (Finding& finding : CheckUnknownVariables(policy, input.window)) {
    findings.push_back(std::move(finding));
  }
  for (size_t i = 0; i < baseline.variables.size(); ++i) {
    if (i >= input.window.variables.size() || i >= statistics.size()) break;
    const bool has_block = input.block != nullptr && i < input.block->variables.size();
    EvaluateVariable({.baseline = baseline.variables[i],
                      .window = input.window.variables[i],
                      .block = has_block ? &input.block->variables[i] : nullptr,
                      .statistics = statistics[i],
                      .policy = policy,
                      .variables = baseline.variables.size()},
                     &findings);
  }
  return findings;
}

}  // namespace plumbline::checks
