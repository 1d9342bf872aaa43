#include "server/transport/convert_performance.h"

#include <cmath>
#include <string>

#include "server/transport/convert.h"

namespace plumbline::transport {
namespace {

void EstimateTo(const std::optional<stats::Estimate>& in,
                v1::Estimate* (v1::PerformanceMetric::*field)(), v1::PerformanceMetric* metric) {
  if (!in.has_value() || !std::isfinite(in->value)) return;
  v1::Estimate* out = (metric->*field)();
  out->set_value(in->value);
  if (in->lower.has_value()) out->set_lower(*in->lower);
  if (in->upper.has_value()) out->set_upper(*in->upper);
  if (in->standard_error.has_value()) out->set_standard_error(*in->standard_error);
}

v1::LabelCounts LabelCountsToWire(const engine::LabelCounts& in, uint64_t unreadable) {
  v1::LabelCounts out;
  out.set_kept_rows(in.kept);
  out.set_waiting_labels(in.waiting);
  out.set_joined(in.joined);
  out.set_duplicates(in.duplicates);
  out.set_changed(in.changed);
  out.set_contradictions(in.contradictions);
  out.set_unusable_labels(in.unusable_labels);
  out.set_unusable_predictions(in.unusable_predictions);
  out.set_repeated_predictions(in.repeated_predictions);
  out.set_expired_predictions(in.expired_predictions);
  out.set_expired_labels(in.expired_labels);
  out.set_crowded_out(in.crowded_out);
  out.set_unreadable(unreadable);
  out.set_without_id(in.without_id);
  out.set_forgotten_predictions(in.forgotten_predictions);
  out.set_forgotten_labels(in.forgotten_labels);
  return out;
}

}  // namespace

v1::PerformanceChunk ToWire(const engine::PerformanceChunk& chunk) {
  v1::PerformanceChunk out;
  if (chunk.start) *out.mutable_start() = ToWire(*chunk.start);
  if (chunk.end) *out.mutable_end() = ToWire(*chunk.end);
  out.set_predictions(chunk.predictions);
  out.set_labelled(chunk.labelled);
  for (const engine::MetricReport& metric : chunk.metrics) {
    v1::PerformanceMetric* one = out.add_metrics();
    one->set_metric(std::string(profile::MetricName(metric.metric)));
    EstimateTo(metric.realised, &v1::PerformanceMetric::mutable_realised, one);
    EstimateTo(metric.trained, &v1::PerformanceMetric::mutable_training, one);
    EstimateTo(metric.estimated, &v1::PerformanceMetric::mutable_estimated, one);
    if (metric.limit.has_value()) one->set_limit(*metric.limit);
  }
  out.set_roc_auc_resolution(chunk.roc_auc_resolution);
  if (chunk.labelled > 0) {
    out.mutable_median_label_delay()->set_seconds(std::llround(chunk.median_delay_seconds));
    out.mutable_long_label_delay()->set_seconds(std::llround(chunk.long_delay_seconds));
  }
  return out;
}

v1::PerformanceReport ToWire(const engine::PerformanceReport& report) {
  v1::PerformanceReport out;
  out.set_model(report.key.model);
  out.set_version(report.key.version);
  out.set_baseline_number(report.baseline_number);
  out.set_task(std::string(profile::TaskKindName(report.task.kind)));
  out.set_label(report.label);
  out.set_prediction(report.prediction);
  out.set_score(report.score);
  for (const std::string& name : report.task.classes) out.add_classes(name);
  *out.mutable_window() = ToWire(report.window);
  for (const engine::PerformanceChunk& chunk : report.chunks) *out.add_chunks() = ToWire(chunk);
  *out.mutable_counts() = LabelCountsToWire(report.counts, report.unreadable);
  out.set_predictions(report.predictions);
  out.set_labelled(report.labelled);
  out.set_recent_loss(report.recent_loss);
  for (const auto& [detector, alarm] : report.alarms) {
    v1::LossChange* one = out.add_loss_changes();
    one->set_detector(detector);
    one->set_labels_since(report.counts.joined - alarm.joined);
    one->set_before(alarm.before);
    one->set_after(alarm.after);
  }
  return out;
}

}  // namespace plumbline::transport
