#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "server/checks/checks.h"

namespace plumbline::checks {

Finding CheckLoadMismatch(const Policy& policy, const EvaluationInput& input) {
  const LoadSummary& loads = *input.loads;
  Finding finding;
  finding.check = CheckId::kLoadMismatch;
  finding.statistic = "differing_loads";
  finding.severity = policy.Settings(finding.check, "").severity;
  finding.value = static_cast<double>(loads.differing);
  finding.threshold = 1;
  finding.rows = input.window.rows;
  finding.below_leave = true;
  if (loads.differing == 0) {
    finding.reason = "what was declared of loads has arrived";
    finding.resolution = absl::StrCat("what was declared has arrived since, or ",
                                      absl::FormatDuration(policy.epoch_expiry), " have passed");
    return finding;
  }
  finding.status = Status::kFiring;
  finding.cause = loads.rows_missing > 0 ? "rows_missing"
                  : loads.rows_extra > 0 ? "rows_extra"
                                         : "content_differs";
  finding.reason =
      absl::StrCat(CountText(loads.differing), loads.differing == 1 ? " load is" : " loads are",
                   " not what was declared: ", loads.detail);
  return finding;
}

}  // namespace plumbline::checks
