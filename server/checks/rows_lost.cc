#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "server/checks/checks.h"

namespace plumbline::checks {

Finding CheckRowsLost(const Policy& policy, const EvaluationInput& input) {
  Finding finding;
  finding.check = CheckId::kRowsLost;
  finding.statistic = "lost_batches";
  finding.severity = policy.Settings(finding.check, "").severity;
  finding.value = static_cast<double>(input.lost_batches);
  finding.threshold = 1;
  finding.rows = input.window.rows;
  finding.below_leave = true;
  if (input.lost_batches == 0) {
    finding.reason = "no batch was lost";
    finding.resolution =
        input.abandoned_batches == 0
            ? "they have arrived since, or were given up by their producer"
            : absl::StrCat(CountText(input.abandoned_batches),
                           " never came: the epoch expired, or ",
                           absl::FormatDuration(policy.epoch_expiry), " have passed");
    return finding;
  }
  finding.status = Status::kFiring;
  finding.cause = "batches_missing";
  finding.senders = input.lost_senders;
  finding.reason = absl::StrCat(CountText(input.lost_batches),
                                input.lost_batches == 1 ? " batch was lost" : " batches were lost",
                                input.lost_detail.empty() ? "" : ": ", input.lost_detail);
  return finding;
}

}  // namespace plumbline::checks
