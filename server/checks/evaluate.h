#ifndef PLUMBLINE_SERVER_CHECKS_EVALUATE_H_
#define PLUMBLINE_SERVER_CHECKS_EVALUATE_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "server/checks/alert.h"
#include "server/checks/change_watch.h"
#include "server/checks/finding.h"
#include "server/checks/golden_rows.h"
#include "server/checks/policy.h"
#include "server/manifest/environment.h"
#include "server/profile/arrival_clocks.h"
#include "server/profile/baseline.h"
#include "server/profile/pane.h"
#include "server/profile/statistics.h"

namespace plumbline::checks {

/// What producers of one source declared that they run in, against the baseline's environment.
struct EnvironmentSummary {
  std::string source;
  uint64_t producers = 0, differing = 0;
  std::string producer;                      // one that differs most
  std::vector<std::string> differing_names;  // Senders::kMost of them
  /// Its differences, or nullptr if none differs. Not owned.
  const std::vector<manifest::EnvironmentDifference>* differences = nullptr;
};

/// Declared loads of which not what was declared has arrived.
struct LoadSummary {
  uint64_t loads = 0, differing = 0;
  uint64_t rows_missing = 0, rows_extra = 0;
  std::string detail;  // some of those that differ, in words
};

/// Rows that should be in the window and are not, as far as anybody knows.
struct MissingRows {
  uint64_t rows = 0;
  std::string words;  // how it is known

  /// Of all rows that should be in a window that has so many.
  double Share(uint64_t window_rows) const;
};

struct EvaluationInput {
  const profile::Pane& window;
  /// What changed, by the closed blocks of at least min_rows_drift rows; nullptr: there was none.
  /// Not owned.
  const std::vector<VariableEvidence>* changes = nullptr;
  /// Since when nothing came, of all that closed; nullptr: not asked.
  const profile::ArrivalClocks* clocks = nullptr;
  /// Both in time during which the server listened.
  absl::Time now;
  std::optional<absl::Time> last_batch = std::nullopt;
  uint64_t lost_batches = 0;
  std::string lost_detail = {};  // whose, in words
  Senders lost_senders = {};     // the same, those that lost most
  /// Batches that were among the lost ones, and will hardly come any more.
  uint64_t abandoned_batches = 0;
  /// Epochs of which nothing tells whether batches are missing at their end.
  uint64_t unended_epochs = 0;
  std::string unended_detail = {};
  Senders unended_senders = {};
  /// By source.
  std::vector<EnvironmentSummary> environments = {};
  /// Where the baseline has golden rows.
  std::optional<GoldenSummary> golden = std::nullopt;
  /// If any load was declared.
  std::optional<LoadSummary> loads = std::nullopt;
  MissingRows missing = {};
  /// Sets of rows that are judged at once: all, and each source and slice.
  size_t sets = 1;
  /// With a season: training at the times of the window, which drift is held against. Not owned.
  const profile::Baseline* in_season = nullptr;
};

/// All findings, the OK ones too; none for a label that is absent. `statistics` are the window's,
/// one a variable in the baseline's order. Pure.
std::vector<Finding> Evaluate(const profile::Baseline& baseline, const Policy& policy,
                              const EvaluationInput& input,
                              const std::vector<profile::VariableStatistics>& statistics);

/// Of the same findings those that can move alerts: all that fire, in full, and those that one of
/// `alerts` is there for, whose words and p-value may be missing unless they fire. Pure.
std::vector<Finding> EvaluateForAlerts(const profile::Baseline& baseline, const Policy& policy,
                                       const EvaluationInput& input,
                                       const std::vector<profile::VariableStatistics>& statistics,
                                       const AlertBook& alerts);

/// What is silent for longer than likely, of the same findings. Pure.
std::vector<Finding> Silences(const profile::Baseline& baseline, const Policy& policy,
                              const EvaluationInput& input);

}  // namespace plumbline::checks

#endif  // PLUMBLINE_SERVER_CHECKS_EVALUATE_H_
