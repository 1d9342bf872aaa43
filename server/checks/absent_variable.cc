#include "absl/strings/str_cat.h"
#include "server/checks/checks.h"

namespace plumbline::checks {

Finding CheckAbsentVariable(const VariableInput& input) {
  Finding finding = StartFinding(CheckId::kAbsentVariable, input);
  finding.statistic = "absent";
  if (finding.rows == 0) return Without(finding, Status::kInsufficientData, "no rows");
  const CheckSettings settings = input.policy.Settings(finding.check, finding.variable);
  const double share = static_cast<double>(input.window.absent) / static_cast<double>(finding.rows);
  finding.value = share;
  finding.threshold = settings.threshold;
  finding.below_leave = share == 0 || share < settings.leave_threshold;
  if (input.window.absent > 0 && share >= settings.threshold) {
    finding.status = Status::kFiring;
    finding.cause = "column_absent";
  }
  if (!IsRead(finding, input)) return finding;
  finding.reason = absl::StrCat(finding.variable, ": absent in ", CountText(input.window.absent),
                                " of ", CountText(finding.rows), " rows");
  return finding;
}

}  // namespace plumbline::checks
