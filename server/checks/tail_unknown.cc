#include "absl/strings/str_cat.h"
#include "server/checks/checks.h"

namespace plumbline::checks {

Finding CheckTailUnknown(const Policy& policy, const EvaluationInput& input) {
  Finding finding;
  finding.check = CheckId::kTailUnknown;
  finding.statistic = "unended_epochs";
  finding.severity = policy.Settings(finding.check, "").severity;
  finding.value = static_cast<double>(input.unended_epochs);
  finding.threshold = 1;
  finding.rows = input.window.rows;
  finding.below_leave = true;
  if (input.unended_epochs == 0) {
    finding.reason = "every epoch has ended, or goes on";
    finding.resolution = "the epoch went on, ended or expired";
    return finding;
  }
  finding.status = Status::kFiring;
  finding.cause = "epoch_not_ended";
  finding.senders = input.unended_senders;
  finding.reason = absl::StrCat(CountText(input.unended_epochs),
                                input.unended_epochs == 1 ? " epoch" : " epochs",
                                " did not end, so batches may be missing after the last that came",
                                input.unended_detail.empty() ? "" : ": ", input.unended_detail);
  return finding;
}

}  // namespace plumbline::checks
