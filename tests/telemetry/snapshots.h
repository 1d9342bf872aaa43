#ifndef PLUMBLINE_TESTS_TELEMETRY_SNAPSHOTS_H_
#define PLUMBLINE_TESTS_TELEMETRY_SNAPSHOTS_H_

#include <memory>
#include <string>
#include <utility>

#include "absl/time/time.h"
#include "server/engine/snapshot.h"
#include "server/telemetry/metric_table.h"
#include "server/telemetry/metrics.h"

namespace plumbline::telemetry {

inline checks::Alert MakeAlert(checks::CheckId check, std::string variable,
                               checks::AlertState state = checks::AlertState::kFiring,
                               checks::Severity severity = checks::Severity::kWarning) {
  checks::Alert alert;
  alert.key = {check, std::move(variable), "eu-west"};
  alert.state = state;
  alert.finding.severity = severity;
  alert.finding.value = 0.34;
  alert.finding.baseline = 0.001;
  alert.finding.threshold = 0.0625;
  alert.finding.reason = "age: 34% null, 0.1% in training";
  alert.finding.cause = "nulls";
  alert.finding.impacts.resize(1);
  alert.finding.impacts[0].verdict = checks::ImpactVerdict::kDifferent;
  alert.finding.impacts[0].effect = -0.5;
  alert.firing_since = absl::FromUnixSeconds(1'700'000'000);
  return alert;
}

/// A variable with one series.
inline engine::VariableSnapshot MakeVariable(std::string name, double psi_corrected) {
  engine::VariableSnapshot variable;
  variable.name = std::move(name);
  variable.live.psi_corrected = psi_corrected;
  return variable;
}

/// A prediction with every statistic and its distribution.
inline engine::VariableSnapshot MakeFullVariable(std::string name) {
  engine::VariableSnapshot variable;
  variable.name = std::move(name);
  variable.role = profile::Role::kPrediction;
  variable.distribution = {{"-Inf", 0, 0.25}, {"3.5", 1, 0.75}};
  for (const Metric& metric : Metrics().subspan(kFirstStatistic)) {
    variable.live.*metric.statistic = 0.25;
  }
  return variable;
}

inline engine::ModelSnapshot MakeModel(std::string model) {
  engine::ModelSnapshot snapshot;
  snapshot.key = {std::move(model), "v2"};
  snapshot.baseline_number = 3;
  snapshot.rows = 12'000;
  snapshot.late_rows = 7;
  snapshot.batches = {.counted = 12, .duplicate = 2, .refused = 1, .retry = 0};
  snapshot.losses = {.lost = 4, .called_lost = 9, .cleared = 3, .unended_epochs = 1};
  snapshot.window_rows = 600;
  snapshot.missing_rows_share = 0.25;
  snapshot.incomplete = true;
  snapshot.open_panes = 2;
  snapshot.sources = 5;
  snapshot.producers = 6;
  snapshot.last_batch = absl::FromUnixMillis(1'700'000'000'500);
  snapshot.watermark = absl::FromUnixSeconds(1'699'999'700);
  return snapshot;
}

/// One metric with all there is of it, 80 of 100 predictions labelled.
inline std::shared_ptr<const engine::PerformanceSnapshot> MakePerformance() {
  stats::Estimate estimate;
  estimate.value = 0.875;
  estimate.lower = 0.75;
  estimate.upper = 0.9375;
  auto performance = std::make_shared<engine::PerformanceSnapshot>();
  performance->counts.joined = 90;
  performance->predictions = 120;
  performance->labelled = 90;
  performance->window.predictions = 100;
  performance->window.labelled = 80;
  performance->window.metrics.push_back(
      {profile::PerformanceMetric::kRocAuc, estimate, estimate, estimate, 0.5});
  return performance;
}

inline ModelSnapshots Share(std::vector<engine::ModelSnapshot> models) {
  ModelSnapshots shared;
  for (engine::ModelSnapshot& model : models) {
    shared.push_back(std::make_shared<const engine::ModelSnapshot>(std::move(model)));
  }
  return shared;
}

}  // namespace plumbline::telemetry

#endif  // PLUMBLINE_TESTS_TELEMETRY_SNAPSHOTS_H_
