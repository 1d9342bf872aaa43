#ifndef PLUMBLINE_SERVER_CHECKS_INCIDENT_H_
#define PLUMBLINE_SERVER_CHECKS_INCIDENT_H_

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "server/checks/alert.h"
#include "server/checks/policy.h"

namespace plumbline::checks {

/// Alerts that begin within this of each other are one incident: half a window, an hour at most.
absl::Duration Together(const Policy& policy);

/// The incident of `fresh`, which is open and has none yet. That of one of `open` (alerts of the
/// same model that have one; not owned), if it began together with the first of that incident's, or
/// shares with an alert of it the source, the slice, the variable, a producer, that something did
/// not come (rows, batches, loads, data), or, within twice that time, an environment that differs;
/// the oldest of these. Else a new one, named after the second in which `fresh` began. Pure.
std::string IncidentOf(const Alert& fresh, const std::vector<const Alert*>& open,
                       absl::Duration together);

/// What may lie behind an incident, the most likely first.
struct IncidentCause {
  enum class Kind { kLoss, kEnvironment, kSource, kEffect };
  Kind kind = Kind::kEffect;
  AlertKey alert;     // that says so
  std::string words;  // one sentence
};
/// `loss`, `environment`, `source`, `effect`.
absl::string_view CauseName(IncidentCause::Kind kind);

/// Open alerts that belong together.
struct Incident {
  static constexpr size_t kMostCauses = 3;

  std::string id;
  absl::Time began;                  // of its first alert
  std::optional<Severity> severity;  // of what fires; nullopt: all of it is pending or held back
  std::string head;                  // one line
  std::vector<IncidentCause> causes;
  std::vector<Alert> alerts;  // the most likely cause first
};

/// How much variables say about the predictions, in [0, 1]; what is not known counts as 1.
using Weights = std::map<std::string, double, std::less<>>;

/// How far a finding is beyond its threshold: their ratio, 100 at most, which is also that of a
/// threshold of 0; 1 without numbers.
double EffectOf(const Finding& finding);

/// The open ones of `alerts`, those of one model, by incident: critical first, then the oldest.
/// Within one: what did not come, environments, the source or slice that most of the alerts on
/// single ones are about, then the largest effect times weight; what is pending or held back last.
/// Pure.
std::vector<Incident> IncidentsOf(const std::vector<Alert>& alerts, const Weights& weights);

}  // namespace plumbline::checks

#endif  // PLUMBLINE_SERVER_CHECKS_INCIDENT_H_
