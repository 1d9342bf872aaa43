#include <algorithm>

#include "absl/strings/str_cat.h"
#include "server/checks/checks.h"
#include "server/stats/rate_test.h"

namespace plumbline::checks {

Finding CheckVanishedCategory(const VariableInput& input) {
  Finding finding = StartFinding(CheckId::kVanishedCategory, input);
  finding.statistic = "vanished_share";
  const CheckSettings settings = input.policy.Settings(finding.check, finding.variable);
  const uint64_t rows = input.window.Coded();
  const uint64_t trained = input.baseline.counts.Coded();
  finding.rows = rows;
  finding.threshold = settings.threshold;
  if (rows < input.policy.min_rows_rate || trained == 0) {
    return WithTooFew(finding, rows, input);
  }
  finding.value = 0;
  if (IsRead(finding, input)) {
    finding.reason = absl::StrCat(finding.variable, ": no category vanished");
  }
  // At most so many categories have such a share.
  const double significance =
      ImmediateLevel(input) * std::clamp(settings.threshold, 1 / static_cast<double>(trained), 1.0);
  const auto& gaps = input.baseline.longest_category_gap_rows;
  for (size_t code = 0; code < input.baseline.categories.size(); ++code) {
    const uint64_t count = input.baseline.counts.codes[code];
    const double share = static_cast<double>(count) / static_cast<double>(trained);
    if (input.window.codes[code] > 0 || share < settings.threshold || share <= *finding.value) {
      continue;
    }
    if (code < gaps.size() && rows <= gaps[code]) continue;
    const double p_value = stats::RateDecreasePValue(0, rows, count, trained);
    if (p_value >= significance) continue;
    finding.status = Status::kFiring;
    finding.cause = "category_vanished";
    finding.below_leave = false;
    finding.value = share;
    finding.p_value = p_value;
    finding.baseline = share;
    finding.reason =
        absl::StrCat(finding.variable, ": no row with `", input.baseline.categories.name(code),
                     "`, ", PercentText(share), " in training (", CountText(rows), " rows)");
  }
  return finding;
}

}  // namespace plumbline::checks
