#ifndef PLUMBLINE_SERVER_ENGINE_BACKTEST_H_
#define PLUMBLINE_SERVER_ENGINE_BACKTEST_H_

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "server/checks/change_watch.h"
#include "server/checks/finding.h"
#include "server/checks/policy.h"
#include "server/engine/calendar.h"
#include "server/engine/measure.h"
#include "server/engine/performance_report.h"
#include "server/profile/baseline.h"
#include "server/profile/batch.h"
#include "server/profile/pane.h"
#include "server/profile/performance.h"
#include "server/profile/seasonal_training.h"
#include "server/profile/statistics.h"

namespace plumbline::engine {

/// How rows are cut: by number, by time from the first row, by the calendar (UTC), or not at all.
struct Chunking {
  uint32_t rows = 0;        // 0: not by number
  absl::Duration duration;  // zero: not by time
  std::optional<CalendarUnit> calendar;
};

/// A finished chunk.
struct BacktestChunk {
  uint32_t index = 0;
  uint64_t rows = 0;
  std::optional<absl::Time> start, end;   // of the time slice, or else of the first and last row
  std::vector<checks::Finding> findings;  // the worst first
  std::vector<std::pair<std::string, profile::VariableStatistics>> statistics;  // by variable
  std::optional<PerformanceChunk> performance;  // if it has predictions, and the baseline labels
};

/// Judges past rows chunk by chunk, as live ones are: each chunk is a window, its halves are two
/// closed blocks that are weighed with those before them, and drift is looked for in the latest 2,
/// 4 .. chunks too, up to a window of panes. Stores nothing. Memory: the rows of a chunk are
/// counted into up to kSlices panes, never kept; of chunks their encoded counts. Not thread-safe.
class Backtester {
 public:
  static constexpr size_t kSlices = 16;

  /// `season`: of the baseline, as the policy says; nullptr: it says none.
  Backtester(std::shared_ptr<const profile::Baseline> baseline, checks::Policy policy,
             Chunking chunking, std::shared_ptr<const profile::SeasonalTraining> season = nullptr);

  /// Adds rows, in order; the batch must have passed ValidateBatch. `emit` is called for every
  /// chunk that ends. Errors: InvalidArgument if chunks or the season need event times and the
  /// batch has none, or time goes backwards.
  absl::Status Add(const profile::BatchView& batch, const std::function<void(BacktestChunk)>& emit);
  /// Ends the last chunk. Errors: InvalidArgument if there were no rows.
  absl::Status Finish(const std::function<void(BacktestChunk)>& emit);

 private:
  // Rows, and with a season how many came in each of its buckets.
  struct TimedRows {
    profile::Pane pane;
    profile::BucketRows times;

    void Merge(const TimedRows& other);
  };

  TimedRows NoRows() const;
  void CountRows(const profile::PreparedBatch& prepared, const profile::BatchView& batch,
                 uint32_t begin, uint32_t end);
  void AddPerformance(BacktestChunk* chunk);
  // What changed, by all halves up to those of this chunk; nullopt: it has too few rows.
  std::optional<std::vector<checks::VariableEvidence>> Weigh(const TimedRows& first,
                                                             const TimedRows& second);
  profile::Pane Latest(uint32_t chunks) const;
  // Training at the times of so many chunks, the newest first.
  const profile::Baseline& TrainedAt(uint32_t chunks, profile::SeasonalBaseline* trained) const;
  void Emit(const std::function<void(BacktestChunk)>& emit);
  bool StartsNewChunk(int64_t micros);

  const std::shared_ptr<const profile::Baseline> baseline_;
  const checks::Policy policy_;
  const Chunking chunking_;
  const profile::Aliases aliases_;
  const std::optional<Measure> measure_;  // nullopt: the baseline has no task
  const std::shared_ptr<const profile::SeasonalTraining> season_;  // nullptr: none
  checks::ChangeWatch watch_;
  std::deque<std::string> latest_;  // chunks, the newest first, encoded
  std::deque<profile::BucketRows> latest_times_;
  profile::PerformanceCounts performance_;  // of the chunk
  std::vector<TimedRows> slices_;           // of slice_rows_ rows each, but the last
  uint64_t slice_rows_ = 0;
  uint64_t chunk_rows_ = 0;
  uint64_t total_rows_ = 0;
  uint32_t next_index_ = 0;
  std::optional<int64_t> first_micros_, chunk_start_, chunk_end_, last_micros_;
};

}  // namespace plumbline::engine

#endif  // PLUMBLINE_SERVER_ENGINE_BACKTEST_H_
