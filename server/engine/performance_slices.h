#ifndef PLUMBLINE_SERVER_ENGINE_PERFORMANCE_SLICES_H_
#define PLUMBLINE_SERVER_ENGINE_PERFORMANCE_SLICES_H_

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "server/profile/baseline.h"
#include "server/profile/performance.h"
#include "server/storage/store.h"

namespace plumbline::engine {

/// Counts of performance over a range of event time.
struct PerformanceSpan {
  int64_t start_micros = 0;
  int64_t end_micros = 0;
  profile::PerformanceCounts counts;
};

/// Performance of one model by hours of event time. The counts are in the store; memory holds how
/// many rows each has, and the counts of those that changed, or were read, lately. A slice takes
/// labels for as long as it is kept, whether or not its pane has closed. Not thread-safe.
class PerformanceSlices {
 public:
  static constexpr absl::Duration kLength = absl::Hours(1);
  /// So many are kept at least; see set_wait.
  static constexpr size_t kLeastSlices = 24 * 400;
  /// So many slices' counts stay in memory beside those that changed since the last commit.
  static constexpr size_t kKept = 64;

  /// `baseline` has a task.
  PerformanceSlices(std::shared_ptr<const profile::Baseline> baseline, storage::LabelHome home,
                    const storage::Store* store);

  static int64_t StartOf(int64_t micros);
  /// Keeps the slices of what waits so long, be it by event time or by arrival.
  void set_wait(absl::Duration wait);
  /// The slice of that time, to be changed until the next call of anything else.
  profile::PerformanceCounts* Change(int64_t micros);

  /// Sum of those that start in [from, until).
  profile::PerformanceCounts Sum(int64_t from, int64_t until);
  enum class Counted { kPredictions, kLabelled };
  /// The newest slices that hold so many of these together, at most `window` long. nullopt while
  /// there are none.
  std::optional<PerformanceSpan> Newest(Counted counted, uint64_t rows, absl::Duration window);
  /// Ascending.
  std::vector<int64_t> Starts() const;
  size_t size() const { return slices_.size(); }
  uint64_t predictions() const { return predictions_; }
  uint64_t labelled() const { return labelled_; }
  /// Of slices that were dropped because there were too many, since the last call.
  struct Dropped {
    uint64_t predictions = 0;
    uint64_t labelled = 0;
  };
  Dropped TakeDropped() { return std::exchange(lost_, {}); }

  bool dirty() const { return dirty_; }
  /// Adds what changed since the last call, whose write is over by now.
  void Commit(storage::Store::Batch* batch);
  /// Errors: DataLoss.
  absl::Status Restore();
  /// Slices that could not be read since the start.
  uint64_t unreadable() const { return unreadable_; }

 private:
  struct Slice {
    uint64_t predictions = 0;
    uint64_t labelled = 0;
    std::unique_ptr<profile::PerformanceCounts> counts;  // nullptr: in the store
    bool changed = false;                                // since the last commit
    bool in_flight = false;                              // in the last commit
  };

  const profile::PerformanceCounts& Counts(int64_t start, Slice* slice);
  void Note(Slice* slice);
  // Those beyond the bound.
  void DropOldest();
  // Leaves to the store the counts beyond kKept.
  void Trim();

  const std::shared_ptr<const profile::Baseline> baseline_;
  const storage::LabelHome home_;
  const storage::Store* const store_;
  size_t max_slices_ = kLeastSlices;
  std::map<int64_t, Slice> slices_;
  std::set<int64_t> loaded_;  // those whose counts are in memory
  std::vector<int64_t> changed_, in_flight_;
  Slice* open_ = nullptr;  // whose counts are being changed
  uint64_t predictions_ = 0;
  uint64_t labelled_ = 0;
  std::vector<int64_t> dropped_;
  Dropped lost_;
  bool dirty_ = false;
  uint64_t unreadable_ = 0;
};

}  // namespace plumbline::engine

#endif  // PLUMBLINE_SERVER_ENGINE_PERFORMANCE_SLICES_H_
