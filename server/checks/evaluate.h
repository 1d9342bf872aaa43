#ifndef PLUMBLINE_SERVER_CHECKS_EVALUATE_H_
#define PLUMBLINE_SERVER_CHECKS_EVALUATE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "server/checks/finding.h"
#include "server/checks/policy.h"
#include "server/profile/baseline.h"
#include "server/profile/pane.h"
#include "server/profile/statistics.h"

namespace plumbline::checks {

struct EvaluationInput {
  const profile::Pane& window;
  /// Latest closed evidence block of at least min_rows_drift rows, or nullptr. Not owned.
  const profile::Pane* block = nullptr;
  uint64_t block_number = 0;
  absl::Time now;
  std::optional<absl::Time> last_batch;  // by the server's clock
  uint64_t lost_batches = 0;
  std::string lost_detail;
};

/// All findings, the OK ones too; none for a label that is absent. `statistics` are the window's,
/// one a variable in the baseline's order. Pure.
std::vector<Finding> Evaluate(const profile::Baseline& baseline, const Policy& policy,
                              const EvaluationInput& input,
                              const std::vector<profile::VariableStatistics>& statistics);

}  // namespace plumbline::checks

#endif  // PLUMBLINE_SERVER_CHECKS_EVALUATE_H_
