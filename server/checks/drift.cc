#include <algorithm>
#include <cmath>
#include <optional>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "server/checks/checks.h"

namespace plumbline::checks {
namespace {

// A mean or a spread that moved by less (in standard deviations, in logs) is not the cause.
constexpr double kSmallMove = 0.05;
// A psi below is not worth telling.
constexpr double kTold = 0.05;

bool NeedsOrder(DriftStatistic statistic) {
  return statistic == DriftStatistic::kKs || statistic == DriftStatistic::kWasserstein;
}

std::optional<double> ValueOf(DriftStatistic statistic, const profile::VariableStatistics& all) {
  switch (statistic) {
    case DriftStatistic::kPsi:
      return all.psi_corrected;
    case DriftStatistic::kJsDistance:
      return all.js_distance;
    case DriftStatistic::kKs:
      return all.ks;
    case DriftStatistic::kWasserstein:
      return all.wasserstein;
    case DriftStatistic::kHellinger:
      return all.hellinger;
    case DriftStatistic::kTvd:
      return all.tvd;
    case DriftStatistic::kLInfinity:
      return all.l_infinity;
  }
  return std::nullopt;
}

void ExplainNumeric(const VariableInput& input, Finding* finding) {
  const stats::Moments& base = input.trained().counts.moments;
  const stats::Moments& live = input.window.moments;
  if (base.count() == 0 || live.count() == 0) return;
  if (!std::isfinite(live.Mean()) || !std::isfinite(live.StandardDeviation()) ||
      !std::isfinite(base.StandardDeviation())) {  // finite values whose sums overflow
    finding->cause = "spread_changed";
    absl::StrAppendFormat(&finding->reason, ", %.4g to %.4g against %.4g to %.4g in training",
                          live.Min(), live.Max(), base.Min(), base.Max());
    return;
  }
  const double shift = (live.Mean() - base.Mean()) / base.StandardDeviation();
  const double spread = std::log(live.StandardDeviation() / base.StandardDeviation());
  if (std::abs(shift) < kSmallMove && std::abs(spread) < kSmallMove) {
    finding->cause = "shape_changed";
  } else if (std::abs(spread) > std::abs(shift)) {
    finding->cause = "spread_changed";
  } else {
    finding->cause = shift > 0 ? "shifted_up" : "shifted_down";
  }
  if (finding->cause == "spread_changed") {
    absl::StrAppendFormat(&finding->reason, ", standard deviation %.4g against %.4g in training",
                          live.StandardDeviation(), base.StandardDeviation());
  } else {
    absl::StrAppendFormat(&finding->reason, ", mean %.4g against %.4g in training", live.Mean(),
                          base.Mean());
  }
}

void ExplainCategorical(const VariableInput& input, Finding* finding) {
  const double trained = static_cast<double>(input.trained().counts.Coded());
  const double rows = static_cast<double>(input.window.Coded());
  const auto live = [&](size_t code) {
    return static_cast<double>(input.window.codes[code]) / rows;
  };
  const auto base = [&](size_t code) {
    return static_cast<double>(input.trained().counts.codes[code]) / trained;
  };
  size_t most = 0;
  for (size_t code = 1; code < input.window.codes.size(); ++code) {
    if (std::abs(live(code) - base(code)) > std::abs(live(most) - base(most))) most = code;
  }
  const profile::CategoryTable& categories = input.baseline.categories;
  const std::string name = most < categories.size() ? absl::StrCat("`", categories.name(most), "`")
                           : most == categories.rare_code() ? "rare categories"
                                                            : "unseen categories";
  finding->cause = "category_share_changed";
  absl::StrAppend(&finding->reason, ", ", name, " ", PercentText(live(most)), " against ",
                  PercentText(base(most)), " in training");
}

// What decides: an order is needed for some.
DriftStatistic Deciding(const Policy& policy, const profile::VariableBaseline& baseline) {
  const DriftStatistic statistic = policy.DriftStatisticOf(baseline.variable.name);
  return baseline.is_numeric() || !NeedsOrder(statistic) ? statistic : DriftStatistic::kPsi;
}

// That training varies as well, where that is what it takes.
std::string NaturalWords(const VariableInput& input, const CheckSettings& settings) {
  const double limit = input.trained().natural.PsiLimit(static_cast<double>(input.window.Coded()));
  if (limit < settings.threshold || limit < kTold) return "";
  return absl::StrFormat(", and beyond what training varies by itself, psi %.2f", limit);
}

// There are rows, but in open panes, which give no evidence.
std::string WaitsText(const Finding& finding, const Policy& policy) {
  const std::string value = finding.value.has_value()
                                ? absl::StrFormat(" %s %.2f (fires at %.2f),", finding.statistic,
                                                  *finding.value, *finding.threshold)
                                : "";
  return absl::StrCat(finding.variable, ":", value, " ", CountText(finding.rows),
                      " rows; drift is told once panes with at least ",
                      CountText(policy.min_rows_drift), " rows together have closed");
}

std::string SeasonWords(const VariableInput& input) {
  if (input.in_season == nullptr) return "";
  return absl::StrCat(" against the same ", profile::SeasonWords(input.policy.season),
                      " in training");
}

std::string LookWords(const DriftLook* look) {
  if (look == nullptr) return "";
  return look->panes == 1 ? " in the latest pane"
                          : absl::StrFormat(" in the latest %d panes", look->panes);
}

}  // namespace

std::optional<double> DriftValue(const Policy& policy, const profile::VariableBaseline& baseline,
                                 const profile::VariableStatistics& statistics) {
  return ValueOf(Deciding(policy, baseline), statistics);
}

Finding CheckDrift(const VariableInput& input) {
  Finding finding = StartFinding(CheckId::kDrift, input);
  const CheckSettings settings = input.policy.Settings(finding.check, finding.variable);
  const DriftStatistic statistic = Deciding(input.policy, input.baseline);
  finding.statistic = std::string(DriftStatisticName(statistic));
  finding.threshold = settings.threshold;
  finding.rows = input.window.Coded();
  if (input.baseline.counts.Coded() == 0 || input.baseline.is_constant()) {
    return Without(finding, Status::kNotApplicable, "it did not vary in training");
  }
  finding.value = ValueOf(statistic, input.statistics);
  if (finding.rows < input.policy.min_rows_drift) return WithTooFew(finding, finding.rows, input);
  if (!input.has_block) {
    return Without(finding, Status::kInsufficientData,
                   input.brief ? "" : WaitsText(finding, input.policy));
  }
  if (!finding.value.has_value()) {
    return Without(finding, Status::kNotApplicable,
                   absl::StrCat(finding.statistic, " cannot be computed"));
  }
  finding.below_leave = *finding.value < settings.leave_threshold;
  const bool evident = input.evidence != nullptr && input.evidence->drift.enough;
  const bool large = IsLargeDrift(input.policy, input.trained(), input.statistics, finding.rows);
  const DriftLook* look = nullptr;
  if (evident && input.evidence->look.has_value()) {
    const std::optional<double> value = ValueOf(statistic, input.evidence->look->statistics);
    if (!large || *value > *finding.value) look = &*input.evidence->look;
  }
  if (look != nullptr) {
    finding.value = ValueOf(statistic, look->statistics);
    finding.rows = look->counts.Coded();
  }
  if (evident && (large || look != nullptr)) {
    finding.status = Status::kFiring;
    finding.blocks = input.evidence->drift.blocks;
  } else if (large) {
    finding.status = Status::kInsufficientData;
    finding.unproven = true;
  }
  if (!IsRead(finding, input)) return finding;
  const VariableInput seen{.baseline = input.baseline,
                           .window = look != nullptr ? look->counts : input.window,
                           .statistics = look != nullptr ? look->statistics : input.statistics,
                           .policy = input.policy,
                           .in_season = input.in_season != nullptr && look != nullptr
                                            ? look->trained.get()
                                            : input.in_season};
  finding.reason = absl::StrFormat(
      "%s: %s %.2f%s (fires at %.2f%s)%s", finding.variable, finding.statistic, *finding.value,
      SeasonWords(seen), settings.threshold, NaturalWords(seen, settings), LookWords(look));
  if (input.baseline.is_numeric()) {
    ExplainNumeric(seen, &finding);
  } else {
    ExplainCategorical(seen, &finding);
  }
  absl::StrAppend(&finding.reason, ", ", CountText(finding.rows), " rows");
  if (finding.status == Status::kFiring) return finding;
  finding.cause.clear();
  if (finding.unproven) {
    absl::StrAppend(&finding.reason,
                    "; closed panes do not show it beyond chance yet, or no longer");
  }
  return finding;
}

}  // namespace plumbline::checks
