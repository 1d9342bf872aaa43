#include "server/telemetry/families.h"

#include <prometheus/text_serializer.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <sstream>
#include <utility>

namespace plumbline::telemetry {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

Families::Families() {
  for (const Metric& metric : Metrics()) {
    families_.push_back({metric.name, metric.help, metric.type, {}});
  }
}

void Families::Add(size_t metric, const std::vector<std::string>& label_values, double value) {
  if (!std::isfinite(value)) return;
  ClientMetric series;
  const absl::Span<const char* const> names = LabelNames(Metrics()[metric].labels);
  const size_t labels = std::min(names.size(), label_values.size());
  for (size_t i = 0; i < labels; ++i) series.label.push_back({names[i], label_values[i]});
  MetricFamily& family = families_[metric];
  (family.type == MetricType::Counter ? series.counter.value : series.gauge.value) = value;
  family.metric.push_back(std::move(series));
}

void Families::AddHistogram(size_t metric, absl::Span<const double> bounds,
                            absl::Span<const uint64_t> counts, double sum) {
  ClientMetric series;
  uint64_t cumulative = 0;
  for (size_t i = 0; i < counts.size(); ++i) {
    cumulative += counts[i];
    const double bound = i < bounds.size() ? bounds[i] : std::numeric_limits<double>::infinity();
    series.histogram.bucket.push_back({cumulative, bound});
  }
  series.histogram.sample_count = cumulative;
  series.histogram.sample_sum = sum;
  families_[metric].metric.push_back(std::move(series));
}

std::string Families::Text() {
  std::erase_if(families_, [](const MetricFamily& family) { return family.metric.empty(); });
  std::ostringstream out;
  prometheus::TextSerializer().Serialize(out, families_);
  return out.str();
}

}  // namespace plumbline::telemetry
