#include "server/engine/records.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/time.h"
#include "server/engine/on_call_record.h"

namespace plumbline::engine {
namespace {

using storage::v1::AlertRecord;
using storage::v1::CheckPolicyRecord;
using storage::v1::PolicyRecord;
using storage::v1::ProducerRecord;

std::optional<absl::Time> TimeIf(bool present, int64_t micros) {
  if (!present) return std::nullopt;
  return absl::FromUnixMicros(micros);
}

constexpr checks::Severity kSeverities[] = {checks::Severity::kInfo, checks::Severity::kWarning,
                                            checks::Severity::kCritical};

// `value` is none of the names that `name` gives `all`.
template <class All, class Name>
absl::Status BadField(absl::string_view field, absl::string_view value, const All& all,
                      const Name& name) {
  const auto append = [&](std::string* out, const auto& one) { absl::StrAppend(out, name(one)); };
  return absl::InvalidArgumentError(absl::StrCat("policy field ", field, ": \"", value,
                                                 "\" is unknown; it is one of ",
                                                 absl::StrJoin(all, ", ", append)));
}

absl::Status BadCheck(absl::string_view field, absl::string_view value) {
  return BadField(field, value, checks::kAllChecks, checks::CheckName);
}

absl::Status BadStatistic(absl::string_view field, absl::string_view value) {
  return BadField(field, value, checks::kAllDriftStatistics, checks::DriftStatisticName);
}

absl::Status BadMetric(absl::string_view field, absl::string_view value) {
  std::vector<profile::PerformanceMetric> all;
  for (size_t i = 0; i < profile::kPerformanceMetrics; ++i) {
    all.push_back(static_cast<profile::PerformanceMetric>(i));
  }
  return BadField(field, value, all, profile::MetricName);
}

absl::Status BadSeason(absl::string_view field, absl::string_view value) {
  std::vector<profile::Season> all = {profile::Season::kNone};
  all.insert(all.end(), std::begin(profile::kSeasons), std::end(profile::kSeasons));
  return BadField(field, value, all, profile::SeasonName);
}

absl::StatusOr<checks::CheckOverride> OverrideOf(const CheckPolicyRecord& record,
                                                 absl::string_view path) {
  checks::CheckOverride result;
  if (record.has_severity()) {
    for (const checks::Severity severity : kSeverities) {
      if (checks::SeverityName(severity) == record.severity()) result.severity = severity;
    }
    if (!result.severity.has_value()) {
      return BadField(absl::StrCat(path, ".severity"), record.severity(), kSeverities,
                      checks::SeverityName);
    }
  }
  if (record.has_threshold()) result.threshold = record.threshold();
  if (record.has_leave_threshold()) result.leave_threshold = record.leave_threshold();
  if (record.has_for_micros()) result.for_duration = absl::Microseconds(record.for_micros());
  if (record.has_for_panes()) result.for_panes = record.for_panes();
  if (record.has_muted()) result.muted = record.muted();
  return result;
}

void Apply(const checks::CheckOverride& from, checks::CheckSettings* to) {
  if (from.severity.has_value()) to->severity = *from.severity;
  if (from.threshold.has_value()) {
    // The leave threshold keeps its distance unless it is set too.
    if (to->threshold != 0) to->leave_threshold *= *from.threshold / to->threshold;
    to->threshold = *from.threshold;
  }
  if (from.leave_threshold.has_value()) to->leave_threshold = *from.leave_threshold;
  if (from.for_duration.has_value()) to->for_duration = *from.for_duration;
  if (from.for_panes.has_value()) to->for_panes = *from.for_panes;
  if (from.muted.has_value()) to->muted = *from.muted;
}

// A name is one variable's only.
absl::Status AddAliases(const storage::v1::VariablePolicyRecord& record, checks::Policy* policy) {
  std::vector<std::string>& aliases = policy->variables[record.variable()].aliases;
  for (const std::string& alias : record.aliases()) {
    const std::string path = absl::StrCat("variables[", record.variable(), "].aliases");
    if (alias.empty() || alias == record.variable()) {
      return absl::InvalidArgumentError(
          absl::StrCat("policy field ", path, ": \"", alias, "\" is no other name"));
    }
    for (const auto& [name, other] : policy->variables) {
      if (std::find(other.aliases.begin(), other.aliases.end(), alias) != other.aliases.end()) {
        return absl::InvalidArgumentError(absl::StrCat("policy field ", path, ": \"", alias,
                                                       "\" is an alias of ", name, " already"));
      }
    }
    aliases.push_back(alias);
  }
  return absl::OkStatus();
}

absl::Status ApplyChecks(const PolicyRecord& record, checks::Policy* policy) {
  for (const CheckPolicyRecord& check : record.checks()) {
    const std::optional<checks::CheckId> id = checks::ParseCheckId(check.check());
    if (!id.has_value()) return BadCheck("checks.check", check.check());
    const auto change = OverrideOf(check, absl::StrCat("checks[", check.check(), "]"));
    if (!change.ok()) return change.status();
    Apply(*change, &policy->checks[*id]);
    // The drift check's own threshold speaks of the statistic that decides.
    if (*id == checks::CheckId::kDrift && change->threshold.has_value()) {
      policy->drift_thresholds[policy->drift_statistic] = *change->threshold;
    }
  }
  for (const auto& variable : record.variables()) {
    checks::VariablePolicy& own = policy->variables[variable.variable()];
    if (absl::Status status = AddAliases(variable, policy); !status.ok()) return status;
    if (variable.has_drift_statistic()) {
      own.drift_statistic = checks::ParseDriftStatistic(variable.drift_statistic());
      if (!own.drift_statistic.has_value()) {
        return BadStatistic(absl::StrCat("variables[", variable.variable(), "].drift_statistic"),
                            variable.drift_statistic());
      }
    }
    for (const CheckPolicyRecord& check : variable.checks()) {
      const std::optional<checks::CheckId> id = checks::ParseCheckId(check.check());
      if (!id.has_value()) {
        return BadCheck(absl::StrCat("variables[", variable.variable(), "].checks.check"),
                        check.check());
      }
      auto change = OverrideOf(
          check, absl::StrCat("variables[", variable.variable(), "].checks[", check.check(), "]"));
      if (!change.ok()) return change.status();
      own.checks[*id] = *std::move(change);
    }
  }
  return absl::OkStatus();
}

absl::Status ApplyPerformance(const PolicyRecord& record, checks::Policy* policy) {
  if (record.has_label_wait_micros()) {
    policy->label_wait = absl::Microseconds(record.label_wait_micros());
  }
  if (record.has_performance_rows()) policy->performance_rows = record.performance_rows();
  if (record.has_performance_window_micros()) {
    policy->performance_window = absl::Microseconds(record.performance_window_micros());
  }
  if (record.has_performance_metric()) {
    policy->performance_metric = profile::ParseMetric(record.performance_metric());
    if (!policy->performance_metric.has_value()) {
      return BadMetric("performance_metric", record.performance_metric());
    }
  }
  for (const auto& [name, limit] : record.performance_limits()) {
    const auto metric = profile::ParseMetric(name);
    if (!metric.has_value()) return BadMetric("performance_limits", name);
    policy->performance_limits[*metric] = limit;
  }
  return absl::OkStatus();
}

}  // namespace

AlertRecord ToRecord(const checks::Alert& alert, uint64_t baseline_number) {
  AlertRecord record;
  const checks::Finding& finding = alert.finding;
  record.set_check(std::string(checks::CheckName(alert.key.check)));
  record.set_variable(alert.key.variable);
  record.set_source(alert.key.source);
  record.set_slice(alert.key.slice);
  record.set_state(static_cast<uint32_t>(alert.state));
  if (alert.pending_since)
    record.set_pending_since_micros(absl::ToUnixMicros(*alert.pending_since));
  if (alert.firing_since) record.set_firing_since_micros(absl::ToUnixMicros(*alert.firing_since));
  if (alert.resolved_at) record.set_resolved_at_micros(absl::ToUnixMicros(*alert.resolved_at));
  record.set_streak(alert.streak);
  record.set_last_block(alert.last_block);
  record.set_calm_streak(alert.calm_streak);
  record.set_baseline_number(baseline_number);
  record.set_statistic(finding.statistic);
  if (finding.value) record.set_value(*finding.value);
  if (finding.threshold) record.set_threshold(*finding.threshold);
  if (finding.baseline) record.set_baseline(*finding.baseline);
  if (finding.p_value) record.set_p_value(*finding.p_value);
  record.set_rows(finding.rows);
  record.set_severity(static_cast<uint32_t>(finding.severity));
  record.set_status(static_cast<uint32_t>(finding.status));
  record.set_reason(finding.reason);
  record.set_cause(finding.cause);
  if (alert.acknowledged) ToRecord(*alert.acknowledged, record.mutable_acknowledged());
  record.set_expected(alert.expected);
  record.set_incident(alert.incident);
  return record;
}

absl::StatusOr<checks::Alert> FromRecord(const AlertRecord& record) {
  const std::optional<checks::CheckId> check = checks::ParseCheckId(record.check());
  if (!check.has_value() || record.state() < 1 || record.state() > 4 || record.severity() < 1 ||
      record.severity() > 3 || record.status() < 1 || record.status() > 4) {
    return absl::DataLossError(absl::StrCat("the alert of check \"", record.check(),
                                            "\" and variable \"", record.variable(),
                                            "\" has an unknown check, state or severity"));
  }
  checks::Alert alert;
  alert.key = {*check, record.variable(), record.source(), record.slice()};
  alert.state = static_cast<checks::AlertState>(record.state());
  alert.pending_since = TimeIf(record.has_pending_since_micros(), record.pending_since_micros());
  alert.firing_since = TimeIf(record.has_firing_since_micros(), record.firing_since_micros());
  alert.resolved_at = TimeIf(record.has_resolved_at_micros(), record.resolved_at_micros());
  alert.streak = record.streak();
  alert.last_block = record.last_block();
  alert.calm_streak = record.calm_streak();
  checks::Finding& finding = alert.finding;
  finding.check = *check;
  finding.variable = record.variable();
  finding.source = record.source();
  finding.slice = record.slice();
  finding.statistic = record.statistic();
  if (record.has_value()) finding.value = record.value();
  if (record.has_threshold()) finding.threshold = record.threshold();
  if (record.has_baseline()) finding.baseline = record.baseline();
  if (record.has_p_value()) finding.p_value = record.p_value();
  finding.rows = record.rows();
  finding.severity = static_cast<checks::Severity>(record.severity());
  finding.status = static_cast<checks::Status>(record.status());
  finding.reason = record.reason();
  finding.cause = record.cause();
  if (record.has_acknowledged()) alert.acknowledged = FromRecord(record.acknowledged());
  alert.expected = record.expected();
  alert.incident = record.incident();
  return alert;
}

void DeleteAlert(const ModelKey& model, const checks::AlertKey& alert,
                 storage::Store::Batch* batch) {
  batch->DeleteAlert(model.model, model.version, checks::CheckName(alert.check), alert.variable,
                     alert.source, alert.slice);
}

void MarksToRecord(const SequenceMarks& marks, ProducerRecord* record) {
  const SequenceMarks::Parts parts = marks.parts();
  record->set_highest(parts.highest);
  for (const SequenceMarks::Hole& hole : parts.holes) {
    auto* stored = record->add_holes();
    stored->set_first(hole.first);
    stored->set_last(hole.last);
    stored->set_since_micros(absl::ToUnixMicros(hole.since));
    stored->set_stage(static_cast<uint32_t>(hole.stage));
  }
  if (parts.ended) record->set_ended_at(parts.highest);
  record->set_cleared(parts.cleared);
  record->set_given_up(parts.given_up);
  record->set_given_up_settled(parts.given_up_settled);
  record->set_given_up_at_micros(absl::ToUnixMicros(parts.given_up_at));
  record->set_forgotten_until(parts.forgotten_until);
}

absl::StatusOr<SequenceMarks> MarksFromRecord(const ProducerRecord& record) {
  SequenceMarks::Parts parts;
  parts.highest = record.highest();
  for (const auto& hole : record.holes()) {
    if (hole.stage() > static_cast<uint32_t>(SequenceMarks::Stage::kSettled)) {
      return absl::DataLossError(absl::StrCat("hole ", hole.first(), " to ", hole.last(),
                                              " is at an unknown stage ", hole.stage()));
    }
    parts.holes.push_back({hole.first(), hole.last(), absl::FromUnixMicros(hole.since_micros()),
                           static_cast<SequenceMarks::Stage>(hole.stage())});
  }
  parts.ended = record.has_ended_at();
  parts.cleared = record.cleared();
  parts.given_up = record.given_up();
  parts.given_up_settled = record.given_up_settled();
  parts.given_up_at = absl::FromUnixMicros(record.given_up_at_micros());
  parts.forgotten_until = record.forgotten_until();
  auto marks = SequenceMarks::Restore(parts);
  if (!marks.ok()) return absl::DataLossError(marks.status().message());
  return marks;
}

absl::StatusOr<checks::Policy> EffectivePolicy(const PolicyRecord& record) {
  checks::Policy policy = checks::DefaultPolicy();
  const auto duration = [](bool present, int64_t micros, absl::Duration* field) {
    if (present) *field = absl::Microseconds(micros);
  };
  duration(record.has_pane_micros(), record.pane_micros(), &policy.pane);
  duration(record.has_allowed_lateness_micros(), record.allowed_lateness_micros(),
           &policy.allowed_lateness);
  duration(record.has_max_future_skew_micros(), record.max_future_skew_micros(),
           &policy.max_future_skew);
  duration(record.has_source_idle_timeout_micros(), record.source_idle_timeout_micros(),
           &policy.source_idle_timeout);
  duration(record.has_no_data_after_micros(), record.no_data_after_micros(), &policy.no_data_after);
  duration(record.has_hole_grace_micros(), record.hole_grace_micros(), &policy.hole_grace);
  duration(record.has_epoch_expiry_micros(), record.epoch_expiry_micros(), &policy.epoch_expiry);
  if (record.has_window_panes()) policy.window_panes = record.window_panes();
  if (record.has_min_rows_drift()) policy.min_rows_drift = record.min_rows_drift();
  if (record.has_min_rows_rate()) policy.min_rows_rate = record.min_rows_rate();
  if (record.has_drift_significance()) policy.drift_significance = record.drift_significance();
  if (record.has_rate_significance()) policy.rate_significance = record.rate_significance();
  if (record.has_min_rate_change()) policy.min_rate_change = record.min_rate_change();
  if (record.has_max_missing_share()) policy.max_missing_share = record.max_missing_share();
  policy.slice_variables.assign(record.slice_variables().begin(), record.slice_variables().end());
  if (record.has_false_page_budget()) policy.false_page_budget = record.false_page_budget();
  if (record.has_season()) {
    const auto season = profile::ParseSeason(record.season());
    if (!season.has_value()) return BadSeason("season", record.season());
    policy.season = *season;
  }
  if (record.has_drift_statistic()) {
    const auto statistic = checks::ParseDriftStatistic(record.drift_statistic());
    if (!statistic.has_value()) return BadStatistic("drift_statistic", record.drift_statistic());
    policy.drift_statistic = *statistic;
  }
  for (const auto& [name, threshold] : record.drift_thresholds()) {
    const auto statistic = checks::ParseDriftStatistic(name);
    if (!statistic.has_value()) return BadStatistic("drift_thresholds", name);
    policy.drift_thresholds[*statistic] = threshold;
  }
  if (absl::Status applied = ApplyPerformance(record, &policy); !applied.ok()) return applied;
  if (absl::Status applied = ApplyChecks(record, &policy); !applied.ok()) return applied;
  if (absl::Status valid = policy.Validate(); !valid.ok()) return valid;
  return policy;
}

}  // namespace plumbline::engine
