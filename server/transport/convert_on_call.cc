#include "server/transport/convert_on_call.h"

#include <map>
#include <string>
#include <utility>

#include "server/transport/convert.h"

namespace plumbline::transport {

v1::Mute ToWire(const engine::ModelKey& key, const checks::Mute& mute) {
  v1::Mute out;
  out.set_model(key.model);
  out.set_version(key.version);
  out.set_check(std::string(checks::CheckName(mute.check)));
  out.set_variable(mute.variable);
  out.set_slice(mute.slice);
  out.set_source(mute.source);
  *out.mutable_until() = ToWire(mute.until);
  out.set_by(mute.set.by);
  out.set_reason(mute.set.reason);
  *out.mutable_at() = ToWire(mute.set.at);
  if (!mute.ended.has_value()) return out;
  *out.mutable_ended_at() = ToWire(mute.ended->at);
  out.set_ended_by(mute.ended->by);
  out.set_ended_because(mute.ended->reason);
  return out;
}

v1::ExpectedChange ToWire(const engine::ModelKey& key, const checks::ExpectedChange& change) {
  v1::ExpectedChange out;
  out.set_model(key.model);
  out.set_version(key.version);
  out.set_name(change.name);
  out.mutable_variables()->Assign(change.variables.begin(), change.variables.end());
  *out.mutable_from() = ToWire(change.from);
  *out.mutable_until() = ToWire(change.until);
  out.set_by(change.set.by);
  out.set_reason(change.set.reason);
  *out.mutable_at() = ToWire(change.set.at);
  if (!change.ended.has_value()) return out;
  *out.mutable_ended_at() = ToWire(change.ended->at);
  out.set_ended_by(change.ended->by);
  out.set_ended_because(change.ended->reason);
  return out;
}

v1::Incident ToWire(const engine::ModelIncident& one) {
  const checks::Incident& incident = one.incident;
  v1::Incident out;
  out.set_id(incident.id);
  out.set_model(one.key.model);
  out.set_version(one.key.version);
  *out.mutable_began() = ToWire(incident.began);
  if (incident.severity.has_value()) {
    out.set_severity(std::string(checks::SeverityName(*incident.severity)));
  }
  out.set_head(incident.head);
  for (const checks::IncidentCause& cause : incident.causes) {
    v1::IncidentCause* const added = out.add_causes();
    added->set_kind(std::string(checks::CauseName(cause.kind)));
    added->set_words(cause.words);
    added->set_check(std::string(checks::CheckName(cause.alert.check)));
    added->set_variable(cause.alert.variable);
    added->set_source(cause.alert.source);
    added->set_slice(cause.alert.slice);
  }
  for (const checks::Alert& alert : incident.alerts) {
    *out.add_alerts() = ToWire(engine::ModelAlert{one.key, one.baseline_number, alert});
  }
  return out;
}

void AddOnCall(const checks::Alert& alert, v1::Finding* finding) {
  finding->set_incident(alert.incident);
  if (alert.acknowledged.has_value()) {
    v1::Acknowledgement* const out = finding->mutable_acknowledgement();
    out->set_by(alert.acknowledged->by);
    out->set_reason(alert.acknowledged->reason);
    *out->mutable_at() = ToWire(alert.acknowledged->at);
  }
  if (alert.is_open() && alert.hold.has_value()) {
    v1::Hold* const out = finding->mutable_hold();
    out->set_kind(std::string(checks::HoldName(alert.hold->kind)));
    out->set_name(alert.hold->name);
    out->set_by(alert.hold->by);
    out->set_reason(alert.hold->reason);
    *out->mutable_until() = ToWire(alert.hold->until);
  }
  finding->mutable_reason()->append(checks::WordsOf(alert));
}

void AddOnCall(const engine::Report& report, v1::Report* out) {
  std::map<checks::AlertKey, const checks::Alert*> alerts;
  for (const checks::Alert& alert : report.alerts) alerts[alert.key] = &alert;
  for (size_t i = 0; i < report.findings.size(); ++i) {
    const checks::Finding& finding = report.findings[i];
    if (finding.status != checks::Status::kFiring) continue;
    const auto alert =
        alerts.find({finding.check, finding.variable, finding.source, finding.slice});
    if (alert != alerts.end())
      AddOnCall(*alert->second, out->mutable_findings(static_cast<int>(i)));
  }
  for (const checks::Incident& incident : report.incidents) {
    *out->add_incidents() = ToWire({report.key, report.baseline_number, incident});
  }
  if (report.on_call == nullptr) return;
  for (const checks::Mute& mute : report.on_call->mutes()) {
    if (!mute.ended.has_value()) *out->add_mutes() = ToWire(report.key, mute);
  }
  for (const checks::ExpectedChange& change : report.on_call->changes()) {
    if (!change.ended.has_value()) *out->add_expected_changes() = ToWire(report.key, change);
  }
}

}  // namespace plumbline::transport
