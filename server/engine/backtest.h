#ifndef PLUMBLINE_SERVER_ENGINE_BACKTEST_H_
#define PLUMBLINE_SERVER_ENGINE_BACKTEST_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "server/checks/finding.h"
#include "server/checks/policy.h"
#include "server/engine/backtest_rows.h"
#include "server/engine/backtest_sources.h"
#include "server/engine/calendar.h"
#include "server/engine/measure.h"
#include "server/engine/performance_report.h"
#include "server/engine/quotas.h"
#include "server/engine/report.h"
#include "server/engine/slice_name.h"
#include "server/profile/baseline.h"
#include "server/profile/batch.h"
#include "server/profile/pane.h"
#include "server/profile/performance.h"
#include "server/profile/seasonal_training.h"
#include "server/profile/slicing.h"
#include "server/profile/statistics.h"

namespace plumbline::engine {

/// How rows are cut: by number, by time from the first row, by the calendar (UTC), or not at all.
struct Chunking {
  uint32_t rows = 0;        // 0: not by number
  absl::Duration duration;  // zero: not by time
  std::optional<CalendarUnit> calendar;
};

/// Which rows are judged by themselves, besides all of them.
struct BacktestSlices {
  /// The column that names the source of each row; empty: that of its batch.
  std::string source_column;
  size_t max_sources = Quotas().max_judged_sources;
  /// The values of the policy's slice variables; nullptr: none.
  std::shared_ptr<const profile::Slicing> values;
};

/// A finished chunk.
struct BacktestChunk {
  uint32_t index = 0;
  uint64_t rows = 0;
  std::optional<absl::Time> start, end;  // of the time slice, or else of the first and last row
  /// The worst first; those on a source or a slice only if they fire.
  std::vector<checks::Finding> findings;
  std::vector<std::pair<std::string, profile::VariableStatistics>> statistics;  // by variable
  std::optional<PerformanceChunk> performance;  // if it has predictions, and the baseline labels
  // Where there are sources: rows of those that are not judged by themselves; and categories of
  // slice variables that are not.
  uint64_t rows_of_other_sources = 0, categories_left_out = 0;
  /// With times: those in which an alert fires, the variables weighed alike.
  std::vector<ModelIncident> incidents;
};

/// Judges past rows chunk by chunk, as live ones are: each chunk is a window, its halves are two
/// closed blocks that are weighed with those before them, and drift is looked for in the latest 2,
/// 4 .. chunks too, up to a window of panes. All rows are judged, and as of a live model (see
/// SliceBook) each named source from when there is a second one, and each value of a slice
/// variable. Stores nothing. Memory: rows are counted, never kept; see BacktestRows. Not
/// thread-safe.
class Backtester {
 public:
  /// `season`: of the baseline, as the policy says; nullptr: it says none.
  Backtester(std::shared_ptr<const profile::Baseline> baseline, checks::Policy policy,
             Chunking chunking, std::shared_ptr<const profile::SeasonalTraining> season = nullptr,
             BacktestSlices slices = {});

  /// Adds rows, in order; the batch must have passed ValidateBatch. `emit` is called for every
  /// chunk that ends. Errors: InvalidArgument if chunks or the season need event times and the
  /// batch has none, or time goes backwards; as SourcesByColumn.
  absl::Status Add(const profile::BatchView& batch, const std::function<void(BacktestChunk)>& emit);
  /// Ends the last chunk. Errors: InvalidArgument if there were no rows.
  absl::Status Finish(const std::function<void(BacktestChunk)>& emit);

 private:
  // A chunk is counted in at most so many parts.
  static constexpr size_t kParts = 16;

  // A batch while it is counted.
  struct Counted {
    const profile::BatchView& view;
    const profile::PreparedBatch& prepared;
    std::vector<SourceRows> sources;  // of rows that may be judged by themselves
  };
  struct Entry {
    std::unique_ptr<BacktestRows> rows;
    const profile::TrainedSlice* value = nullptr;  // of a source: nullptr
  };

  absl::Status CheckTimes(const profile::BatchView& batch) const;
  // Which rows are from which source, of those from when there are two.
  std::vector<SourceRows> SplitBySource(const profile::BatchView& batch,
                                        const std::vector<absl::string_view>& sources);
  void CountRows(Counted* batch, uint32_t begin, uint32_t end);
  // Rows that all lie in the part that is being counted.
  void CountPart(Counted* batch, uint32_t begin, uint32_t end);
  void NextPart();
  // Parts that make the first half of the chunk.
  size_t FirstHalf() const;
  // The rows of this source; nullptr: they are not judged by themselves.
  BacktestRows* OpenSource(absl::string_view source);
  bool HasRoom();
  void AddPerformance(BacktestChunk* chunk);
  // Findings on a source or slice that can move alerts; `of_all` is what fires on all rows, and
  // others.
  std::vector<checks::Finding> Judge(const SliceName& name, const Entry& entry, double log_alarm,
                                     const std::vector<checks::Finding>& of_all);
  // Ends the chunk of the sources and slices too, and moves the alerts of all. What fires on these
  // is added to the findings.
  void Advance(absl::Time now, double log_alarm, std::vector<checks::Finding>* findings);
  void Change(BacktestRows* rows, const std::vector<checks::Finding>& findings, absl::Time now);
  std::vector<ModelIncident> Incidents() const;
  void Emit(const std::function<void(BacktestChunk)>& emit);
  bool StartsNewChunk(int64_t micros);

  const std::shared_ptr<const profile::Baseline> baseline_;
  const checks::Policy policy_;
  const Chunking chunking_;
  const profile::Aliases aliases_;
  const std::optional<Measure> measure_;  // nullopt: the baseline has no task
  const std::shared_ptr<const profile::SeasonalTraining> season_;  // nullptr: none
  const BacktestSlices slices_;
  BacktestRows all_;
  std::map<SliceName, Entry> apart_;                 // what is judged by itself
  std::vector<BacktestRows*> of_values_;             // by slices_.values->slices
  std::set<std::string, std::less<>> seen_sources_;  // bounded; the empty one too
  profile::PerformanceCounts performance_;           // of the chunk
  size_t part_ = 0;                                  // that is being counted
  uint64_t part_rows_ = 1;                           // of each, but the last
  uint64_t chunk_rows_ = 0;
  uint64_t rows_of_sources_ = 0;  // of the chunk, that are judged by themselves
  uint64_t total_rows_ = 0;
  uint32_t next_index_ = 0;
  std::optional<int64_t> first_micros_, chunk_start_, chunk_end_, last_micros_;
};

}  // namespace plumbline::engine

#endif  // PLUMBLINE_SERVER_ENGINE_BACKTEST_H_
