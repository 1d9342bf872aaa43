#ifndef PLUMBLINE_SERVER_ENGINE_CLOSED_PANES_H_
#define PLUMBLINE_SERVER_ENGINE_CLOSED_PANES_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "plumbline/storage/v1/records.pb.h"
#include "server/engine/model_key.h"
#include "server/profile/pane.h"
#include "server/storage/store.h"

namespace plumbline::engine {

/// Whose panes these are, and where.
struct PaneHome {
  const storage::Store* store = nullptr;  // not owned; outlives what it is given to
  ModelKey key;
  uint64_t generation = 0;
};

/// The closed panes of one model. Their counts are in the store; memory holds their starts and
/// rows, and the bytes of those that are not yet durable. Every 8 consecutive panes, and every 64,
/// have a block too, their sum: so a sum of n panes reads about n / 64 + 28 values, and nothing is
/// ever subtracted, so floating sums do not drift. Not thread-safe.
class ClosedPanes {
 public:
  ClosedPanes(std::shared_ptr<const profile::Baseline> baseline, PaneHome home, int64_t length);

  /// A pane that is newer than all others.
  void Add(int64_t start, const profile::Pane& pane);
  /// Forgets panes that start before `start`.
  void DropBefore(int64_t start);

  /// Sum of those that start in [from, until). What cannot be read is left out, and counted.
  profile::Pane Sum(int64_t from, int64_t until);
  uint64_t Rows(int64_t from) const;
  /// Start and rows of those that start in [from, until).
  void ForEach(int64_t from, int64_t until,
               absl::FunctionRef<void(int64_t start, uint64_t rows)> use) const;
  /// True if one starts in [from, until).
  bool HasAny(int64_t from, int64_t until) const {
    const auto it = rows_[0].lower_bound(from);
    return it != rows_[0].end() && it->first < until;
  }
  /// Values that could not be read since the start; the store says why.
  uint64_t unreadable() const { return unreadable_; }

  bool empty() const { return rows_[0].empty(); }
  int64_t newest() const { return rows_[0].rbegin()->first; }
  /// Adds what changed since the last call. What an earlier call added is then durable: a call
  /// comes only after the write of the one before.
  void Commit(storage::Store::Batch* batch);
  /// Which there are, for the store.
  void ToRecord(storage::v1::WindowRecord* record) const;
  /// Errors: DataLoss.
  absl::Status FromRecord(const storage::v1::WindowRecord& record);

 private:
  static constexpr uint32_t kLevels = 3;  // panes, blocks of 8, blocks of 64
  static constexpr int64_t kFanOut = 8;

  using Slot = std::pair<uint32_t, int64_t>;  // level, start
  struct Pending {
    std::string bytes;
    uint64_t commit = 0;  // that holds it; 0: the next one
  };

  int64_t BlockStart(uint32_t level, int64_t start) const;
  void MakeBlock(uint32_t level, int64_t start);
  void Put(Slot slot, const profile::Pane& pane);
  void Remove(Slot slot);
  void Merge(Slot slot, profile::Pane* sum);
  absl::StatusOr<profile::Pane> Read(Slot slot) const;

  const std::shared_ptr<const profile::Baseline> baseline_;
  const PaneHome home_;
  std::array<int64_t, kLevels> width_;                     // micros
  std::array<std::map<int64_t, uint64_t>, kLevels> rows_;  // by level: start and rows
  std::map<Slot, Pending> pending_;
  std::vector<Slot> to_delete_;
  uint64_t commits_ = 0;
  uint64_t unreadable_ = 0;
};

}  // namespace plumbline::engine

#endif  // PLUMBLINE_SERVER_ENGINE_CLOSED_PANES_H_
