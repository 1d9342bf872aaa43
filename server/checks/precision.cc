#include <algorithm>
#include <optional>
#include <string>

#include "absl/strings/str_cat.h"
#include "server/checks/checks.h"
#include "server/stats/rate_test.h"

namespace plumbline::checks {
namespace {

using profile::Fineness;

// Of a share that is none, or all.
constexpr double kFew = 0.01;
// Numbers that need more decimals than this use all digits of a float32, or of a double.
constexpr size_t kAllOfFloat32 = 9;

double Share(uint64_t part, const Fineness& of) {
  return of.values == 0 ? 0 : static_cast<double>(part) / static_cast<double>(of.values);
}

// What may have become of the numbers: a share of them on both sides, and what it means.
struct Change {
  std::string statistic, cause, words;
  uint64_t live = 0, base = 0;
};

std::string DecimalsText(size_t decimals) {
  return absl::StrCat(decimals, decimals == 1 ? " decimal" : " decimals");
}

// The first of these that is at least `least`, in the order of what explains the others.
std::optional<Change> FindChange(const Fineness& base, const Fineness& live, double least) {
  const auto rise = [&](uint64_t before, uint64_t after) {
    return Share(after, live) - Share(before, base);
  };
  if (rise(base.decimals[0], live.decimals[0]) <= -least) {
    return Change{"integer_share", "integers_became_fractions", "integers", live.decimals[0],
                  base.decimals[0]};
  }
  // Decimals that were cut fit float32 more often, but do not need all digits then, or none.
  if (rise(base.float32, live.float32) >= least && rise(base.Beyond(0), live.Beyond(0)) >= -kFew &&
      rise(base.Beyond(kAllOfFloat32), live.Beyond(kAllOfFloat32)) >= -kFew) {
    return Change{"float32_share", "rounded_to_float32", "fit float32", live.float32, base.float32};
  }
  for (size_t decimals = 0; decimals <= stats::kMostDecimals; ++decimals) {
    const uint64_t before = base.Beyond(decimals), after = live.Beyond(decimals);
    const double change = rise(before, after);
    const bool cut = change <= -least && Share(after, live) <= kFew;
    const bool more = change >= least && Share(before, base) <= kFew;
    if (!cut && !more) continue;
    const std::string words =
        decimals == 0 ? "have decimals" : absl::StrCat("need more than ", DecimalsText(decimals));
    return Change{"more_decimals_share", cut ? "decimals_cut" : "more_decimals", words, after,
                  before};
  }
  // Of some rows only.
  for (size_t decimals = 0; decimals <= stats::kMostDecimals; ++decimals) {
    const uint64_t before = base.Beyond(decimals), after = live.Beyond(decimals);
    if (rise(before, after) > -least) continue;
    const std::string words =
        decimals == 0 ? "have decimals" : absl::StrCat("need more than ", DecimalsText(decimals));
    return Change{"more_decimals_share", "decimals_cut", words, after, before};
  }
  return std::nullopt;
}

std::string CauseText(const std::string& cause) {
  if (cause == "integers_became_fractions") return "integers became fractions";
  if (cause == "rounded_to_float32") return "rounded to float32";
  return cause == "decimals_cut" ? "decimals were cut" : "more decimals than in training";
}

}  // namespace

Finding CheckPrecision(const VariableInput& input) {
  Finding finding = StartFinding(CheckId::kPrecision, input);
  finding.statistic = "float32_share";
  const Fineness& base = input.baseline.counts.fineness;
  const Fineness& live = input.window.fineness;
  finding.rows = live.values;
  if (base.values == 0) {
    return Without(finding, Status::kNotApplicable,
                   "the baseline does not know how finely its numbers were written");
  }
  if (std::min(base.values, live.values) < input.policy.min_rows_rate) {
    return WithTooFew(finding, std::min(base.values, live.values), input);
  }
  const CheckSettings settings = input.policy.Settings(finding.check, finding.variable);
  const std::optional<Change> change = FindChange(base, live, std::max(settings.threshold, kFew));
  finding.below_leave =
      !FindChange(base, live, std::max(settings.leave_threshold, kFew)).has_value();
  finding.threshold = settings.threshold;
  if (!change.has_value()) {
    finding.value = Share(live.float32, live);
    finding.baseline = Share(base.float32, base);
    if (IsRead(finding, input)) {
      finding.reason = absl::StrCat(finding.variable, ": as finely written as in training");
    }
    return finding;
  }
  finding.statistic = change->statistic;
  finding.value = Share(change->live, live);
  finding.baseline = Share(change->base, base);
  finding.p_value = stats::RateChangePValue(change->live, live.values, change->base, base.values);
  if (*finding.p_value < ImmediateLevel(input)) {
    finding.status = Status::kFiring;
    finding.cause = change->cause;
  }
  if (!IsRead(finding, input)) return finding;
  finding.reason = absl::StrCat(finding.variable, ": ", CauseText(change->cause), "; ",
                                PercentText(*finding.value), " ", change->words, ", ",
                                PercentText(*finding.baseline), " in training (",
                                CountText(live.values), " values looked at)");
  return finding;
}

}  // namespace plumbline::checks
