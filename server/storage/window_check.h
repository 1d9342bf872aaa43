#ifndef PLUMBLINE_SERVER_STORAGE_WINDOW_CHECK_H_
#define PLUMBLINE_SERVER_STORAGE_WINDOW_CHECK_H_

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "plumbline/storage/v1/records.pb.h"
#include "server/profile/pane.h"

namespace plumbline::storage {

/// What the store holds of the live window of one (model, version), and whether it fits together:
/// the window names its panes, blocks and their rows, and holds the sum of its panes; the deltas
/// are of open panes, and none is missing between two others. Not thread-safe.
class WindowCheck {
 public:
  /// Closed panes, by start.
  void AddPane(int64_t start, uint64_t rows) { panes_.emplace_back(start, rows); }
  /// By start, then by number.
  void AddDelta(int64_t start, uint64_t number) { deltas_.emplace_back(start, number); }
  /// By level, then by start.
  void AddBlock(uint32_t level, int64_t start, uint64_t rows) {
    blocks_[level].emplace_back(start, rows);
  }
  void AddWindow(v1::WindowRecord record, uint64_t sum_rows);

  /// One sentence for each way in which the window and the closed panes differ. Empty: they do not.
  std::vector<std::string> Differences() const;
  /// The window that the panes make, without blocks. `read` gives the pane that starts there.
  absl::StatusOr<v1::WindowRecord> Rebuild(
      const profile::Baseline& baseline,
      const std::function<absl::StatusOr<profile::Pane>(int64_t start)>& read) const;
  /// Level and start of every block that is there.
  std::vector<std::pair<uint32_t, int64_t>> Blocks() const;

  struct DeltaProblem {
    std::string words;
    int64_t start = 0;
    std::vector<uint64_t> numbers;  // all that are there
    bool closed = false;            // they are of a pane that is closed; else some are missing
  };
  /// `closed_until` as the state has it: panes that start before it are closed.
  std::vector<DeltaProblem> DeltaProblems(std::optional<int64_t> closed_until) const;

 private:
  using Part = std::pair<int64_t, uint64_t>;  // start; rows, or number

  std::vector<Part> panes_, deltas_;
  std::map<uint32_t, std::vector<Part>> blocks_;
  std::optional<v1::WindowRecord> window_;  // without the bytes of its sum
  uint64_t sum_rows_ = 0;
};

}  // namespace plumbline::storage

#endif  // PLUMBLINE_SERVER_STORAGE_WINDOW_CHECK_H_
