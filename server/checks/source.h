#ifndef PLUMBLINE_SERVER_CHECKS_SOURCE_H_
#define PLUMBLINE_SERVER_CHECKS_SOURCE_H_

#include <cstddef>
#include <optional>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/strings/string_view.h"
#include "server/checks/alert.h"
#include "server/checks/change_watch.h"
#include "server/checks/finding.h"
#include "server/checks/policy.h"
#include "server/profile/baseline.h"
#include "server/profile/pane.h"
#include "server/profile/statistics.h"

namespace plumbline::checks {

/// One source's rows beside all rows of the model. Everything outlives the call.
struct SourceInput {
  absl::string_view source;
  const profile::Pane& window;                                 // its rows
  const std::vector<VariableEvidence>* changes = nullptr;      // of its closed blocks
  const std::vector<profile::VariableStatistics>& statistics;  // of its window
  const profile::Pane& all;                                    // of every source, this one too
  const std::vector<Finding>& of_all;                          // what fires on those, and others
  /// Its own first rows; nullopt: not enough came so far. Asked only if something fires.
  absl::FunctionRef<std::optional<profile::Pane>()> first;
  size_t sets = 1;                               // of rows that are judged at once
  const profile::Baseline* in_season = nullptr;  // see EvaluationInput
};

/// The findings on a source, in its name. A source may differ from training by nature, for training
/// is a mixture of all of them. So what fires against training is the source's own only if
/// - all rows fire as well, and the rate is larger here (by a tenth), or drift is smaller without
///   these rows, or more of them lie where training has no room; or
/// - they do not, and it fires against the source's own first rows too; or
/// - they do not, and training had no room for rows like these even if all the others were without:
///   the rate is too large over the rows of all sources, or a tenth of the source's rows lie where
///   training has too few.
/// With a season a source's first rows say nothing of its drift, for they came at other times.
/// An absent column and a wrong type need no such reason, but are not told of a source that is no
/// worse than the whole. Everything else is OK. `alerts`: as EvaluateForAlerts; nullptr: all
/// findings. Cost: O(codes) per variable. Pure.
std::vector<Finding> EvaluateSource(const profile::Baseline& baseline, const Policy& policy,
                                    const SourceInput& input, const AlertBook* alerts);

}  // namespace plumbline::checks

#endif  // PLUMBLINE_SERVER_CHECKS_SOURCE_H_
