#ifndef PLUMBLINE_SERVER_PROFILE_WINDOW_BASELINE_H_
#define PLUMBLINE_SERVER_PROFILE_WINDOW_BASELINE_H_

#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/profile/baseline.h"
#include "server/profile/pane.h"

namespace plumbline::profile {

/// A run of panes of a window.
struct WindowPart {
  absl::Time start, end;
  Pane pane;
};

/// No more than this share of a variable's values may lie where the window does not tell them
/// apart: beyond the old baseline's range, or in categories that are not known by name.
inline constexpr double kMaxUntold = 0.25;

/// A baseline of what a window holds: its counts become training's. `old` is the baseline that they
/// were counted against, with chunks and row sample. `parts`, in order, become the chunks; their
/// panes sum up to `window`, or to less.
///
/// A window tells values apart as finely as the old baseline's bins and names: values beyond the
/// old range fall in one new bin at either end, categories that are known by name (UnseenNames)
/// join the table, others stay unseen. A variable that is absent from all rows is left out, unless
/// it is a label. Taken over from the old baseline, since a window does not have them: the row
/// sample, gaps, the number of distinct numbers, and training's performance.
///
/// Errors: FailedPrecondition if the window has no rows, if nothing is left, or if more than
/// kMaxUntold of a variable's values are not told apart, naming it: then a baseline has to be made
/// of rows. Cost: O(codes) for each variable and part.
absl::StatusOr<Baseline> BaselineOfWindow(const Baseline& old, const Pane& window,
                                          const std::vector<WindowPart>& parts);

}  // namespace plumbline::profile

#endif  // PLUMBLINE_SERVER_PROFILE_WINDOW_BASELINE_H_
