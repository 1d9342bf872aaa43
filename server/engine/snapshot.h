#ifndef PLUMBLINE_SERVER_ENGINE_SNAPSHOT_H_
#define PLUMBLINE_SERVER_ENGINE_SNAPSHOT_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "server/checks/alert.h"
#include "server/checks/evaluate.h"
#include "server/checks/finding.h"
#include "server/engine/ingest.h"
#include "server/engine/model_key.h"
#include "server/engine/performance_report.h"
#include "server/engine/quotas.h"
#include "server/profile/statistics.h"

namespace plumbline::engine {

/// Batches by what became of them, since the baseline was activated (refusals and retries: since
/// the start).
struct BatchCounts {
  uint64_t counted = 0;
  uint64_t duplicate = 0;
  uint64_t refused = 0;
  uint64_t retry = 0;
};

/// Numbers of batches that have not arrived; see LossSummary. The last two only grow.
struct LossCounts {
  uint64_t lost = 0;
  uint64_t called_lost = 0;
  uint64_t cleared = 0;
  uint64_t unended_epochs = 0;
};

/// Golden rows by their latest result.
struct GoldenCounts {
  uint64_t not_seen = 0, exact = 0, within = 0, different = 0;
};

/// One group of a distribution: its share of the values in training and in the window.
struct DistributionShare {
  std::string edge;  // lower edge of a number's, place of a category; never a category
  double training = 0, live = 0;
};

/// Variables of a model whose distribution is shown, at most: the worst of those with an alert.
inline constexpr size_t kMaxDistributions = 16;

/// One variable at the last evaluation.
struct VariableSnapshot {
  std::string name;
  profile::Role role = profile::Role::kFeature;
  profile::Kind kind = profile::Kind::kNumeric;
  profile::VariableStatistics live;
  std::vector<DistributionShare> distribution = {};  // of a variable in trouble, in order
};

/// One source that is judged by itself, at its last evaluation.
struct SourceSnapshot {
  std::string name;
  uint64_t window_rows = 0;
  std::vector<VariableSnapshot> variables;
};

/// The rows with one value of a slice variable, at the last evaluation.
struct SliceSnapshot {
  std::string name;   // `variable=category`
  std::string label;  // see profile::TrainedSlice
  uint64_t window_rows = 0;
};

/// One (model, version) at its last evaluation: what the metrics show. Immutable once published.
struct ModelSnapshot {
  ModelKey key;
  uint64_t baseline_number = 0;
  uint64_t rows = 0;
  uint64_t late_rows = 0;
  BatchCounts batches;
  LossCounts losses;
  uint64_t window_rows = 0;
  double missing_rows_share = 0;  // of the window's rows, as far as anybody knows
  bool incomplete = false;        // that is more than the policy's max_missing_share
  size_t open_panes = 0;
  uint64_t unreadable_panes = 0;  // of the window: it is without them
  size_t sources = 0;
  size_t producers = 0;
  std::optional<GoldenCounts> golden;        // if there are any
  size_t environments = 0;                   // producers that declared what they run in
  size_t environments_differing = 0;         // those of them that run in another one than training
  std::optional<checks::LoadSummary> loads;  // if any was declared
  uint64_t rows_of_further_sources = 0;      // that share an entry, beyond max_sources_per_model
  uint64_t producers_expired_early = 0;      // beyond max_producers_per_model, since the start
  std::optional<absl::Time> last_batch;      // server's clock
  std::optional<absl::Time> watermark;       // event time
  std::vector<VariableSnapshot> variables;
  std::vector<std::shared_ptr<const SourceSnapshot>> judged_sources;
  std::vector<SliceSnapshot> judged_slices;
  uint64_t rows_not_judged_apart = 0;  // of sources beyond max_judged_sources, since the start
  std::vector<checks::Alert> alerts;   // pending, firing and resolved
  std::shared_ptr<const checks::OnCallBook> on_call;       // nullptr: nothing was said
  std::shared_ptr<const PerformanceSnapshot> performance;  // nullptr: no task
};

/// Upper bounds of the commit latency histogram, in seconds; the last bucket is open.
inline constexpr std::array<double, 12> kCommitLatencyBounds = {
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5};

/// The service's own health.
struct ServiceSnapshot {
  std::array<uint64_t, kCommitLatencyBounds.size() + 1> commit_latency_counts{};
  double commit_latency_sum_seconds = 0;
  uint64_t commits = 0;
  uint64_t commit_failures = 0;
  uint64_t committed_bytes = 0;
  uint64_t evaluations = 0;
  size_t queue_depth = 0;
  size_t queue_capacity = 0;
  uint64_t unknown_model_batches = 0;
  std::array<uint64_t, kIngestReasons> reasons{};          // requests refused or to be tried again
  std::array<uint64_t, kRefusingQuotas> quota_refusals{};  // of the control plane
  uint64_t inflight_bytes = 0, inflight_limit_bytes = 0;
  uint64_t waiting_streams = 0;  // for bytes in flight
  uint64_t waiting_bytes = 0;    // of their messages
  bool writable = true;          // false after a failed write, until the service has recovered
  std::string write_error;       // why it is not writable
  uint64_t recoveries = 0;       // from failed writes
};

}  // namespace plumbline::engine

#endif  // PLUMBLINE_SERVER_ENGINE_SNAPSHOT_H_
