#ifndef PLUMBLINE_SERVER_ENGINE_WINDOW_H_
#define PLUMBLINE_SERVER_ENGINE_WINDOW_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "server/engine/model_key.h"
#include "server/profile/pane.h"
#include "server/storage/store.h"

namespace plumbline::engine {

/// The panes of one model: open ones that still take rows, closed ones in compact form, and their
/// sum. What changed since the last commit is kept apart from what is committed, so that a commit
/// writes only the change: a delta while the pane is open, the whole when it closes. Not
/// thread-safe.
class Window {
 public:
  /// `length` is a pane's, at least a second; `panes` how many of them make the window.
  Window(std::shared_ptr<const profile::Baseline> baseline, absl::Duration length, uint32_t panes);

  /// Start of the pane that `micros` falls in.
  int64_t PaneStart(int64_t micros) const;
  /// True if the pane that starts there no longer takes rows.
  bool IsLate(int64_t pane_start) const { return pane_start < closed_until_; }
  /// The pane that starts there, for counting; made if it is new. Must not be late.
  profile::Pane* Open(int64_t pane_start);

  /// The oldest open pane if it ends at or before `watermark`.
  std::optional<int64_t> NextToClose(int64_t watermark) const;
  /// Closes the oldest open pane, which starts at `pane_start`; `keep_from` is the oldest pane
  /// start that somebody still needs besides the window. Returns the closed pane until the next
  /// call.
  const profile::Pane& Close(int64_t pane_start, int64_t keep_from);

  /// Sum of the panes of the window, the open ones included. O(codes) when no pane has left since
  /// the last call, else it folds the closed panes again: nothing is ever subtracted, so sums do
  /// not drift.
  profile::Pane Sum();
  /// Sum of the closed panes that start in [from, until). Those outside what is kept are missing.
  profile::Pane SumOfClosed(int64_t from, int64_t until) const;

  /// Event time that the window covers; nullopt while it has no pane.
  std::optional<std::pair<int64_t, int64_t>> Range() const;
  uint64_t rows() const;
  size_t open_panes() const { return open_.size(); }
  int64_t closed_until() const { return closed_until_; }
  bool dirty() const { return dirty_; }
  void set_panes(uint32_t panes);

  /// Adds to `batch` what changed since the last call.
  void Commit(const ModelKey& key, uint64_t generation, storage::Store::Batch* batch);
  /// Back to what the store holds. Errors: DataLoss naming the pane.
  absl::Status Restore(const ModelKey& key, uint64_t generation, int64_t closed_until,
                       const storage::Store& store);

 private:
  struct OpenPane {
    profile::Pane committed;
    profile::Pane change;
    bool changed = false;
    uint64_t next_delta = 0;
  };
  struct ClosedPane {
    std::string bytes;
    uint64_t rows = 0;
  };

  int64_t WindowStart() const;
  void FoldClosed();

  const std::shared_ptr<const profile::Baseline> baseline_;
  const int64_t length_;
  uint32_t panes_;
  int64_t closed_until_;  // panes that start before this are closed
  std::map<int64_t, OpenPane> open_;
  std::map<int64_t, ClosedPane> closed_;
  profile::Pane closed_sum_;  // of closed_ from folded_from_ on
  int64_t folded_from_;
  bool fold_again_ = false;
  profile::Pane last_closed_;
  bool dirty_ = false;
  // What the next commit has to do for panes that closed or left.
  std::map<int64_t, bool> to_put_;  // closed panes, and whether they have deltas to delete
  std::vector<int64_t> to_delete_;
};

}  // namespace plumbline::engine

#endif  // PLUMBLINE_SERVER_ENGINE_WINDOW_H_
