#include "server/transport/convert_policy.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "server/checks/finding.h"

namespace plumbline::transport {
namespace {

using google::protobuf::Duration;
using storage::v1::CheckPolicyRecord;
using storage::v1::PolicyRecord;

// A year's worth: longer is a mistake of units.
constexpr int64_t kMaxSeconds = int64_t{3660} * 24 * 3600;
constexpr uint32_t kMaxWindowPanes = 10'000;

absl::StatusOr<int64_t> Micros(absl::string_view field, const Duration& duration) {
  if (duration.seconds() < 0 || duration.nanos() < 0 || duration.seconds() > kMaxSeconds ||
      duration.nanos() > 999'999'999) {
    return absl::InvalidArgumentError(absl::StrCat("policy field ", field, ": ", duration.seconds(),
                                                   " s and ", duration.nanos(),
                                                   " ns is not between 0 and ten years"));
  }
  return duration.seconds() * 1'000'000 + duration.nanos() / 1000;
}

Duration FromMicros(int64_t micros) {
  Duration duration;
  duration.set_seconds(micros / 1'000'000);
  duration.set_nanos(static_cast<int32_t>(micros % 1'000'000 * 1000));
  return duration;
}

Duration FromAbsl(absl::Duration duration) {
  return FromMicros(absl::ToInt64Microseconds(duration));
}

absl::Status CheckToRecord(const v1::CheckPolicy& in, CheckPolicyRecord* out) {
  out->set_check(in.check());
  if (in.has_severity()) out->set_severity(in.severity());
  if (in.has_threshold()) out->set_threshold(in.threshold());
  if (in.has_leave_threshold()) out->set_leave_threshold(in.leave_threshold());
  if (in.has_for_panes()) out->set_for_panes(in.for_panes());
  if (in.has_muted()) out->set_muted(in.muted());
  if (in.has_for_()) {
    const auto micros = Micros(absl::StrCat("checks[", in.check(), "].for"), in.for_());
    if (!micros.ok()) return micros.status();
    out->set_for_micros(*micros);
  }
  return absl::OkStatus();
}

void CheckToWire(const CheckPolicyRecord& in, v1::CheckPolicy* out) {
  out->set_check(in.check());
  if (in.has_severity()) out->set_severity(in.severity());
  if (in.has_threshold()) out->set_threshold(in.threshold());
  if (in.has_leave_threshold()) out->set_leave_threshold(in.leave_threshold());
  if (in.has_for_panes()) out->set_for_panes(in.for_panes());
  if (in.has_muted()) out->set_muted(in.muted());
  if (in.has_for_micros()) *out->mutable_for_() = FromMicros(in.for_micros());
}

// What the contract promises of panes: their number decides memory and the time of an evaluation.
absl::Status CheckBounds(const v1::Policy& policy) {
  if (policy.has_pane() && policy.pane().seconds() < 1) {
    return absl::InvalidArgumentError(absl::StrCat("policy field pane: ", policy.pane().nanos(),
                                                   " ns is less than the least, 1 second"));
  }
  if (policy.window_panes() > kMaxWindowPanes) {
    return absl::InvalidArgumentError(absl::StrCat(
        "policy field window_panes: ", policy.window_panes(), " is more than ", kMaxWindowPanes));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<PolicyRecord> ToRecord(const v1::Policy& policy) {
  PolicyRecord record;
  absl::Status status;
  const auto duration = [&](absl::string_view field, bool present, const Duration& value,
                            const auto& set) {
    if (!present || !status.ok()) return;
    const auto micros = Micros(field, value);
    if (micros.ok()) {
      set(*micros);
    } else {
      status = micros.status();
    }
  };
  duration("pane", policy.has_pane(), policy.pane(), [&](int64_t x) { record.set_pane_micros(x); });
  duration("allowed_lateness", policy.has_allowed_lateness(), policy.allowed_lateness(),
           [&](int64_t x) { record.set_allowed_lateness_micros(x); });
  duration("max_future_skew", policy.has_max_future_skew(), policy.max_future_skew(),
           [&](int64_t x) { record.set_max_future_skew_micros(x); });
  duration("source_idle_timeout", policy.has_source_idle_timeout(), policy.source_idle_timeout(),
           [&](int64_t x) { record.set_source_idle_timeout_micros(x); });
  duration("no_data_after", policy.has_no_data_after(), policy.no_data_after(),
           [&](int64_t x) { record.set_no_data_after_micros(x); });
  duration("hole_grace", policy.has_hole_grace(), policy.hole_grace(),
           [&](int64_t x) { record.set_hole_grace_micros(x); });
  duration("epoch_expiry", policy.has_epoch_expiry(), policy.epoch_expiry(),
           [&](int64_t x) { record.set_epoch_expiry_micros(x); });
  duration("label_wait", policy.has_label_wait(), policy.label_wait(),
           [&](int64_t x) { record.set_label_wait_micros(x); });
  duration("performance_window", policy.has_performance_window(), policy.performance_window(),
           [&](int64_t x) { record.set_performance_window_micros(x); });
  if (!status.ok()) return status;
  if (absl::Status bounds = CheckBounds(policy); !bounds.ok()) return bounds;
  if (policy.has_window_panes()) record.set_window_panes(policy.window_panes());
  if (policy.has_min_rows_drift()) record.set_min_rows_drift(policy.min_rows_drift());
  if (policy.has_min_rows_rate()) record.set_min_rows_rate(policy.min_rows_rate());
  if (policy.has_drift_significance()) record.set_drift_significance(policy.drift_significance());
  if (policy.has_rate_significance()) record.set_rate_significance(policy.rate_significance());
  if (policy.has_min_rate_change()) record.set_min_rate_change(policy.min_rate_change());
  if (policy.has_max_missing_share()) record.set_max_missing_share(policy.max_missing_share());
  *record.mutable_slice_variables() = policy.slice_variables();
  if (policy.has_false_page_budget()) record.set_false_page_budget(policy.false_page_budget());
  if (policy.has_season()) record.set_season(policy.season());
  if (policy.has_drift_statistic()) record.set_drift_statistic(policy.drift_statistic());
  for (const auto& [name, threshold] : policy.drift_thresholds()) {
    (*record.mutable_drift_thresholds())[name] = threshold;
  }
  if (policy.has_performance_rows()) record.set_performance_rows(policy.performance_rows());
  if (policy.has_performance_metric()) record.set_performance_metric(policy.performance_metric());
  for (const auto& [name, limit] : policy.performance_limits()) {
    (*record.mutable_performance_limits())[name] = limit;
  }
  for (const v1::CheckPolicy& check : policy.checks()) {
    if (status = CheckToRecord(check, record.add_checks()); !status.ok()) return status;
  }
  for (const v1::VariablePolicy& variable : policy.variables()) {
    auto* out = record.add_variables();
    out->set_variable(variable.variable());
    if (variable.has_drift_statistic()) out->set_drift_statistic(variable.drift_statistic());
    *out->mutable_aliases() = variable.aliases();
    for (const v1::CheckPolicy& check : variable.checks()) {
      if (status = CheckToRecord(check, out->add_checks()); !status.ok()) return status;
    }
  }
  return record;
}

v1::Policy ToWire(const PolicyRecord& record) {
  v1::Policy policy;
  if (record.has_pane_micros()) *policy.mutable_pane() = FromMicros(record.pane_micros());
  if (record.has_allowed_lateness_micros()) {
    *policy.mutable_allowed_lateness() = FromMicros(record.allowed_lateness_micros());
  }
  if (record.has_max_future_skew_micros()) {
    *policy.mutable_max_future_skew() = FromMicros(record.max_future_skew_micros());
  }
  if (record.has_source_idle_timeout_micros()) {
    *policy.mutable_source_idle_timeout() = FromMicros(record.source_idle_timeout_micros());
  }
  if (record.has_no_data_after_micros()) {
    *policy.mutable_no_data_after() = FromMicros(record.no_data_after_micros());
  }
  if (record.has_hole_grace_micros()) {
    *policy.mutable_hole_grace() = FromMicros(record.hole_grace_micros());
  }
  if (record.has_epoch_expiry_micros()) {
    *policy.mutable_epoch_expiry() = FromMicros(record.epoch_expiry_micros());
  }
  if (record.has_window_panes()) policy.set_window_panes(record.window_panes());
  if (record.has_min_rows_drift()) policy.set_min_rows_drift(record.min_rows_drift());
  if (record.has_min_rows_rate()) policy.set_min_rows_rate(record.min_rows_rate());
  if (record.has_drift_significance()) policy.set_drift_significance(record.drift_significance());
  if (record.has_rate_significance()) policy.set_rate_significance(record.rate_significance());
  if (record.has_min_rate_change()) policy.set_min_rate_change(record.min_rate_change());
  if (record.has_max_missing_share()) policy.set_max_missing_share(record.max_missing_share());
  *policy.mutable_slice_variables() = record.slice_variables();
  if (record.has_false_page_budget()) policy.set_false_page_budget(record.false_page_budget());
  if (record.has_season()) policy.set_season(record.season());
  if (record.has_drift_statistic()) policy.set_drift_statistic(record.drift_statistic());
  for (const auto& [name, threshold] : record.drift_thresholds()) {
    (*policy.mutable_drift_thresholds())[name] = threshold;
  }
  if (record.has_label_wait_micros()) {
    *policy.mutable_label_wait() = FromMicros(record.label_wait_micros());
  }
  if (record.has_performance_window_micros()) {
    *policy.mutable_performance_window() = FromMicros(record.performance_window_micros());
  }
  if (record.has_performance_rows()) policy.set_performance_rows(record.performance_rows());
  if (record.has_performance_metric()) policy.set_performance_metric(record.performance_metric());
  for (const auto& [name, limit] : record.performance_limits()) {
    (*policy.mutable_performance_limits())[name] = limit;
  }
  for (const CheckPolicyRecord& check : record.checks()) CheckToWire(check, policy.add_checks());
  for (const auto& variable : record.variables()) {
    v1::VariablePolicy* out = policy.add_variables();
    out->set_variable(variable.variable());
    if (variable.has_drift_statistic()) out->set_drift_statistic(variable.drift_statistic());
    *out->mutable_aliases() = variable.aliases();
    for (const CheckPolicyRecord& check : variable.checks()) CheckToWire(check, out->add_checks());
  }
  return policy;
}

v1::Policy ToWire(const checks::Policy& in) {
  v1::Policy policy;
  *policy.mutable_pane() = FromAbsl(in.pane);
  policy.set_window_panes(in.window_panes);
  *policy.mutable_allowed_lateness() = FromAbsl(in.allowed_lateness);
  *policy.mutable_max_future_skew() = FromAbsl(in.max_future_skew);
  *policy.mutable_source_idle_timeout() = FromAbsl(in.source_idle_timeout);
  *policy.mutable_no_data_after() = FromAbsl(in.no_data_after);
  *policy.mutable_hole_grace() = FromAbsl(in.hole_grace);
  *policy.mutable_epoch_expiry() = FromAbsl(in.epoch_expiry);
  policy.set_min_rows_drift(in.min_rows_drift);
  policy.set_min_rows_rate(in.min_rows_rate);
  policy.set_drift_significance(in.drift_significance);
  policy.set_rate_significance(in.rate_significance);
  policy.set_min_rate_change(in.min_rate_change);
  policy.set_max_missing_share(in.max_missing_share);
  policy.mutable_slice_variables()->Assign(in.slice_variables.begin(), in.slice_variables.end());
  policy.set_false_page_budget(in.false_page_budget);
  policy.set_season(std::string(profile::SeasonName(in.season)));
  policy.set_drift_statistic(std::string(checks::DriftStatisticName(in.drift_statistic)));
  for (const auto& [statistic, threshold] : in.drift_thresholds) {
    (*policy.mutable_drift_thresholds())[std::string(checks::DriftStatisticName(statistic))] =
        threshold;
  }
  *policy.mutable_label_wait() = FromAbsl(in.label_wait);
  policy.set_performance_rows(in.performance_rows);
  *policy.mutable_performance_window() = FromAbsl(in.performance_window);
  if (in.performance_metric.has_value()) {
    policy.set_performance_metric(std::string(profile::MetricName(*in.performance_metric)));
  }
  for (const auto& [metric, limit] : in.performance_limits) {
    (*policy.mutable_performance_limits())[std::string(profile::MetricName(metric))] = limit;
  }
  const auto add_check = [](checks::CheckId id, const checks::CheckSettings& settings,
                            v1::CheckPolicy* out) {
    out->set_check(std::string(checks::CheckName(id)));
    out->set_severity(std::string(checks::SeverityName(settings.severity)));
    out->set_threshold(settings.threshold);
    out->set_leave_threshold(settings.leave_threshold);
    *out->mutable_for_() = FromAbsl(settings.for_duration);
    out->set_for_panes(settings.for_panes);
    out->set_muted(settings.muted);
  };
  for (const checks::CheckId id : checks::kAllChecks) {
    add_check(id, in.Settings(id, ""), policy.add_checks());
  }
  for (const auto& [name, own] : in.variables) {
    v1::VariablePolicy* out = policy.add_variables();
    out->set_variable(name);
    out->mutable_aliases()->Assign(own.aliases.begin(), own.aliases.end());
    out->set_drift_statistic(std::string(checks::DriftStatisticName(in.DriftStatisticOf(name))));
    for (const auto& [id, change] : own.checks) {
      add_check(id, in.Settings(id, name), out->add_checks());
    }
  }
  return policy;
}

}  // namespace plumbline::transport
