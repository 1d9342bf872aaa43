#ifndef PLUMBLINE_SERVER_ENGINE_LABEL_WATCH_H_
#define PLUMBLINE_SERVER_ENGINE_LABEL_WATCH_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "server/checks/finding.h"
#include "server/checks/policy.h"
#include "server/engine/calendar.h"
#include "server/engine/label_join.h"
#include "server/engine/label_rows.h"
#include "server/engine/measure.h"
#include "server/engine/model_key.h"
#include "server/engine/performance_report.h"
#include "server/profile/baseline.h"
#include "server/profile/pane.h"
#include "server/storage/store.h"

namespace plumbline::engine {

/// Labels and performance of one live model: takes rows, judges, reports. Not thread-safe.
class LabelWatch {
 public:
  /// As LabelJoin.
  LabelWatch(ModelKey key, std::shared_ptr<const profile::Baseline> baseline,
             const storage::Store* store, size_t max_rows);
  absl::Status Restore() { return join_.Restore(); }
  /// Policy::label_wait.
  void set_wait(absl::Duration wait) { join_.set_wait(wait); }

  /// Takes the rows. True if they are no new rows: labels only, or all of them come again.
  bool Take(const LabelRows& rows, absl::Time now);

  /// Nothing while there is no label.
  std::vector<checks::Finding> Judge(const checks::Policy& policy);
  /// `window` sums up the model's window: where no prediction has a row id, its scores are what is
  /// known.
  using WindowSum = absl::FunctionRef<profile::Pane()>;
  std::shared_ptr<const PerformanceSnapshot> Snapshot(const checks::Policy& policy,
                                                      WindowSum window);
  /// `unit`: by the calendar as well.
  PerformanceReport Report(const checks::Policy& policy, WindowSum window,
                           std::optional<CalendarUnit> unit);

  bool dirty() const { return join_.dirty(); }
  void Commit(storage::Store::Batch* batch) { join_.Commit(batch); }

 private:
  // Sums up what is judged, if anything was added since it was.
  void Look(const checks::Policy& policy);
  PerformanceChunk WindowChunk(const checks::Policy& policy, WindowSum window);

  const ModelKey key_;
  const std::shared_ptr<const profile::Baseline> baseline_;
  const Measure measure_;
  LabelJoin join_;
  // What is judged, as of the last Look, and its performance.
  bool looked_ = false;
  uint64_t looked_rows_ = 0;
  absl::Duration looked_window_;
  std::optional<PerformanceSpan> span_;  // nullopt: no label yet
  std::vector<profile::MetricValue> metrics_;
};

}  // namespace plumbline::engine

#endif  // PLUMBLINE_SERVER_ENGINE_LABEL_WATCH_H_
