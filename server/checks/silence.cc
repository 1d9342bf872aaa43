#include <algorithm>
#include <cmath>
#include <optional>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/time.h"
#include "server/checks/checks.h"

namespace plumbline::checks {
namespace {

// A variable that comes more often than this is told of by checks on the window as well.
constexpr double kRare = 0.01;

// What training knows of the arrivals of a variable or a category.
struct Trained {
  uint64_t arrivals = 0;
  uint64_t gap_rows = 0;
  int64_t gap_micros = 0;  // 0: training has no times
};

// The chance of a silence of `times` the longest of so many: that of an exponential tail through
// it, n^-times.
double LogChance(uint64_t arrivals, double times) {
  return -times * std::log(static_cast<double>(arrivals) + 1);
}

double Times(double silence, double longest) { return silence / std::max(1.0, longest); }

// By rows, and by event time where training has it: both must be too long, for neither the rate of
// rows nor the share of a value needs to be training's.
double LogChance(const Trained& trained, const profile::Silence& silence) {
  const double by_rows = LogChance(trained.arrivals, Times(static_cast<double>(silence.rows),
                                                           static_cast<double>(trained.gap_rows)));
  if (trained.gap_micros == 0) return by_rows;
  return std::max(by_rows,
                  LogChance(trained.arrivals, Times(static_cast<double>(silence.micros),
                                                    static_cast<double>(trained.gap_micros))));
}

// The chance of a silence that fires is below its logarithm.
double LogLevel(const VariableInput& input, const profile::ArrivalClocks& clocks) {
  return std::log(input.policy.rate_significance /
                  static_cast<double>(std::max<size_t>(1, clocks.size())));
}

std::string Words(const VariableInput& input, absl::string_view what, const Trained& trained,
                  const profile::Silence& silence, absl::Time until) {
  std::string text = absl::StrCat(
      input.baseline.variable.name, ": no ", what, " in ", CountText(silence.rows), " rows, since ",
      absl::FormatTime("%Y-%m-%d %H:%M:%S", until - absl::Microseconds(silence.micros),
                       absl::UTCTimeZone()),
      " UTC; in training never for more than ", CountText(trained.gap_rows), " rows");
  if (trained.gap_micros > 0) {
    absl::StrAppend(&text, " or ",
                    absl::FormatDuration(
                        absl::Trunc(absl::Microseconds(trained.gap_micros), absl::Seconds(1))));
  }
  return text;
}

}  // namespace

bool MayBeSilent(const VariableInput& input, const profile::ArrivalClocks& clocks, size_t index) {
  const profile::VariableBaseline& trained = input.baseline;
  // Nothing arrived more often than there are rows. Rounding must not decide.
  const double least = (1 - 1e-9) * LogLevel(input, clocks) / LogChance(trained.counts.rows, 1);
  const auto may = [&](uint64_t gap_rows, const profile::Silence& silence) {
    return silence.rows >= input.policy.min_rows_rate &&
           Times(static_cast<double>(silence.rows), static_cast<double>(gap_rows)) >= least;
  };
  if (may(trained.longest_gap_rows, clocks.OfVariable(index))) return true;
  const auto& gaps = trained.longest_category_gap_rows;
  for (size_t code = 0; code < std::min(clocks.categories(index), gaps.size()); ++code) {
    if (may(gaps[code], clocks.OfCategory(index, code))) return true;
  }
  return false;
}

Finding CheckSilence(const VariableInput& input, const profile::ArrivalClocks& clocks,
                     size_t index) {
  Finding finding = StartFinding(CheckId::kSilence, input);
  finding.statistic = "silent_rows";
  const uint64_t rows_rule = input.policy.min_rows_rate;
  const double level = LogLevel(input, clocks);
  double worst = 0;
  const auto look = [&](absl::string_view what, std::optional<size_t> code, const Trained& trained,
                        const profile::Silence& silence) {
    if (trained.arrivals < 2) return;
    const double chance = LogChance(trained, silence);
    if (chance >= worst) return;
    worst = chance;
    const bool fires = chance < level && silence.rows >= rows_rule;
    finding.value = static_cast<double>(silence.rows);
    finding.baseline = static_cast<double>(trained.gap_rows);
    // The rows at which the chance is too small, were time not asked.
    finding.threshold =
        std::max(static_cast<double>(rows_rule),
                 level / LogChance(trained.arrivals, 1) * std::max<double>(1, trained.gap_rows));
    finding.p_value = std::exp(chance);
    finding.rows = silence.rows;
    finding.below_leave = !fires;
    if (!fires) return;
    finding.status = Status::kFiring;
    finding.cause = code.has_value() ? "category_silent" : "variable_silent";
    finding.silent_category = code;
    finding.reason =
        Words(input, what, trained, silence, absl::FromUnixMicros(clocks.newest_micros()));
    const double share = static_cast<double>(trained.arrivals) /
                         static_cast<double>(std::max<uint64_t>(1, input.baseline.counts.rows));
    const bool told_elsewhere = !code.has_value() && share > kRare;
    if (told_elsewhere && finding.severity == Severity::kWarning) {
      finding.severity = Severity::kInfo;
    }
  };
  const profile::VariableBaseline& trained = input.baseline;
  look("value", std::nullopt,
       {trained.counts.Coded(), trained.longest_gap_rows, trained.longest_gap_micros},
       clocks.OfVariable(index));
  if (finding.status == Status::kFiring) return finding;  // no category can be there either
  const auto& gaps = trained.longest_category_gap_rows;
  const auto& times = trained.longest_category_gap_micros;
  for (size_t code = 0; code < std::min(clocks.categories(index), gaps.size()); ++code) {
    look(absl::StrCat("`", trained.categories.name(code), "`"), code,
         {trained.counts.codes[code], gaps[code], code < times.size() ? times[code] : 0},
         clocks.OfCategory(index, code));
  }
  if (finding.status != Status::kFiring && IsRead(finding, input)) {
    finding.reason = absl::StrCat(trained.variable.name, ": silent for no longer than likely");
  }
  return finding;
}

}  // namespace plumbline::checks
