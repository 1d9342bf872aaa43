#include "server/checks/incident.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"

namespace plumbline::checks {
namespace {

using Kind = IncidentCause::Kind;

// Something did not come.
bool IsLoss(CheckId check) {
  return check == CheckId::kRowsLost || check == CheckId::kLoadMismatch ||
         check == CheckId::kTailUnknown || check == CheckId::kNoData;
}

absl::Time BeginOf(const Alert& alert) { return alert.began().value_or(absl::UnixEpoch()); }

bool Has(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// What did not come, or another environment, of a producer of the other.
bool SharesSenders(const Alert& a, const Alert& b) {
  const Senders& of_a = a.finding.senders;
  const Senders& of_b = b.finding.senders;
  return Has(of_a.sources, b.key.source) || Has(of_b.sources, a.key.source) ||
         std::any_of(of_a.producers.begin(), of_a.producers.end(),
                     [&](const std::string& producer) { return Has(of_b.producers, producer); });
}

// Whether two alerts that did not begin together belong together all the same.
bool Shares(const Alert& a, const Alert& b, absl::Duration together) {
  if (!a.key.source.empty() && a.key.source == b.key.source) return true;
  if (!a.key.slice.empty() && a.key.slice == b.key.slice) return true;
  if (!a.key.variable.empty() && a.key.variable == b.key.variable) return true;
  if (IsLoss(a.key.check) && IsLoss(b.key.check)) return true;
  if (SharesSenders(a, b)) return true;
  const bool environment =
      a.key.check == CheckId::kEnvironment || b.key.check == CheckId::kEnvironment;
  return environment && absl::AbsDuration(BeginOf(a) - BeginOf(b)) < 2 * together;
}

std::string NewName(absl::Time began, const std::vector<const Alert*>& open) {
  const std::string name = absl::FormatTime("%Y%m%dT%H%M%SZ", began, absl::UTCTimeZone());
  const auto taken = [&](const std::string& other) {
    return std::any_of(open.begin(), open.end(),
                       [&](const Alert* alert) { return alert->incident == other; });
  };
  std::string unused = name;
  for (int number = 2; taken(unused); ++number) unused = absl::StrCat(name, "-", number);
  return unused;
}

// `source eu` or `slice sex=F`, whose rows alone it is about; empty: all rows.
std::string RowsOf(const Alert& alert) {
  if (!alert.key.source.empty()) return absl::StrCat("source ", alert.key.source);
  return alert.key.slice.empty() ? "" : absl::StrCat("slice ", alert.key.slice);
}

// The rows that more of the alerts are about than about any other; empty: there are none.
std::string LeadingRows(const std::vector<Alert>& alerts) {
  std::map<std::string, size_t> counts;
  for (const Alert& alert : alerts) {
    if (alert.fires()) ++counts[RowsOf(alert)];
  }
  counts.erase("");
  std::string leading;
  size_t most = 0;
  bool tie = false;
  for (const auto& [rows, count] : counts) {
    tie = count == most || (tie && count < most);
    if (count <= most) continue;
    most = count;
    leading = rows;
  }
  return tie ? "" : leading;
}

Kind KindOf(const Alert& alert, const std::string& rows) {
  if (IsLoss(alert.key.check)) return Kind::kLoss;
  if (alert.key.check == CheckId::kEnvironment) return Kind::kEnvironment;
  return !rows.empty() && RowsOf(alert) == rows ? Kind::kSource : Kind::kEffect;
}

double Score(const Alert& alert, const Weights& weights) {
  const auto weight = weights.find(alert.key.variable);
  return EffectOf(alert.finding) * (weight == weights.end() ? 1 : weight->second);
}

// `drift of age`.
std::string NameOf(const Alert& alert) {
  std::string name(CheckName(alert.key.check));
  if (!alert.key.variable.empty()) absl::StrAppend(&name, " of ", alert.key.variable);
  return name;
}

// `source eu: drift of age, null_rate of income and 2 more`.
std::string SourceWords(const std::vector<const Alert*>& alerts, const std::string& rows) {
  constexpr size_t kNamed = 2;
  std::string words = absl::StrCat(rows, ": ");
  for (size_t i = 0; i < alerts.size() && i < kNamed; ++i) {
    absl::StrAppend(&words, i == 0 ? "" : ", ", NameOf(*alerts[i]));
  }
  if (alerts.size() > kNamed) absl::StrAppend(&words, " and ", alerts.size() - kNamed, " more");
  return words;
}

// `alerts` are sorted. What did not come, an environment and a source are told once, a variable
// too.
std::vector<IncidentCause> CausesOf(const std::vector<Alert>& alerts, const std::string& rows) {
  std::vector<const Alert*> of_source;
  for (const Alert& alert : alerts) {
    if (KindOf(alert, rows) == Kind::kSource) of_source.push_back(&alert);
  }
  std::vector<IncidentCause> causes;
  std::set<Kind> told;
  std::set<std::string> variables;
  for (const Alert& alert : alerts) {
    if (causes.size() == Incident::kMostCauses) break;
    const Kind kind = KindOf(alert, rows);
    const bool is_new =
        kind == Kind::kEffect ? variables.insert(NameOf(alert)).second : told.insert(kind).second;
    if (!is_new) continue;
    causes.push_back({kind, alert.key,
                      kind == Kind::kSource ? SourceWords(of_source, rows) : alert.finding.reason});
  }
  return causes;
}

std::string Head(const Incident& incident) {
  size_t held = 0, acknowledged = 0;
  std::set<std::string> variables;
  for (const Alert& alert : incident.alerts) {
    held += alert.hold.has_value() ? 1 : 0;
    acknowledged += alert.acknowledged.has_value() ? 1 : 0;
    if (!alert.key.variable.empty()) variables.insert(alert.key.variable);
  }
  const size_t count = incident.alerts.size();
  std::string head = absl::StrCat(count, count == 1 ? " alert" : " alerts");
  if (variables.size() > 1) absl::StrAppend(&head, " on ", variables.size(), " variables");
  absl::StrAppend(&head, " since ",
                  absl::FormatTime("%Y-%m-%d %H:%M:%S", incident.began, absl::UTCTimeZone()),
                  " UTC");
  if (acknowledged > 0) absl::StrAppend(&head, ", ", acknowledged, " acknowledged");
  if (held > 0) absl::StrAppend(&head, ", ", held, " held back");
  return absl::StrCat(head, ": ", incident.causes.front().words);
}

void Finish(const Weights& weights, Incident* incident) {
  std::vector<Alert>& alerts = incident->alerts;
  const std::string rows = LeadingRows(alerts);
  const auto rank = [&](const Alert& alert) {
    return std::make_tuple(!alert.fires(), KindOf(alert, rows), -Score(alert, weights),
                           -static_cast<int>(alert.finding.severity));
  };
  std::stable_sort(alerts.begin(), alerts.end(),
                   [&](const Alert& a, const Alert& b) { return rank(a) < rank(b); });
  incident->began = BeginOf(alerts.front());
  for (const Alert& alert : alerts) {
    incident->began = std::min(incident->began, BeginOf(alert));
    if (!alert.fires()) continue;
    incident->severity =
        std::max(incident->severity.value_or(Severity::kInfo), alert.finding.severity);
  }
  incident->causes = CausesOf(alerts, rows);
  incident->head = Head(*incident);
}

}  // namespace

absl::string_view CauseName(Kind kind) {
  switch (kind) {
    case Kind::kLoss:
      return "loss";
    case Kind::kEnvironment:
      return "environment";
    case Kind::kSource:
      return "source";
    case Kind::kEffect:
      return "effect";
  }
  return "";
}

absl::Duration Together(const Policy& policy) {
  return std::min(absl::Hours(1), policy.pane * policy.window_panes / 2);
}

std::string IncidentOf(const Alert& fresh, const std::vector<const Alert*>& open,
                       absl::Duration together) {
  std::map<std::string, absl::Time> begins;
  for (const Alert* other : open) {
    if (other->incident.empty()) continue;
    const auto [entry, is_new] = begins.emplace(other->incident, BeginOf(*other));
    entry->second = std::min(entry->second, BeginOf(*other));
  }
  std::optional<std::pair<absl::Time, std::string>> oldest;
  for (const Alert* other : open) {
    if (other->incident.empty()) continue;
    const absl::Time began = begins.at(other->incident);
    if (absl::AbsDuration(BeginOf(fresh) - began) >= together && !Shares(fresh, *other, together)) {
      continue;
    }
    std::pair<absl::Time, std::string> found(began, other->incident);
    if (!oldest.has_value() || found < *oldest) oldest = std::move(found);
  }
  return oldest.has_value() ? std::move(oldest->second) : NewName(BeginOf(fresh), open);
}

double EffectOf(const Finding& finding) {
  constexpr double kMost = 100;
  if (!finding.value.has_value() || !finding.threshold.has_value()) return 1;
  const double ratio = std::abs(*finding.value) / std::abs(*finding.threshold);
  if (std::isnan(ratio)) return 1;  // 0 over 0 too
  // What fires below its threshold is far from it the other way.
  return std::min(kMost, std::max(ratio, 1 / ratio));
}

std::vector<Incident> IncidentsOf(const std::vector<Alert>& alerts, const Weights& weights) {
  std::map<std::string, Incident> by_id;
  for (const Alert& alert : alerts) {
    if (alert.is_open()) by_id[alert.incident].alerts.push_back(alert);
  }
  std::vector<Incident> incidents;
  for (auto& [id, incident] : by_id) {
    incident.id = id;
    Finish(weights, &incident);
    incidents.push_back(std::move(incident));
  }
  const auto rank = [](const Incident& incident) {
    return std::make_tuple(incident.severity != Severity::kCritical, !incident.severity.has_value(),
                           incident.began);
  };
  std::stable_sort(incidents.begin(), incidents.end(),
                   [&](const Incident& a, const Incident& b) { return rank(a) < rank(b); });
  return incidents;
}

}  // namespace plumbline::checks
