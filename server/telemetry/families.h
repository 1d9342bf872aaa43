#ifndef PLUMBLINE_SERVER_TELEMETRY_FAMILIES_H_
#define PLUMBLINE_SERVER_TELEMETRY_FAMILIES_H_

#include <prometheus/metric_family.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/types/span.h"
#include "server/telemetry/metric_table.h"

namespace plumbline::telemetry {

/// Gathers series by metric and writes them as Prometheus text. Not thread-safe.
class Families {
 public:
  Families();

  /// Adds a series of a counter or gauge. `label_values` in the order of the metric's LabelNames;
  /// names without a value are left out.
  /// A value that is not finite adds nothing.
  void Add(size_t metric, const std::vector<std::string>& label_values, double value);
  /// Adds a histogram without labels. `counts` has one more entry than `bounds`: the open bucket.
  void AddHistogram(size_t metric, absl::Span<const double> bounds,
                    absl::Span<const uint64_t> counts, double sum);

  /// The text of what was added, without the metrics that have no series; nothing can be added
  /// after it. Cost: about 1 us a series.
  std::string Text();

 private:
  std::vector<prometheus::MetricFamily> families_;  // as Metrics()
};

}  // namespace plumbline::telemetry

#endif  // PLUMBLINE_SERVER_TELEMETRY_FAMILIES_H_
