#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "server/checks/checks.h"
#include "server/checks/impact.h"
#include "server/profile/input_outcomes.h"
#include "server/stats/rate_test.h"

namespace plumbline::checks {
namespace {

using profile::InputState;
using profile::PredictionDomain;

// A cause is named if it is in this share of the faulty rows, and so many times as often as
// elsewhere, and chance would hardly show it.
constexpr double kLeastShare = 0.1;
constexpr double kLeastLift = 1.5;
constexpr double kSignificance = 1e-3;
constexpr size_t kMostCauses = 3;
// From so many rows without a fault on, the window itself says how often a state is.
constexpr uint64_t kEnoughOthers = 30;

void AddCause(const profile::VariableBaseline& variable, InputState state, uint64_t rows,
              const profile::Pane& window, const profile::FaultyRows& fault,
              const profile::VariableCounts& live, std::vector<CoOccurrence>* causes) {
  CoOccurrence cause;
  cause.variable = variable.variable.name;
  cause.state = std::string(WordsOf(state).words);
  cause.cause = std::string(WordsOf(state).cause);
  cause.share = static_cast<double>(rows) / static_cast<double>(fault.inspected);
  cause.against_training = window.rows - std::min(window.rows, window.faults.rows) < kEnoughOthers;
  const profile::VariableCounts& reference = cause.against_training ? variable.counts : live;
  const uint64_t of = std::max<uint64_t>(reference.rows, 1);
  const uint64_t seen = std::min(of, profile::RowsInState(state, reference, variable.is_numeric()));
  cause.reference = static_cast<double>(seen) / static_cast<double>(of);
  // What training never had is taken for half a row of it.
  cause.lift = cause.share / std::max(cause.reference, 0.5 / static_cast<double>(of));
  if (cause.share < kLeastShare || cause.lift < kLeastLift) return;
  if (stats::RateIncreasePValue(rows, fault.inspected, seen, of) >= kSignificance) return;
  causes->push_back(std::move(cause));
}

std::string RangeText(const stats::Moments& moments) {
  return absl::StrFormat("%.6g to %.6g", moments.Min(), moments.Max());
}

std::string ReferenceText(const CoOccurrence& cause) {
  return absl::StrCat(PercentText(cause.reference),
                      cause.against_training ? " in training" : " of all rows");
}

std::vector<CoOccurrence> CausesOfFault(const profile::Baseline& baseline,
                                        const profile::Pane& window,
                                        const profile::FaultyRows& fault) {
  std::vector<CoOccurrence> causes;
  for (const auto& [input, rows] : fault.inputs) {
    const auto [variable, state] = input;
    if (variable >= baseline.variables.size() || variable >= window.variables.size()) continue;
    AddCause(baseline.variables[variable], state, rows, window, fault, window.variables[variable],
             &causes);
  }
  std::stable_sort(causes.begin(), causes.end(), [](const CoOccurrence& a, const CoOccurrence& b) {
    return a.lift != b.lift ? a.lift > b.lift : a.share > b.share;
  });
  if (causes.size() > kMostCauses) causes.resize(kMostCauses);
  return causes;
}

}  // namespace

void NameCauses(const profile::Baseline& baseline, const profile::Pane& window,
                const profile::FaultyRows& fault, Finding* finding) {
  std::vector<CoOccurrence> causes = CausesOfFault(baseline, window, fault);
  if (causes.empty()) return;
  finding->cause = causes.front().cause;
  for (const CoOccurrence& cause : causes) {
    const bool first = &cause == &causes.front();
    absl::StrAppend(&finding->reason, first ? "; in the same rows: " : ", ", "`", cause.variable,
                    "` ", cause.state, " in ", PercentText(cause.share), " (", ReferenceText(cause),
                    ")");
  }
  if (fault.inspected != fault.rows) {
    absl::StrAppend(&finding->reason, ", of ", CountText(fault.inspected), " of these rows");
  }
  finding->causes = std::move(causes);
}

Finding CheckPredictionDomain(const VariableInput& input, uint64_t outside) {
  Finding finding = StartFinding(CheckId::kPredictionDomain, input);
  finding.statistic = "outside_domain_rate";
  const PredictionDomain domain = input.baseline.domain;
  const uint64_t rows = input.window.Coded();
  finding.rows = rows;
  if (domain == PredictionDomain::kAny) {
    return Without(finding, Status::kNotApplicable, "any number is in its domain");
  }
  if (rows == 0) return Without(finding, Status::kInsufficientData, "no values");
  finding.value = static_cast<double>(outside) / static_cast<double>(rows);
  finding.threshold = 0;
  finding.baseline = 0;
  finding.below_leave = outside == 0;
  if (outside > 0) {
    finding.status = Status::kFiring;
    finding.cause = domain == PredictionDomain::kClasses ? "class_unseen" : "probability_outside";
  }
  if (!IsRead(finding, input)) return finding;
  const std::string count = absl::StrCat(finding.variable, ": ", CountText(outside), " of ",
                                         CountText(rows), " predictions ");
  if (domain == PredictionDomain::kClasses) {
    finding.reason =
        absl::StrCat(count, "are a class that training never had; the classes reach from ",
                     RangeText(input.window.moments), " now, from ",
                     RangeText(input.baseline.counts.moments), " in training");
  } else {
    finding.reason =
        absl::StrCat(count, "outside [0, 1], where all of training is; they reach from ",
                     RangeText(input.window.moments), " now");
  }
  return finding;
}

Finding CheckProbabilitySum(const profile::Baseline& baseline, const Policy& policy,
                            const profile::Pane& window, size_t group, bool brief) {
  const std::vector<uint32_t>& members = baseline.probability_groups[group];
  Finding finding;
  finding.check = CheckId::kProbabilitySum;
  finding.variable = baseline.variables[members.front()].variable.name;
  finding.severity = policy.Settings(finding.check, finding.variable).severity;
  finding.statistic = "wrong_sum_rate";
  finding.rows = window.rows;
  if (window.rows == 0) return Without(finding, Status::kInsufficientData, "no rows");
  const uint64_t wrong =
      group < window.faults.wrong_sums.size() ? window.faults.wrong_sums[group] : 0;
  finding.value = static_cast<double>(wrong) / static_cast<double>(window.rows);
  finding.threshold = 0;
  finding.baseline = 0;
  finding.below_leave = wrong == 0;
  if (wrong > 0) {
    finding.status = Status::kFiring;
    finding.cause = "probability_sum";
  }
  if (brief && wrong == 0) return finding;
  std::string names;
  for (const uint32_t member : members) {
    absl::StrAppend(&names, names.empty() ? "" : ", ", baseline.variables[member].variable.name);
  }
  finding.reason = absl::StrCat(names, ": do not sum to 1 in ", CountText(wrong), " of ",
                                CountText(window.rows), " rows, always in training");
  return finding;
}

}  // namespace plumbline::checks
