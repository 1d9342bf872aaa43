#include <algorithm>

#include "absl/strings/str_cat.h"
#include "server/checks/checks.h"

namespace plumbline::checks {

double MissingRows::Share(uint64_t window_rows) const {
  const auto missing = static_cast<double>(rows);
  return missing / std::max(1.0, missing + static_cast<double>(window_rows));
}

void NoteMissingRows(const Policy& policy, const EvaluationInput& input, Finding* finding) {
  if (finding->check != CheckId::kDrift || finding->reason.empty()) return;
  if (finding->status != Status::kFiring && finding->status != Status::kOk) return;
  const double share = input.missing.Share(input.window.rows);
  if (share <= policy.max_missing_share) return;
  absl::StrAppend(&finding->reason, "; but ", PercentText(share),
                  " of the window's rows are missing, and those that came need not be like them (",
                  input.missing.words, ")");
}

}  // namespace plumbline::checks
