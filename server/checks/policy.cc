#include "server/checks/policy.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"

namespace plumbline::checks {
namespace {

// An alert on drift leaves below this share of the threshold, unless the policy says otherwise.
constexpr double kDriftLeaveShare = 0.75;
constexpr absl::Duration kBudgetTime = absl::Hours(24 * 30);
constexpr double kLeastBlocksPerFalsePage = 100;
constexpr double kMaxFalsePageBudget = 1000;
constexpr absl::Duration kLook = absl::Seconds(1);

constexpr std::pair<CheckId, absl::string_view> kCheckNames[] = {
    {CheckId::kDrift, "drift"},
    {CheckId::kNullRate, "null_rate"},
    {CheckId::kNanRate, "nan_rate"},
    {CheckId::kInfRate, "inf_rate"},
    {CheckId::kOutOfRange, "out_of_range"},
    {CheckId::kUnseenCategory, "unseen_category"},
    {CheckId::kVanishedCategory, "vanished_category"},
    {CheckId::kAbsentVariable, "absent_variable"},
    {CheckId::kUnknownVariable, "unknown_variable"},
    {CheckId::kWrongType, "wrong_type"},
    {CheckId::kBecameConstant, "became_constant"},
    {CheckId::kCameAlive, "came_alive"},
    {CheckId::kNoData, "no_data"},
    {CheckId::kRowsLost, "rows_lost"},
    {CheckId::kTailUnknown, "tail_unknown"},
    {CheckId::kPredictionDomain, "prediction_domain"},
    {CheckId::kProbabilitySum, "probability_sum"},
    {CheckId::kSilence, "silence"},
    {CheckId::kEnvironment, "environment"},
    {CheckId::kGoldenRows, "golden_rows"},
    {CheckId::kPerformance, "performance"},
    {CheckId::kPerformanceLimit, "performance_limit"},
    {CheckId::kConceptDrift, "concept_drift"},
    {CheckId::kLabelDrift, "label_drift"},
    {CheckId::kLoadMismatch, "load_mismatch"},
    {CheckId::kPrecision, "precision"}};

constexpr std::pair<DriftStatistic, absl::string_view> kStatisticNames[] = {
    {DriftStatistic::kPsi, "psi"},
    {DriftStatistic::kJsDistance, "js_distance"},
    {DriftStatistic::kKs, "ks"},
    {DriftStatistic::kWasserstein, "wasserstein"},
    {DriftStatistic::kHellinger, "hellinger"},
    {DriftStatistic::kTvd, "tvd"},
    {DriftStatistic::kLInfinity, "l_infinity"}};

const CheckOverride* FindOverride(const Policy& policy, CheckId check, absl::string_view variable) {
  const auto found = policy.variables.find(variable);
  if (found == policy.variables.end()) return nullptr;
  const auto check_found = found->second.checks.find(check);
  return check_found == found->second.checks.end() ? nullptr : &check_found->second;
}

absl::Status OutOfRange(absl::string_view field, double value) {
  return absl::InvalidArgumentError(absl::StrCat(field, " is out of range: ", value));
}

absl::Status Positive(absl::string_view field, absl::Duration value) {
  if (value > absl::ZeroDuration() && value != absl::InfiniteDuration()) return absl::OkStatus();
  return OutOfRange(field, absl::ToDoubleSeconds(value));
}

absl::Status NotNegative(absl::string_view field, absl::Duration value) {
  if (value >= absl::ZeroDuration() && value != absl::InfiniteDuration()) return absl::OkStatus();
  return OutOfRange(field, absl::ToDoubleSeconds(value));
}

absl::Status Threshold(absl::string_view field, double value) {
  return std::isfinite(value) && value >= 0 ? absl::OkStatus() : OutOfRange(field, value);
}

absl::Status OpenUnit(absl::string_view field, double value) {
  return value > 0 && value < 1 ? absl::OkStatus() : OutOfRange(field, value);
}

absl::Status ValidateSettings(absl::string_view where, const CheckSettings& settings) {
  absl::Status status = Threshold(absl::StrCat(where, ".threshold"), settings.threshold);
  status.Update(Threshold(absl::StrCat(where, ".leave_threshold"), settings.leave_threshold));
  status.Update(NotNegative(absl::StrCat(where, ".for_duration"), settings.for_duration));
  if (status.ok() && settings.leave_threshold > settings.threshold) {
    return absl::InvalidArgumentError(absl::StrCat(where, ".leave_threshold ",
                                                   settings.leave_threshold, " is above threshold ",
                                                   settings.threshold));
  }
  return status;
}

}  // namespace

absl::string_view CheckName(CheckId id) {
  for (const auto& [check, name] : kCheckNames) {
    if (check == id) return name;
  }
  return "";
}

std::optional<CheckId> ParseCheckId(absl::string_view name) {
  for (const auto& [check, check_name] : kCheckNames) {
    if (check_name == name) return check;
  }
  return std::nullopt;
}

absl::string_view DriftStatisticName(DriftStatistic statistic) {
  for (const auto& [value, name] : kStatisticNames) {
    if (value == statistic) return name;
  }
  return "";
}

std::optional<DriftStatistic> ParseDriftStatistic(absl::string_view name) {
  for (const auto& [value, statistic_name] : kStatisticNames) {
    if (statistic_name == name) return value;
  }
  return std::nullopt;
}

CheckSettings Policy::Settings(CheckId check, absl::string_view variable) const {
  CheckSettings settings;
  if (const auto found = checks.find(check); found != checks.end()) settings = found->second;
  if (check == CheckId::kDrift) {
    settings.threshold = DriftThreshold(variable);
    if (settings.leave_threshold <= 0 || settings.leave_threshold > settings.threshold) {
      settings.leave_threshold = kDriftLeaveShare * settings.threshold;
    }
  }
  const CheckOverride* change = FindOverride(*this, check, variable);
  if (change == nullptr) return settings;
  settings.severity = change->severity.value_or(settings.severity);
  settings.threshold = change->threshold.value_or(settings.threshold);
  settings.leave_threshold =
      change->leave_threshold.value_or(std::min(settings.leave_threshold, settings.threshold));
  settings.for_duration = change->for_duration.value_or(settings.for_duration);
  settings.for_panes = change->for_panes.value_or(settings.for_panes);
  settings.muted = change->muted.value_or(settings.muted);
  return settings;
}

DriftStatistic Policy::DriftStatisticOf(absl::string_view variable) const {
  const auto found = variables.find(variable);
  if (found == variables.end()) return drift_statistic;
  return found->second.drift_statistic.value_or(drift_statistic);
}

double Policy::DriftThreshold(absl::string_view variable) const {
  const CheckOverride* change = FindOverride(*this, CheckId::kDrift, variable);
  if (change != nullptr && change->threshold.has_value()) return *change->threshold;
  const auto found = drift_thresholds.find(DriftStatisticOf(variable));
  return found == drift_thresholds.end() ? 0.1 : found->second;
}

double Policy::BlocksPerFalsePage(absl::Duration block) const {
  const double blocks = absl::FDivDuration(kBudgetTime, std::max(block, pane));
  return std::max(kLeastBlocksPerFalsePage, blocks / false_page_budget);
}

double Policy::BlocksPerFalseAlarm(absl::Duration block) const {
  return BlocksPerFalsePage(block) / (1 - kImmediateShare);
}

double Policy::ImmediateLevel(double questions) const {
  const double looks = BlocksPerFalsePage(pane) * (1 + absl::FDivDuration(pane, kLook));
  return std::min(rate_significance, kImmediateShare / looks) / std::max(1.0, questions);
}

profile::Aliases Policy::AliasesFor(const profile::Schema& schema) const {
  profile::Aliases aliases;
  for (const auto& [name, own] : variables) {
    const std::optional<size_t> index = schema.Find(name);
    if (!index.has_value()) continue;
    for (const std::string& alias : own.aliases) {
      if (!schema.Find(alias).has_value()) aliases.emplace(alias, *index);
    }
  }
  return aliases;
}

absl::Status Policy::Validate() const {
  absl::Status status = Positive("pane", pane);
  status.Update(NotNegative("allowed_lateness", allowed_lateness));
  status.Update(NotNegative("max_future_skew", max_future_skew));
  status.Update(Positive("source_idle_timeout", source_idle_timeout));
  status.Update(Positive("no_data_after", no_data_after));
  status.Update(NotNegative("hole_grace", hole_grace));
  status.Update(Positive("epoch_expiry", epoch_expiry));
  status.Update(Positive("label_wait", label_wait));
  if (performance_rows == 0) status.Update(OutOfRange("performance_rows", 0));
  if (performance_window < absl::Hours(1)) {
    status.Update(OutOfRange("performance_window", absl::ToDoubleSeconds(performance_window)));
  }
  for (const auto& [metric, limit] : performance_limits) {
    if (std::isfinite(limit)) continue;
    status.Update(
        OutOfRange(absl::StrCat("performance_limits.", profile::MetricName(metric)), limit));
  }
  if (slice_variables.size() > kMaxSliceVariables) {
    status.Update(absl::InvalidArgumentError(absl::StrCat(
        "slice_variables: ", slice_variables.size(), " of at most ", kMaxSliceVariables)));
  }
  for (size_t i = 0; i < slice_variables.size(); ++i) {
    const std::string& name = slice_variables[i];
    if (std::find(slice_variables.begin(), slice_variables.begin() + i, name) !=
        slice_variables.begin() + i) {
      status.Update(absl::InvalidArgumentError(
          absl::StrCat("slice_variables: \"", name, "\" is there twice")));
    }
    // A slice is called `variable=category`.
    if (name.find('=') != std::string::npos) {
      status.Update(absl::InvalidArgumentError(
          absl::StrCat("slice_variables: \"", name, "\" has a `=` in its name")));
    }
  }
  if (status.ok() && season != profile::Season::kNone &&
      profile::BucketLength(season) % pane != absl::ZeroDuration()) {
    status.Update(absl::InvalidArgumentError(absl::StrCat(
        "season ", profile::SeasonName(season), ": a pane of ", absl::FormatDuration(pane),
        " does not divide ", absl::FormatDuration(profile::BucketLength(season)))));
  }
  if (window_panes == 0) status.Update(OutOfRange("window_panes", 0));
  if (min_rows_drift == 0) status.Update(OutOfRange("min_rows_drift", 0));
  if (min_rows_rate == 0) status.Update(OutOfRange("min_rows_rate", 0));
  status.Update(OpenUnit("drift_significance", drift_significance));
  status.Update(OpenUnit("rate_significance", rate_significance));
  if (!(min_rate_change >= 0 && min_rate_change < 1)) {
    status.Update(OutOfRange("min_rate_change", min_rate_change));
  }
  if (!(max_missing_share >= 0 && max_missing_share < 1)) {
    status.Update(OutOfRange("max_missing_share", max_missing_share));
  }
  if (!(false_page_budget > 0 && false_page_budget <= kMaxFalsePageBudget)) {
    status.Update(OutOfRange("false_page_budget", false_page_budget));
  }
  for (const auto& [statistic, threshold] : drift_thresholds) {
    status.Update(
        Threshold(absl::StrCat("drift_thresholds.", DriftStatisticName(statistic)), threshold));
  }
  for (const CheckId check : kAllChecks) {
    status.Update(ValidateSettings(absl::StrCat("checks.", CheckName(check)), Settings(check, "")));
  }
  for (const auto& [variable, policy] : variables) {
    for (const auto& [check, change] : policy.checks) {
      status.Update(
          ValidateSettings(absl::StrCat("variables.", variable, ".checks.", CheckName(check)),
                           Settings(check, variable)));
    }
  }
  return status;
}

Policy DefaultPolicy() {
  Policy policy;
  for (const auto& [statistic, name] : kStatisticNames) policy.drift_thresholds[statistic] = 0.1;
  policy.drift_thresholds[DriftStatistic::kPsi] = 0.2;
  const auto set = [&](CheckId check, Severity severity, double threshold, double leave) {
    policy.checks[check] = {.severity = severity, .threshold = threshold, .leave_threshold = leave};
  };
  set(CheckId::kDrift, Severity::kWarning, 0, 0);  // DriftThreshold, and 0.75 of it
  policy.checks[CheckId::kDrift].for_panes = 2;
  // Odds ratios.
  set(CheckId::kNullRate, Severity::kWarning, 2, 1.5);
  set(CheckId::kNanRate, Severity::kInfo, 2, 1.5);
  set(CheckId::kInfRate, Severity::kInfo, 2, 1.5);
  set(CheckId::kOutOfRange, Severity::kInfo, 2, 1.5);
  set(CheckId::kUnseenCategory, Severity::kWarning, 2, 1.5);
  // Shares: of training that a category had, of rows in the window.
  set(CheckId::kVanishedCategory, Severity::kInfo, 0.01, 0.01);
  set(CheckId::kAbsentVariable, Severity::kCritical, 0.01, 0.005);
  set(CheckId::kUnknownVariable, Severity::kInfo, 0, 0);
  set(CheckId::kWrongType, Severity::kWarning, 0.01, 0.005);
  // Of the values; so many of them changed the way in which they are written.
  set(CheckId::kPrecision, Severity::kInfo, 0.1, 0.05);
  set(CheckId::kBecameConstant, Severity::kWarning, 1, 1);
  set(CheckId::kCameAlive, Severity::kWarning, 0.01, 0.005);
  set(CheckId::kNoData, Severity::kCritical, 0, 0);
  set(CheckId::kRowsLost, Severity::kCritical, 0, 0);
  set(CheckId::kLoadMismatch, Severity::kCritical, 0, 0);
  set(CheckId::kTailUnknown, Severity::kInfo, 0, 0);
  // A number that happened to lie in [0, 1] in training is taken for a probability.
  set(CheckId::kPredictionDomain, Severity::kWarning, 0, 0);
  set(CheckId::kProbabilitySum, Severity::kCritical, 0, 0);
  set(CheckId::kSilence, Severity::kWarning, 0, 0);
  // The least weight that alerts, and the highest severity that it may have.
  set(CheckId::kEnvironment, Severity::kCritical, 1, 1);
  set(CheckId::kGoldenRows, Severity::kCritical, 1, 1);  // rows that differ
  // Absolute for metrics in [0, 1], else relative growth of the loss over four.
  set(CheckId::kPerformance, Severity::kWarning, 0.05, 0.025);
  set(CheckId::kPerformanceLimit, Severity::kCritical, 0, 0);
  set(CheckId::kConceptDrift, Severity::kWarning, 0.05, 0.025);  // of the loss that is watched
  set(CheckId::kLabelDrift, Severity::kWarning, 0.2, 0.15);      // psi
  return policy;
}

}  // namespace plumbline::checks
