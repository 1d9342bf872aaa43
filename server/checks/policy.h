#ifndef PLUMBLINE_SERVER_CHECKS_POLICY_H_
#define PLUMBLINE_SERVER_CHECKS_POLICY_H_

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "server/profile/aliases.h"
#include "server/profile/performance_metrics.h"
#include "server/profile/schema.h"
#include "server/profile/season.h"

namespace plumbline::checks {

enum class CheckId {
  kDrift,
  kNullRate,
  kNanRate,
  kInfRate,
  kOutOfRange,
  kUnseenCategory,
  kVanishedCategory,
  kAbsentVariable,
  kUnknownVariable,
  kWrongType,
  kBecameConstant,
  kCameAlive,
  kNoData,
  kRowsLost,
  kTailUnknown,
  kPredictionDomain,
  kProbabilitySum,
  kSilence,
  kEnvironment,
  kGoldenRows,
  kPerformance,
  kPerformanceLimit,
  kConceptDrift,
  kLabelDrift,
  kLoadMismatch,
  kPrecision
};

inline constexpr CheckId kAllChecks[] = {CheckId::kDrift,
                                         CheckId::kNullRate,
                                         CheckId::kNanRate,
                                         CheckId::kInfRate,
                                         CheckId::kOutOfRange,
                                         CheckId::kUnseenCategory,
                                         CheckId::kVanishedCategory,
                                         CheckId::kAbsentVariable,
                                         CheckId::kUnknownVariable,
                                         CheckId::kWrongType,
                                         CheckId::kBecameConstant,
                                         CheckId::kCameAlive,
                                         CheckId::kNoData,
                                         CheckId::kRowsLost,
                                         CheckId::kTailUnknown,
                                         CheckId::kPredictionDomain,
                                         CheckId::kProbabilitySum,
                                         CheckId::kSilence,
                                         CheckId::kEnvironment,
                                         CheckId::kGoldenRows,
                                         CheckId::kPerformance,
                                         CheckId::kPerformanceLimit,
                                         CheckId::kConceptDrift,
                                         CheckId::kLabelDrift,
                                         CheckId::kLoadMismatch,
                                         CheckId::kPrecision};

/// The name in reports, metrics and policies, such as `null_rate`; and back (nullopt: no such one).
absl::string_view CheckName(CheckId id);
std::optional<CheckId> ParseCheckId(absl::string_view name);

enum class Severity { kInfo = 1, kWarning = 2, kCritical = 3 };

/// The statistic whose threshold decides the effect of the drift check.
enum class DriftStatistic { kPsi, kJsDistance, kKs, kWasserstein, kHellinger, kTvd, kLInfinity };

inline constexpr DriftStatistic kAllDriftStatistics[] = {
    DriftStatistic::kPsi,         DriftStatistic::kJsDistance, DriftStatistic::kKs,
    DriftStatistic::kWasserstein, DriftStatistic::kHellinger,  DriftStatistic::kTvd,
    DriftStatistic::kLInfinity};

absl::string_view DriftStatisticName(DriftStatistic statistic);
std::optional<DriftStatistic> ParseDriftStatistic(absl::string_view name);

/// How one check judges and alerts. A firing alert leaves below `leave_threshold`.
struct CheckSettings {
  Severity severity = Severity::kInfo;
  double threshold = 0;
  double leave_threshold = 0;
  absl::Duration for_duration = absl::ZeroDuration();
  uint32_t for_panes = 0;  // disjoint closed evidence blocks in a row
  bool muted = false;      // the finding is shown, but never alerts
};

/// What is set here replaces the model's setting.
struct CheckOverride {
  std::optional<Severity> severity;
  std::optional<double> threshold;
  std::optional<double> leave_threshold;
  std::optional<absl::Duration> for_duration;
  std::optional<uint32_t> for_panes;
  std::optional<bool> muted;
};

/// A policy names no more slice variables.
inline constexpr size_t kMaxSliceVariables = 4;

struct VariablePolicy {
  std::map<CheckId, CheckOverride> checks;
  std::optional<DriftStatistic> drift_statistic;
  std::vector<std::string> aliases;  // other names of it in live batches
};

/// How a model is watched. A plain value; const members may be called from any thread.
struct Policy {
  absl::Duration pane = absl::Minutes(1);
  uint32_t window_panes = 60;
  absl::Duration allowed_lateness = absl::Minutes(5);
  absl::Duration max_future_skew = absl::Minutes(5);
  absl::Duration source_idle_timeout = absl::Minutes(5);
  absl::Duration no_data_after = absl::Minutes(15);
  absl::Duration hole_grace = absl::Seconds(60);
  absl::Duration epoch_expiry = absl::Hours(24);
  uint64_t min_rows_drift = 100;
  uint64_t min_rows_rate = 30;
  double drift_significance = 1e-3;
  double rate_significance = 1e-7;
  double min_rate_change = 0.01;
  double max_missing_share = 0.01;
  double false_page_budget = 1;  // pages a model in 30 days of evaluation, if nothing changes
  DriftStatistic drift_statistic = DriftStatistic::kPsi;
  std::map<DriftStatistic, double> drift_thresholds;  // filled by DefaultPolicy
  std::map<CheckId, CheckSettings> checks;            // filled by DefaultPolicy
  std::map<std::string, VariablePolicy, std::less<>> variables;

  /// What drift of all rows, and of sources, compares live rows with.
  profile::Season season = profile::Season::kNone;

  /// Categorical variables of which each value's rows are judged by themselves too.
  std::vector<std::string> slice_variables;

  absl::Duration label_wait = absl::Hours(24 * 400);
  uint64_t performance_rows = 1000;
  absl::Duration performance_window = absl::Hours(24 * 30);
  /// nullopt: DefaultMetric of the task.
  std::optional<profile::PerformanceMetric> performance_metric;
  std::map<profile::PerformanceMetric, double> performance_limits;

  /// The settings of a check for a variable (empty: the model), overrides applied. A drift
  /// threshold that is not overridden is DriftThreshold(variable).
  CheckSettings Settings(CheckId check, absl::string_view variable) const;
  DriftStatistic DriftStatisticOf(absl::string_view variable) const;
  double DriftThreshold(absl::string_view variable) const;

  /// Blocks of closed panes, each at least so long, in which false_page_budget allows for one false
  /// page; at least 100, with fewer there would hardly be any evidence.
  double BlocksPerFalsePage(absl::Duration block) const;
  /// The same for the evidence of blocks alone, which has what kImmediateShare leaves.
  double BlocksPerFalseAlarm(absl::Duration block) const;

  /// The share of false_page_budget of all that is asked at every look at the window. Little: it
  /// costs a level its logarithm, and what is slight is found by the evidence of blocks.
  static constexpr double kImmediateShare = 0.02;
  /// The level of one of `questions` that a model is asked at every look, so that chance answers
  /// not more often than kImmediateShare allows for: over one look a second, and one at every pane
  /// that closes, by the union bound. (More looks within a second hardly add: the largest of a
  /// growing sum passes a limit at most twice as often as the last, as Levy's inequality says.) At
  /// most rate_significance for all of them.
  double ImmediateLevel(double questions) const;

  /// The aliases of all variables that `schema` has. A name that is one of its own, and one that
  /// was given before, is left out.
  profile::Aliases AliasesFor(const profile::Schema& schema) const;

  /// InvalidArgument naming the field and the value that is out of range.
  absl::Status Validate() const;
};

Policy DefaultPolicy();

}  // namespace plumbline::checks

#endif  // PLUMBLINE_SERVER_CHECKS_POLICY_H_
