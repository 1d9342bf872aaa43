#include <algorithm>

#include "absl/strings/str_cat.h"
#include "server/checks/checks.h"

namespace plumbline::checks {
namespace {

constexpr size_t kNamed = 5;  // differences in a reason

Finding CheckOne(const Policy& policy, const EvaluationInput& input,
                 const EnvironmentSummary& summary) {
  Finding finding;
  finding.check = CheckId::kEnvironment;
  finding.source = summary.source;
  finding.statistic = "largest_difference";
  const CheckSettings settings = policy.Settings(finding.check, "");
  finding.severity = settings.severity;
  finding.threshold = settings.threshold;
  finding.rows = input.window.rows;
  finding.value = 0;
  if (summary.differences != nullptr && !summary.differences->empty()) {
    finding.value = static_cast<double>(summary.differences->front().weight);
  }
  finding.below_leave = *finding.value < settings.leave_threshold;
  if (*finding.value == 0 || *finding.value < settings.threshold) {
    finding.reason = absl::StrCat(CountText(summary.producers),
                                  summary.producers == 1 ? " producer runs" : " producers run",
                                  " in what the model was trained in");
    if (*finding.value > 0) absl::StrAppend(&finding.reason, ", up to lesser differences");
    finding.resolution = "producers declared other environments, or are gone";
    return finding;
  }
  const manifest::EnvironmentDifference& worst = summary.differences->front();
  finding.status = Status::kFiring;
  finding.severity = std::min(settings.severity, static_cast<Severity>(worst.weight));
  finding.cause = worst.cause;
  finding.senders.producers = summary.differing_names;
  finding.reason =
      absl::StrCat("not what the model was trained in: ", InWords(*summary.differences, kNamed),
                   " (producer ", summary.producer);
  if (summary.producers > 1) {
    absl::StrAppend(&finding.reason, "; ", CountText(summary.differing), " of ",
                    CountText(summary.producers), " producers differ");
  }
  finding.reason += ")";
  return finding;
}

}  // namespace

std::vector<Finding> CheckEnvironments(const profile::Baseline& baseline, const Policy& policy,
                                       const EvaluationInput& input) {
  std::vector<Finding> findings;
  if (baseline.environment.empty()) return findings;
  for (const EnvironmentSummary& summary : input.environments) {
    findings.push_back(CheckOne(policy, input, summary));
  }
  return findings;
}

}  // namespace plumbline::checks
