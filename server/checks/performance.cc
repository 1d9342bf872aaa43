#include "server/checks/performance.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "server/checks/checks.h"
#include "server/profile/statistics.h"
#include "server/stats/intervals.h"

namespace plumbline::checks {
namespace {

using profile::MetricValue;
using profile::PerformanceMetric;

// Losses without a scale of their own grow by so many times the threshold.
constexpr double kGrowth = 4;
// For so many times Policy::performance_rows labels a change is a late one: by then the window
// has none from before it.
constexpr uint64_t kLately = 2;

Finding Start(CheckId check, std::string variable, const PerformanceInput& input) {
  Finding finding;
  finding.check = check;
  finding.variable = std::move(variable);
  finding.severity = input.policy.Settings(check, finding.variable).severity;
  finding.rows = input.window.labelled;
  finding.below_leave = true;
  return finding;
}

const std::string& LabelName(const PerformanceInput& input) {
  return input.baseline.variables[input.baseline.task->label].variable.name;
}

bool TooFew(const PerformanceInput& input) {
  return input.window.labelled < input.policy.min_rows_drift;
}

Finding WithTooFewLabels(Finding finding, const PerformanceInput& input) {
  return Without(std::move(finding), Status::kInsufficientData,
                 absl::StrCat("too few labelled rows: ", CountText(input.window.labelled)));
}

// By how much `value` is worse than `base`; negative if it is better.
double Worse(PerformanceMetric metric, double value, double base) {
  if (metric == PerformanceMetric::kBias) return std::abs(value) - std::abs(base);
  return profile::HigherIsBetter(metric) ? base - value : value - base;
}

// The value that is `by` worse than `base`.
double WorseBy(PerformanceMetric metric, double base, double by) {
  if (metric == PerformanceMetric::kBias) return std::abs(base) + by;
  return profile::HigherIsBetter(metric) ? base - by : base + by;
}

// What stands for the whole threshold.
double Allowed(PerformanceMetric metric, double threshold, double base,
               absl::Span<const MetricValue> trained) {
  if (profile::IsShare(metric)) return threshold;
  if (metric != PerformanceMetric::kBias) return kGrowth * threshold * std::abs(base);
  const MetricValue* mae = profile::FindMetric(trained, PerformanceMetric::kMae);
  return mae == nullptr ? 0 : kGrowth * threshold * mae->estimate.value;
}

// The chance of a difference this large between two figures that are the same.
double Chance(double difference, double error, double other_error) {
  const double both = std::hypot(error, other_error);
  if (!(both > 0)) return difference > 0 ? 0 : 1;
  return stats::UpperTail(difference / both);
}

std::string IntervalText(const stats::Estimate& estimate) {
  if (!estimate.lower.has_value() || !estimate.upper.has_value()) return "";
  return absl::StrFormat(" (95%% %.4g to %.4g)", *estimate.lower, *estimate.upper);
}

Finding AgainstTraining(const PerformanceInput& input) {
  Finding finding = Start(CheckId::kPerformance, LabelName(input), input);
  const PerformanceMetric metric =
      input.policy.performance_metric.value_or(profile::DefaultMetric(*input.baseline.task));
  const CheckSettings settings = input.policy.Settings(finding.check, finding.variable);
  const std::string name(profile::MetricName(metric));
  finding.statistic = name;
  const MetricValue* live = profile::FindMetric(input.metrics, metric);
  const MetricValue* trained = profile::FindMetric(input.trained, metric);
  if (live != nullptr) finding.value = live->estimate.value;
  if (trained == nullptr) {
    return Without(finding, Status::kNotApplicable,
                   absl::StrCat("the baseline has no ", name, " to compare with"));
  }
  const double base = trained->estimate.value;
  finding.baseline = base;
  const double allowed = Allowed(metric, settings.threshold, base, input.trained);
  finding.threshold = WorseBy(metric, base, allowed);
  if (TooFew(input)) return WithTooFewLabels(std::move(finding), input);
  if (live == nullptr) {
    return Without(finding, Status::kInsufficientData,
                   absl::StrCat(name, " cannot be computed from these labels"));
  }
  const double worse = Worse(metric, *finding.value, base);
  const double leave = settings.threshold > 0 ? settings.leave_threshold / settings.threshold : 1;
  finding.below_leave = worse < leave * allowed || worse <= 0;
  finding.p_value = Chance(worse, live->estimate.standard_error.value_or(0),
                           trained->estimate.standard_error.value_or(0));
  if (worse > 0 && worse >= allowed && *finding.p_value < input.policy.drift_significance) {
    finding.status = Status::kFiring;
    finding.cause = "performance_fell";
  }
  finding.reason =
      absl::StrFormat("%s: %s %.4g%s, %.4g in training (fires at %.4g), %s labelled rows",
                      finding.variable, name, *finding.value, IntervalText(live->estimate), base,
                      *finding.threshold, CountText(finding.rows));
  return finding;
}

Finding AgainstLimit(const PerformanceInput& input, PerformanceMetric metric, double limit) {
  Finding finding =
      Start(CheckId::kPerformanceLimit, std::string(profile::MetricName(metric)), input);
  finding.statistic = finding.variable;
  finding.threshold = limit;
  const MetricValue* trained = profile::FindMetric(input.trained, metric);
  if (trained != nullptr) finding.baseline = trained->estimate.value;
  const MetricValue* live = profile::FindMetric(input.metrics, metric);
  if (live == nullptr) {
    const auto possible = profile::MetricsOf(*input.baseline.task);
    if (std::find(possible.begin(), possible.end(), metric) == possible.end()) {
      return Without(finding, Status::kNotApplicable,
                     absl::StrCat("a ", profile::TaskKindName(input.baseline.task->kind),
                                  " task has no ", finding.variable));
    }
    return Without(finding, Status::kInsufficientData,
                   absl::StrCat(finding.variable, " cannot be computed from these labels"));
  }
  finding.value = live->estimate.value;
  if (TooFew(input)) return WithTooFewLabels(std::move(finding), input);
  const double beyond = Worse(metric, *finding.value, limit);
  finding.below_leave = beyond <= 0;
  finding.p_value = Chance(beyond, live->estimate.standard_error.value_or(0), 0);
  if (beyond > 0 && *finding.p_value < input.policy.drift_significance) {
    finding.status = Status::kFiring;
    finding.cause = "limit_passed";
  }
  finding.reason =
      absl::StrFormat("%s: %.4g%s, the limit is %.4g, %s labelled rows", finding.variable,
                      *finding.value, IntervalText(live->estimate), limit, CountText(finding.rows));
  return finding;
}

// How much worse the mean loss of the window is than it was, and the chance of that.
struct LossRise {
  double after = 0, before = 0;
  double worse = 0, allowed = 0;
  double p_value = 1;
};

// Against training, or else against what the detector had seen. nullopt without labels.
std::optional<LossRise> RiseOf(const PerformanceInput& input, const LossChange& change,
                               double threshold) {
  const bool regression = input.baseline.task->kind == profile::TaskKind::kRegression;
  const auto metric = regression ? PerformanceMetric::kMae : PerformanceMetric::kAccuracy;
  const MetricValue* live = profile::FindMetric(input.metrics, metric);
  if (live == nullptr) return std::nullopt;
  const MetricValue* trained = profile::FindMetric(input.trained, metric);
  const auto loss = [&](double value) { return regression ? value : 1 - value; };
  LossRise rise;
  rise.after = loss(live->estimate.value);
  rise.before = trained != nullptr ? loss(trained->estimate.value) : change.before;
  rise.worse = rise.after - rise.before;
  rise.allowed = regression ? kGrowth * threshold * rise.before : threshold;
  rise.p_value = Chance(rise.worse, live->estimate.standard_error.value_or(0),
                        trained != nullptr ? trained->estimate.standard_error.value_or(0) : 0);
  return rise;
}

// Judges what was seen so many labelled rows ago.
Finding JudgeRise(Finding finding, const LossRise& rise, const PerformanceInput& input) {
  const CheckSettings settings = input.policy.Settings(finding.check, finding.variable);
  finding.value = rise.after;
  finding.baseline = rise.before;
  finding.threshold = rise.before + rise.allowed;
  finding.p_value = rise.p_value;
  const double leave = settings.threshold > 0 ? settings.leave_threshold / settings.threshold : 1;
  finding.below_leave = rise.worse <= 0 || rise.worse < leave * rise.allowed;
  if (rise.worse > 0 && rise.worse >= rise.allowed &&
      rise.p_value < input.policy.drift_significance) {
    finding.status = Status::kFiring;
    finding.cause = "loss_rose";
  }
  return finding;
}

Finding ConceptDrift(const PerformanceInput& input) {
  Finding finding = Start(CheckId::kConceptDrift, LabelName(input), input);
  finding.statistic = "loss";
  const LossChange* latest = nullptr;
  for (const LossChange& change : input.changes) {
    if (latest == nullptr || change.joined > latest->joined) latest = &change;
  }
  if (latest == nullptr) {
    finding.reason = absl::StrCat(finding.variable, ": no change of the loss was seen in ",
                                  CountText(input.joined), " labelled rows");
    return finding;
  }
  const uint64_t since = input.joined - std::min(input.joined, latest->joined);
  const bool lately = since / kLately <= input.policy.performance_rows;
  if (lately && TooFew(input)) return WithTooFewLabels(std::move(finding), input);
  const double threshold = input.policy.Settings(finding.check, finding.variable).threshold;
  const std::optional<LossRise> rise = RiseOf(input, *latest, threshold);
  if (lately && rise.has_value()) finding = JudgeRise(std::move(finding), *rise, input);
  finding.reason = absl::StrFormat(
      "%s: the mean loss rose from %.4g to %.4g, seen by %s %s labelled rows ago", finding.variable,
      latest->before, latest->after, latest->detector, CountText(since));
  if (rise.has_value()) {
    absl::StrAppendFormat(
        &finding.reason, "; that of the newest %s is %.4g, %.4g %s (fires at %.4g)",
        CountText(finding.rows), rise->after, rise->before,
        input.trained.empty() ? "before" : "in training", rise->before + rise->allowed);
  }
  return finding;
}

// The class, or the start of the bin, whose share moved the most, in words.
std::string MostMoved(const profile::VariableBaseline& label, const profile::VariableCounts& live) {
  const auto trained = static_cast<double>(label.counts.Coded());
  const auto rows = static_cast<double>(live.Coded());
  size_t most = 0;
  double move = -1;
  const auto share = [](const profile::CodeCounts& codes, size_t code, double all) {
    return static_cast<double>(codes[code]) / all;
  };
  for (size_t code = 0; code < live.codes.size(); ++code) {
    const double moved =
        std::abs(share(live.codes, code, rows) - share(label.counts.codes, code, trained));
    if (moved > move) {
      move = moved;
      most = code;
    }
  }
  std::string name;
  if (!label.is_numeric()) {
    name = most < label.categories.size() ? std::string(label.categories.name(most)) : "others";
  } else if (most == 0 || most > label.bins.size()) {
    name = most == 0 ? "below training" : "above training";
  } else {
    const double edge = label.bins.edges()[most - 1];
    name = label.bins.is_atom(most - 1) ? absl::StrFormat("%.6g", edge)
                                        : absl::StrFormat("from %.6g on", edge);
  }
  return absl::StrCat("`", name, "` ", PercentText(share(live.codes, most, rows)), " against ",
                      PercentText(share(label.counts.codes, most, trained)), " in training");
}

Finding LabelDrift(const PerformanceInput& input) {
  Finding finding = Start(CheckId::kLabelDrift, LabelName(input), input);
  finding.statistic = "psi";
  const CheckSettings settings = input.policy.Settings(finding.check, finding.variable);
  finding.threshold = settings.threshold;
  const profile::VariableBaseline& label = input.baseline.variables[input.baseline.task->label];
  if (label.counts.Coded() == 0 || label.is_constant()) {
    return Without(finding, Status::kNotApplicable, "it did not vary in training");
  }
  if (TooFew(input)) return WithTooFewLabels(std::move(finding), input);
  profile::VariableCounts live;
  live.rows = input.window.labelled;
  std::vector<uint64_t> codes = input.window.label_codes;
  codes.resize(label.counts.codes.size());
  live.codes = profile::CodeCounts::Of(codes);
  const profile::VariableStatistics statistics = profile::CompareToBaseline(label, live);
  finding.value = statistics.psi_corrected;
  finding.p_value = statistics.chi_square_p_value;
  if (!finding.value.has_value() || !finding.p_value.has_value()) {
    return Without(finding, Status::kNotApplicable, "psi cannot be computed");
  }
  finding.below_leave = *finding.value < settings.leave_threshold;
  if (*finding.value >= settings.threshold && *finding.p_value < input.policy.drift_significance) {
    finding.status = Status::kFiring;
    finding.cause = "label_share_changed";
  }
  finding.reason = absl::StrFormat(
      "%s: psi %.2f (fires at %.2f) of the labels of %s predictions, %s", finding.variable,
      *finding.value, settings.threshold, CountText(finding.rows), MostMoved(label, live));
  return finding;
}

}  // namespace

std::vector<Finding> CheckPerformance(const PerformanceInput& input) {
  std::vector<Finding> findings;
  findings.push_back(AgainstTraining(input));
  for (const auto& [metric, limit] : input.policy.performance_limits) {
    findings.push_back(AgainstLimit(input, metric, limit));
  }
  findings.push_back(ConceptDrift(input));
  findings.push_back(LabelDrift(input));
  return findings;
}

}  // namespace plumbline::checks
