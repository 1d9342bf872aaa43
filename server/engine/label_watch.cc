#include "server/engine/label_watch.h"

#include <algorithm>
#include <utility>

#include "server/checks/performance.h"

namespace plumbline::engine {
LabelWatch::LabelWatch(ModelKey key, std::shared_ptr<const profile::Baseline> baseline,
                       const storage::Store* store, size_t max_rows)
    : key_(std::move(key)),
      baseline_(std::move(baseline)),
      measure_(*baseline_),
      join_(key_, baseline_, store, max_rows) {}

bool LabelWatch::Take(const LabelRows& rows, absl::Time now) {
  looked_ = false;
  const bool again = rows.labels_only || (rows.rows.size() == rows.batch_rows && rows.has_labels &&
                                          join_.ComeAgain(rows));
  join_.Add(rows, absl::ToUnixMicros(now));
  return again;
}

void LabelWatch::Look(const checks::Policy& policy) {
  if (looked_ && looked_rows_ == policy.performance_rows &&
      looked_window_ == policy.performance_window) {
    return;
  }
  looked_ = true;
  looked_rows_ = policy.performance_rows;
  looked_window_ = policy.performance_window;
  span_ =
      join_.slices()->Newest(PerformanceSlices::Counted::kLabelled, looked_rows_, looked_window_);
  metrics_.clear();
  if (span_.has_value()) metrics_ = measure_.Realised(span_->counts);
}

std::vector<checks::Finding> LabelWatch::Judge(const checks::Policy& policy) {
  Look(policy);
  if (!span_.has_value()) return {};
  std::vector<checks::LossChange> changes;
  for (const auto& [detector, alarm] : join_.alarms()) {
    changes.push_back({detector, alarm.joined, alarm.before, alarm.after});
  }
  return checks::CheckPerformance({.baseline = *baseline_,
                                   .policy = policy,
                                   .window = span_->counts,
                                   .metrics = metrics_,
                                   .trained = measure_.trained(),
                                   .joined = join_.counts().joined,
                                   .changes = changes});
}

PerformanceChunk LabelWatch::WindowChunk(const checks::Policy& policy, WindowSum window) {
  Look(policy);
  std::optional<PerformanceSpan> predicted;
  if (!span_.has_value()) {
    predicted = join_.slices()->Newest(PerformanceSlices::Counted::kPredictions,
                                       policy.performance_rows, policy.performance_window);
  }
  const std::optional<PerformanceSpan>& span = span_.has_value() ? span_ : predicted;
  if (!span.has_value()) {
    if (!measure_.can_estimate()) return measure_.Chunk({}, nullptr, policy);
    const profile::Pane sum = window();
    return measure_.Chunk({}, &sum, policy);
  }
  PerformanceChunk chunk = measure_.Chunk(span->counts, nullptr, policy);
  chunk.start = absl::FromUnixMicros(span->start_micros);
  chunk.end = absl::FromUnixMicros(span->end_micros);
  return chunk;
}

std::shared_ptr<const PerformanceSnapshot> LabelWatch::Snapshot(const checks::Policy& policy,
                                                                WindowSum window) {
  auto snapshot = std::make_shared<PerformanceSnapshot>();
  snapshot->window = WindowChunk(policy, window);
  snapshot->counts = join_.counts();
  snapshot->unreadable = join_.unreadable();
  snapshot->predictions = join_.slices()->predictions();
  snapshot->labelled = join_.slices()->labelled();
  return snapshot;
}

PerformanceReport LabelWatch::Report(const checks::Policy& policy, WindowSum window,
                                     std::optional<CalendarUnit> unit) {
  PerformanceReport report;
  report.key = key_;
  report.baseline_number = baseline_->number;
  report.task = *baseline_->task;
  const auto name = [&](uint32_t variable) { return baseline_->variables[variable].variable.name; };
  report.label = name(report.task.label);
  if (report.task.prediction.has_value()) report.prediction = name(*report.task.prediction);
  if (report.task.score.has_value()) report.score = name(*report.task.score);
  report.window = WindowChunk(policy, window);
  report.counts = join_.counts();
  report.predictions = join_.slices()->predictions();
  report.labelled = join_.slices()->labelled();
  report.recent_loss = join_.recent_loss();
  report.alarms = join_.alarms();
  std::optional<absl::Time> until;
  for (const int64_t micros : join_.slices()->Starts()) {
    const absl::Time start = absl::FromUnixMicros(micros);
    if (!unit.has_value() || (until.has_value() && start < *until)) continue;
    const auto [begin, end] = CalendarSlice(*unit, start);
    PerformanceChunk chunk = measure_.Chunk(
        join_.slices()->Sum(absl::ToUnixMicros(begin), absl::ToUnixMicros(end)), nullptr, policy);
    chunk.start = begin;
    chunk.end = end;
    report.chunks.push_back(std::move(chunk));
    until = end;
  }
  report.unreadable = join_.unreadable();
  return report;
}

}  // namespace plumbline::engine
