#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "server/checks/checks.h"

namespace plumbline::checks {

Finding CheckNoData(const Policy& policy, const EvaluationInput& input) {
  Finding finding;
  finding.check = CheckId::kNoData;
  finding.statistic = "seconds_since_last_batch";
  finding.severity = policy.Settings(finding.check, "").severity;
  finding.threshold = absl::ToDoubleSeconds(policy.no_data_after);
  finding.rows = input.window.rows;
  if (!input.last_batch.has_value()) {
    return Without(finding, Status::kNotApplicable, "no batch has come yet");
  }
  const absl::Duration age = input.now - *input.last_batch;
  finding.value = absl::ToDoubleSeconds(age);
  finding.below_leave = true;
  finding.reason =
      absl::StrCat("last batch ", absl::FormatDuration(absl::Trunc(age, absl::Seconds(1))),
                   " ago (fires after ", absl::FormatDuration(policy.no_data_after), ")");
  if (age > policy.no_data_after) {
    finding.status = Status::kFiring;
    finding.cause = "silent";
  }
  return finding;
}

}  // namespace plumbline::checks
