#include <algorithm>
#include <cmath>
#include <string>

#include "absl/strings/str_cat.h"
#include "server/checks/checks.h"
#include "server/stats/unseen_rate.h"

namespace plumbline::checks {
namespace {

constexpr double kConfidence = 0.99;
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
  Finding finding = StartFinding(CheckId::kUnseenCategory, input);
  finding.statistic = "unseen_rate";
  const uint64_t trained = input.baseline.counts.Coded();
  const uint64_t unseen = input.window.codes.empty() ? 0 : input.window.codes.back();
  // The rows that training would have had of such categories, at most.
  const double bound =
      stats::GoodTuringUnseenUpperBound(input.baseline.singletons, trained, kConfidence);
  const uint64_t expected =
      std::min(trained, static_cast<uint64_t>(std::ceil(bound * static_cast<double>(trained))));
  finding = CompareRates(finding, input.policy.Settings(finding.check, finding.variable), input,
                         {unseen, input.window.Coded(), expected, trained},
                         /*both_ways=*/false, "unseen");
  if (finding.status == Status::kInsufficientData || !IsRead(finding, input)) return finding;
  finding.reason =
      absl::StrCat(finding.variable, ": ", CountText(unseen), " of ", CountText(finding.rows),
                   " rows with a category that training never had", Names(input.window),
                   ", at most ", PercentText(*finding.baseline), " expected");
  if (finding.status == Status::kFiring) finding.cause = "category_unseen";
  return finding;
}

}  // namespace plumbline::checks
