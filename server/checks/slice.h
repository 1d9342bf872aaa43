#ifndef PLUMBLINE_SERVER_CHECKS_SLICE_H_
#define PLUMBLINE_SERVER_CHECKS_SLICE_H_

#include <cstddef>
#include <cstdint>
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

/// The rows with one value of a slice variable beside all rows. Everything outlives the call.
struct SliceInput {
  absl::string_view slice;           // `variable=category`
  const profile::Baseline& trained;  // of training's rows with that value
  const profile::Pane& window;
  const std::vector<VariableEvidence>* changes = nullptr;      // of its closed blocks
  const std::vector<profile::VariableStatistics>& statistics;  // of its window
  const profile::Pane& all;                                    // of every row, these too
  /// Of every row as well, in the latest panes that the slice's DriftLook is of. Asked only if
  /// there is one that fires.
  absl::FunctionRef<profile::Pane(uint32_t panes)> latest;
  const std::vector<Finding>& of_all;  // what fires on those, and others
  size_t sets = 1;                     // of rows that are judged at once
  double trained_share = 0;            // of training's rows
};

/// The findings on a slice, in its name: its rows are held against training's with the same value.
/// What fires is told of the slice only if it lies there, whether or not all rows fire: the other
/// rows of the same time have moved from training's other rows at most half as far, by more than
/// chance for a drift, and for a rate where all rows fire. Columns that the baseline does not know
/// are not told of slices. `whole` is the baseline of all rows; `alerts`: as EvaluateForAlerts;
/// nullptr: all findings. Cost: O(codes) per variable. Pure.
std::vector<Finding> EvaluateSlice(const profile::Baseline& whole, const Policy& policy,
                                   const SliceInput& input, const AlertBook* alerts);

}  // namespace plumbline::checks

#endif  // PLUMBLINE_SERVER_CHECKS_SLICE_H_
