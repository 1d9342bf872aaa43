#ifndef PLUMBLINE_SERVER_ENGINE_REPORT_H_
#define PLUMBLINE_SERVER_ENGINE_REPORT_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "server/checks/alert.h"
#include "server/checks/finding.h"
#include "server/checks/incident.h"
#include "server/checks/on_call.h"
#include "server/engine/environments.h"
#include "server/engine/loads.h"
#include "server/engine/model_key.h"
#include "server/engine/performance_report.h"
#include "server/engine/producers.h"
#include "server/profile/input_outcomes.h"
#include "server/profile/schema.h"
#include "server/profile/statistics.h"

namespace plumbline::engine {

/// One variable of a report: statistics of both sides and their distributions side by side.
struct VariableReport {
  profile::Variable variable;
  profile::VariableStatistics live;
  profile::VariableStatistics baseline;
  std::vector<profile::DistributionGroup> distribution;
  std::optional<double> natural_psi;  // NaturalVariation::PsiLimit of the window, if it is known
  double left_out_share = 0;          // NaturalVariation::outside_share
};

/// A source that is judged by itself.
struct SourceSummary {
  std::string name;
  uint64_t rows = 0;  // in the window
  size_t firing = 0;  // findings on it
};

/// The rows with one value of a slice variable.
struct SliceSummary {
  std::string name;   // `variable=category`
  std::string label;  // see profile::TrainedSlice
  uint64_t rows = 0;  // in the window
  uint64_t trained_rows = 0;
  size_t firing = 0;  // findings on it
};

/// The current window of a model.
struct Report {
  ModelKey key;
  uint64_t baseline_number = 0;
  std::optional<absl::Time> start, end;  // event time; absent while the window is empty
  uint64_t rows = 0;
  uint64_t late_rows = 0;
  std::vector<checks::Finding> findings;          // the worst first
  std::vector<VariableReport> variables;          // the worst first
  std::vector<ProducerLoss> losses;               // the worst first
  std::vector<ProducerEnvironment> environments;  // those that differ, the heaviest first
  std::vector<DeclaredLoad> loads;                // those that differ first, then the latest
  std::string source;                             // whose rows these are; empty: all
  std::vector<SourceSummary> sources;  // that are judged by themselves, the largest first
  uint64_t rows_of_other_sources = 0;  // in the window
  std::string slice;                   // whose rows these are; empty: all
  std::vector<SliceSummary> slices;    // that are judged by themselves, the largest first
  uint64_t slice_categories_left_out = 0;
  std::optional<PerformanceReport> performance;
  std::vector<checks::Impact> impacts;  // those that differ first
  std::vector<checks::Alert> alerts;    // that are open, of all rows and of every source
  std::shared_ptr<const checks::OnCallBook> on_call;
  std::vector<checks::Incident> incidents;  // of them, the worst first
  bool natural_variation_unknown = false;   // of no variable: training's rows were shuffled, or few
  bool in_time_order = false;               // Baseline::in_time_order
};

/// How predictions differ in rows of the current window that lack an input.
struct ImpactReport {
  ModelKey key;
  uint64_t baseline_number = 0;
  std::string source;                    // whose rows these are; empty: all
  std::optional<absl::Time> start, end;  // event time; absent while the window is empty
  uint64_t rows = 0;
  std::vector<checks::Impact> impacts;  // those that differ first
};

/// A category that is silent, and the predictions of the window since.
struct SilentCategory {
  size_t variable = 0;
  size_t code = 0;
  uint64_t rows = 0;
  std::vector<profile::Outcomes> predictions;  // by WatchedPredictions
};

/// What people said of the alerts of a model.
struct ModelOnCall {
  ModelKey key;
  std::shared_ptr<const checks::OnCallBook> book;
};

/// An incident of some model.
struct ModelIncident {
  ModelKey key;
  uint64_t baseline_number = 0;
  checks::Incident incident;
};

/// An alert of some model.
struct ModelAlert {
  ModelKey key;
  uint64_t baseline_number = 0;
  checks::Alert alert;
};

/// Puts firing before the rest, critical before warning, large effects (value over threshold)
/// before small ones.
void SortWorstFirst(std::vector<checks::Finding>* findings);

}  // namespace plumbline::engine

#endif  // PLUMBLINE_SERVER_ENGINE_REPORT_H_
