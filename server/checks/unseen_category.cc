#include <cmath>
#include <cstdint>
#include <string>

#include "absl/strings/str_cat.h"
#include "server/checks/checks.h"

namespace plumbline::checks {
namespace {

constexpr size_t kNames = 5;

// The largest of them by name: ` (`west` 98, `east` 2)`.
std::string Names(const profile::VariableCounts& window) {
  std::string text;
  for (const auto& [name, rows] : window.unseen_names.MostFrequent(kNames)) {
    absl::StrAppend(&text, text.empty() ? " (" : ", ", "`", name, "` ", CountText(rows));
  }
  return text.empty() ? text : text + ")";
}

}  // namespace

Finding CheckUnseenCategory(const VariableInput& input) {
  Finding finding = StartPredictionFinding(CheckId::kUnseenCategory, input);
  finding.statistic = "unseen_rate";
  const RateCounts counts = CountsOfRate(CheckId::kUnseenCategory, input.baseline, input.window);
  const uint64_t unseen = counts.k_live;
  // A class that training never had is wrong from the first row on, if each of training's came
  // more than once, and in more than one run of rows.
  const bool new_class = input.baseline.variable.role == profile::Role::kPrediction && unseen > 0 &&
                         input.baseline.singletons == 0 &&
                         input.baseline.natural.outside_share == 0;
  VariableInput asked = input;
  asked.brief = input.brief && !new_class;
  if (new_class) asked.evidence = nullptr;  // what is told is of the window
  finding = CompareRates(finding, input.policy.Settings(finding.check, finding.variable), asked,
                         counts, /*both_ways=*/false, "unseen");
  if (new_class) {
    finding.status = Status::kFiring;
    finding.below_leave = false;
    finding.threshold = 0;
    finding.cause = "class_unseen";
    finding.reason =
        absl::StrCat(finding.variable, ": ", CountText(unseen), " of ", CountText(finding.rows),
                     counts.n_live == counts.rows_live ? " predictions are" : " rows have",
                     " a class that training never had", Names(input.window));
    return finding;
  }
  if (finding.status == Status::kInsufficientData || !IsRead(finding, input)) return finding;
  // Of the window, or since it changed.
  const auto found =
      static_cast<uint64_t>(std::llround(*finding.value * static_cast<double>(finding.rows)));
  finding.reason =
      absl::StrCat(finding.variable, ": ", CountText(found), " of ", CountText(finding.rows),
                   " rows with a category that training never had", Names(input.window),
                   ", at most ", PercentText(*finding.baseline), " expected", ExpectedBy(counts));
  if (finding.status == Status::kFiring) finding.cause = "category_unseen";
  return finding;
}

}  // namespace plumbline::checks
