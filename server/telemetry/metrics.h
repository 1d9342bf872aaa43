#ifndef PLUMBLINE_SERVER_TELEMETRY_METRICS_H_
#define PLUMBLINE_SERVER_TELEMETRY_METRICS_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "server/base/mutex.h"
#include "server/engine/model_key.h"
#include "server/engine/snapshot.h"
#include "server/telemetry/process_state.h"
#include "server/telemetry/selection.h"

namespace plumbline::telemetry {

struct ExporterOptions {
  size_t max_series_per_model = 5'000;
  size_t max_series = 100'000;  // of all models together
  std::string version;          // for plumbline_build_info
};

/// Renders snapshots as Prometheus text (exposition format 0.0.4). Every metric is declared in the
/// table of metric_table.cc. What is gone from the snapshots is gone from the text; a statistic
/// that is absent or not finite has no series.
///
/// Bounded by Select: what does not fit is counted in plumbline_series_dropped_total. The few
/// series of a model as a whole are always there, so max_series is exceeded only by their number.
/// Thread-safe.
class Exporter {
 public:
  explicit Exporter(ExporterOptions options);

  std::string Render(const ModelSnapshots& models, const engine::ServiceSnapshot& service,
                     const ProcessState& process);

 private:
  void CountDropped(const ModelSnapshots& models, const std::vector<Shown>& shown)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const ExporterOptions options_;
  base::Mutex mutex_;
  std::map<engine::ModelKey, uint64_t> dropped_ ABSL_GUARDED_BY(mutex_);  // of living models
};

}  // namespace plumbline::telemetry

#endif  // PLUMBLINE_SERVER_TELEMETRY_METRICS_H_
