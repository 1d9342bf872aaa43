#ifndef PLUMBLINE_SERVER_ENGINE_WINDOW_H_
#define PLUMBLINE_SERVER_ENGINE_WINDOW_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "server/engine/closed_panes.h"
#include "server/profile/pane.h"
#include "server/storage/store.h"

namespace plumbline::engine {

/// A time, in microseconds, before all others.
inline constexpr int64_t kNever = std::numeric_limits<int64_t>::min();

/// The panes of one model: open ones that still take rows, closed ones, and their sum. What changed
/// since the last commit is kept apart from what is committed, so that a commit writes only the
/// change: a delta while the pane is open, the whole when it closes. An open pane that takes no
/// rows for a while shrinks to compact bytes: of a window, counts that can be added to are held
/// once for what rests, and for open panes while they take rows. Not thread-safe.
class Window {
 public:
  /// `length` is a pane's, at least a second; `panes` how many of them make the window. The first
  /// panes that close are kept as a sum of their own until it has `first_rows` rows.
  Window(std::shared_ptr<const profile::Baseline> baseline, PaneHome home, absl::Duration length,
         uint32_t panes, uint64_t first_rows = 0);

  /// Start of the pane of this length that `micros` falls in.
  static int64_t PaneStart(int64_t micros, absl::Duration length);
  int64_t PaneStart(int64_t micros) const { return PaneStart(micros, length()); }
  absl::Duration length() const { return absl::Microseconds(length_); }
  /// True if the pane that starts there no longer takes rows.
  bool IsLate(int64_t pane_start) const { return pane_start < closed_until_; }
  /// The pane that starts there, for counting until the next call of anything else; made if it is
  /// new. Must not be late.
  profile::Pane* Open(int64_t pane_start);

  /// True if the pane that starts there is open.
  bool Has(int64_t pane_start) const { return open_.contains(pane_start); }
  /// The oldest open pane if it ends at or before `watermark`.
  std::optional<int64_t> NextToClose(int64_t watermark) const;
  /// Closes the oldest open pane, which starts at `pane_start`, and returns it; `keep_from` is the
  /// oldest pane start that somebody still needs besides the window.
  profile::Pane Close(int64_t pane_start, int64_t keep_from);
  /// Shrinks open panes that took no rows since the third last call.
  void Cool();

  /// Sum of the panes of the window, the open ones included. Cost: O(codes) for each open pane that
  /// took rows lately; when a pane has left since the last call, or a resting one took rows, also
  /// for the others that are open, and for about 2 log2(panes) blocks of closed ones.
  profile::Pane Sum();
  /// The window is one that has this pane, though no row of it may be here.
  void Reach(int64_t pane_start) { reached_ = std::max(reached_, pane_start); }
  /// Start of the newest pane that has rows, or was reached; the smallest number: none.
  int64_t newest() const;
  /// Sum of the first panes that closed; nullopt until it has `first_rows` rows.
  std::optional<profile::Pane> First() const;

  /// Sum of the closed panes that start in [from, until). Those outside what is kept are missing.
  profile::Pane SumOfClosed(int64_t from, int64_t until) { return closed_.Sum(from, until); }

  /// Start and rows of the closed panes that start in [from, until); and of all panes of the
  /// window.
  using UsePane = absl::FunctionRef<void(int64_t start, uint64_t rows)>;
  void ForEachClosed(int64_t from, int64_t until, UsePane use) const {
    closed_.ForEach(from, until, use);
  }
  void ForEachPane(UsePane use) const;

  /// Event time that the window covers; nullopt while it has no pane.
  std::optional<std::pair<int64_t, int64_t>> Range() const;
  uint64_t rows() const;
  size_t open_panes() const { return open_.size(); }
  int64_t closed_until() const { return closed_until_; }
  bool dirty() const { return dirty_; }
  /// Closed panes, or blocks of them, that could not be read: the sum is without them.
  uint64_t unreadable() const { return closed_.unreadable(); }
  void set_panes(uint32_t panes);

  /// What is kept with the window's record changed: it is written at the next Commit.
  void TouchRecord() { dirty_ = record_touched_ = true; }
  /// Adds to `batch` what changed since the last call, whose write is over by now. `more` adds to
  /// the window's record, which is written after a pane has closed, or TouchRecord.
  using More = absl::FunctionRef<void(storage::v1::WindowRecord*)>;
  void Commit(
      storage::Store::Batch* batch, More more = [](storage::v1::WindowRecord*) {});
  /// Back to what the store holds; `read_more` reads what `more` added. Errors: DataLoss naming
  /// what cannot be read.
  using ReadMore = absl::FunctionRef<absl::Status(const storage::v1::WindowRecord&)>;
  absl::Status Restore(
      int64_t closed_until, ReadMore read_more = [](const auto&) { return absl::OkStatus(); });

 private:
  struct OpenPane {
    // What is committed, in one of these.
    std::optional<profile::Pane> committed;
    std::string compact;  // empty: nothing
    std::optional<profile::Pane> change;
    uint64_t rows = 0;
    uint64_t next_delta = 0;
    bool changed = false;   // since the last commit
    int looks_at_rest = 0;  // calls of Cool without a row before
  };

  int64_t WindowStart() const;
  void KeepFirst(const profile::Pane& pane);
  void FoldClosed();
  // Makes `settled_` if need be.
  void Settle();
  // Adds the open panes that are compact to `settled_`, in which closed_sum_ is.
  void AddResting();
  profile::Pane Decode(const std::string& bytes) const;
  // Moves the change into what is committed.
  void Absorb(OpenPane* open);
  void Warm(OpenPane* open);
  absl::Status RestoreClosed(ReadMore read_more);
  absl::Status RestoreOpen();

  const std::shared_ptr<const profile::Baseline> baseline_;
  const PaneHome home_;
  const int64_t length_;
  uint32_t panes_;
  int64_t closed_until_;  // panes that start before this are closed
  std::map<int64_t, OpenPane> open_;
  int64_t reached_;
  const uint64_t first_rows_;
  uint64_t rows_of_first_ = 0;
  std::string first_;  // encoded
  ClosedPanes closed_;
  std::string closed_sum_;  // of closed_ from folded_from_ on, compact; empty: nothing
  int64_t folded_from_;
  // What rests, from settled_from_ on: closed_sum_ and the open panes that are compact. Nothing
  // while it is to be summed up anew.
  std::optional<profile::Pane> settled_;
  int64_t settled_from_;
  bool fold_again_ = false;
  bool dirty_ = false;
  bool record_touched_ = false;
  std::map<int64_t, bool> newly_closed_;  // and whether they have deltas to delete
};

}  // namespace plumbline::engine

#endif  // PLUMBLINE_SERVER_ENGINE_WINDOW_H_
