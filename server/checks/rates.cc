#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/checks/checks.h"
#include "server/stats/rate_test.h"

namespace plumbline::checks {
namespace {

double Share(uint64_t k, uint64_t n) {
  return n == 0 ? 0 : static_cast<double>(k) / static_cast<double>(n);
}

// The rate at which the odds ratio against `base` is `ratio` and the change at least `change`.
double RateOfEffect(double base, double ratio, double change, bool fell) {
  const double factor = fell ? 1 / ratio : ratio;
  const double rate = factor * base / (1 - base + factor * base);
  return fell ? std::max(0.0, std::min(rate, base - change))
              : std::min(1.0, std::max(rate, base + change));
}

// The chance of such counts where there was no change. Where rows vary `effect` times as much as
// independent ones n rows say as much as n / effect: Fisher's p to the power 1 / effect, as
// evidence of blocks is weighed too; where p is less than a number can hold, of so much smaller
// counts.
double Chance(const RateCounts& counts, bool both_ways, double effect) {
  const auto of = [&](double by) {
    const auto part = [by](uint64_t count) {
      return static_cast<uint64_t>(static_cast<double>(count) / by);
    };
    return both_ways ? stats::RateChangePValue(part(counts.k_live), part(counts.n_live),
                                               part(counts.k_base), part(counts.n_base))
                     : stats::RateIncreasePValue(part(counts.k_live), part(counts.n_live),
                                                 part(counts.k_base), part(counts.n_base));
  };
  const double p_value = of(1);
  if (effect <= 1) return p_value;
  return p_value > 0 ? std::pow(p_value, 1 / effect) : of(effect);
}

// As CompareRates, of these counts alone. `evident`: Fisher's test need not be asked.
Finding Compare(Finding finding, const CheckSettings& settings, const VariableInput& input,
                const RateCounts& counts, bool both_ways, absl::string_view what, bool evident) {
  const Policy& policy = input.policy;
  finding.rows = counts.rows_live;
  if (counts.n_live > 0) finding.value = Share(counts.k_live, counts.rows_live);
  if (counts.n_base > 0) finding.baseline = Share(counts.k_base, counts.rows_base);
  if (counts.n_live < policy.min_rows_rate || counts.n_base == 0) {
    return WithTooFew(finding, counts.n_live, input);
  }
  const double change = *finding.value - *finding.baseline;
  const bool fell = both_ways && change < 0;
  double ratio = stats::OddsRatio(counts.k_live, counts.rows_live, counts.k_base, counts.rows_base);
  if (fell) ratio = 1 / ratio;
  const double least = policy.min_rate_change * Share(counts.n_live, counts.rows_live);
  finding.threshold = RateOfEffect(*finding.baseline, settings.threshold, least, fell);
  const bool moved = (fell || change > 0) && std::abs(change) >= least;
  finding.below_leave = !moved || ratio < settings.leave_threshold;
  const bool effect = moved && ratio >= settings.threshold;
  if (input.brief && !effect) return finding;
  finding.p_value =
      Chance(counts, both_ways, DesignEffectOfRate(finding.check, input.baseline.natural));
  if (effect && (evident || *finding.p_value < ImmediateLevel(input))) {
    finding.status = Status::kFiring;
    finding.cause = fell ? "rate_fell" : "rate_rose";
  }
  if (!IsRead(finding, input)) return finding;
  finding.reason =
      absl::StrCat(finding.variable, ": ", PercentText(*finding.value), " ", what,
                   counts.is_bound ? ", at most " : ", ", PercentText(*finding.baseline),
                   counts.is_bound ? " expected" : " in training", ExpectedBy(counts), " (",
                   CountText(counts.rows_live), evident ? " rows since it changed)" : " rows)");
  return finding;
}

}  // namespace

absl::string_view ExpectedBy(const RateCounts& counts) {
  return counts.of_runs ? " as it comes in runs in training" : "";
}

Finding CompareRates(Finding finding, const CheckSettings& settings, const VariableInput& input,
                     const RateCounts& counts, bool both_ways, absl::string_view what) {
  Finding of_window = Compare(finding, settings, input, counts, both_ways, what, false);
  if (of_window.status != Status::kOk || input.evidence == nullptr) return of_window;
  const ChangeEvidence& evidence = input.evidence->Of(finding.check);
  if (!evidence.enough) return of_window;
  // As many of the rows as in the window can have it.
  const double each = static_cast<double>(counts.rows_live) / static_cast<double>(counts.n_live);
  RateCounts later = counts;
  later.k_live = evidence.marked;
  later.n_live = evidence.rows;
  later.rows_live = static_cast<uint64_t>(std::llround(each * static_cast<double>(evidence.rows)));
  Finding since =
      Compare(std::move(finding), settings, input, later, both_ways, what, /*evident=*/true);
  if (since.status != Status::kFiring) return of_window;
  since.blocks = evidence.blocks;
  return since;
}

Finding CheckRate(CheckId check, const VariableInput& input) {
  const bool of_prediction = check == CheckId::kNanRate || check == CheckId::kInfRate;
  Finding finding =
      of_prediction ? StartPredictionFinding(check, input) : StartFinding(check, input);
  const absl::string_view what = check == CheckId::kNullRate  ? "null"
                                 : check == CheckId::kNanRate ? "NaN"
                                 : check == CheckId::kInfRate ? "infinite"
                                                              : "out of range";
  finding.statistic =
      check == CheckId::kOutOfRange ? "out_of_range_rate" : std::string(CheckName(check));
  const RateCounts counts = CountsOfRate(check, input.baseline, input.window);
  const bool prediction = input.baseline.variable.role == profile::Role::kPrediction;
  const bool new_in_prediction =
      of_prediction && prediction && counts.k_base == 0 && counts.k_live > 0;
  VariableInput asked = input;
  asked.brief = input.brief && !new_in_prediction;
  if (new_in_prediction) asked.evidence = nullptr;  // what is told is of the window
  const CheckSettings settings = input.policy.Settings(check, finding.variable);
  finding =
      CompareRates(std::move(finding), settings, asked, counts, check == CheckId::kNullRate, what);
  if (!new_in_prediction) return finding;
  finding.status = Status::kFiring;
  finding.cause = "rate_rose";
  finding.below_leave = false;
  finding.threshold = 0;
  finding.reason = absl::StrCat(finding.variable, ": ", what, " in ", CountText(counts.k_live),
                                " of ", CountText(finding.rows),
                                counts.n_live == counts.rows_live ? " predictions" : " rows",
                                ", none in training");
  return finding;
}

}  // namespace plumbline::checks
