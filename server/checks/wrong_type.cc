#include "absl/strings/str_cat.h"
#include "server/checks/checks.h"

namespace plumbline::checks {

Finding CheckWrongType(const VariableInput& input) {
  Finding finding = StartPredictionFinding(CheckId::kWrongType, input);
  finding.statistic = "wrong_type_rate";
  if (finding.rows == 0) return Without(finding, Status::kInsufficientData, "no rows");
  const CheckSettings settings = input.policy.Settings(finding.check, finding.variable);
  const uint64_t wrong = input.window.wrong_type;
  const double share = static_cast<double>(wrong) / static_cast<double>(finding.rows);
  finding.value = share;
  finding.threshold = settings.threshold;
  finding.below_leave = share == 0 || share < settings.leave_threshold;
  if (wrong > 0 && share >= settings.threshold) {
    finding.status = Status::kFiring;
    finding.cause = "type_changed";
  }
  if (!IsRead(finding, input)) return finding;
  finding.reason =
      absl::StrCat(finding.variable, ": not ", profile::KindName(input.baseline.variable.kind),
                   " in ", CountText(wrong), " of ", CountText(finding.rows), " rows");
  return finding;
}

}  // namespace plumbline::checks
