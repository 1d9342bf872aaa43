#include "server/checks/golden_rows.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "server/checks/checks.h"

namespace plumbline::checks {
namespace {

using profile::GoldenBook;
using profile::GoldenHit;
using profile::GoldenOutcome;

constexpr size_t kExamples = 3;
constexpr size_t kFeatures = 3;

// What the rows that differ have in common.
struct Tally {
  uint64_t rows = 0;
  uint64_t rounded = 0;              // features that differ are all rounded
  uint64_t changed = 0;              // features are others
  uint64_t predictions_rounded = 0;  // no feature differs, and the predictions are rounded
  uint64_t no_number = 0;            // a number is expected, or there, and not on both sides
  std::map<uint32_t, uint64_t> rounded_features, changed_features;

  void Add(const GoldenBook& book, const GoldenHit& hit) {
    ++rows;
    const bool numeric = book.rows().columns[hit.prediction].kind == profile::Kind::kNumeric;
    no_number += numeric && std::isinf(hit.difference) ? 1 : 0;
    if (hit.changed > 0) {
      ++changed;
    } else if (hit.rounded > 0) {
      ++rounded;
    } else if (hit.as_float32) {
      ++predictions_rounded;
    }
    // The others come first.
    for (size_t i = 0; i < hit.features.size(); ++i) {
      ++(i < hit.changed ? changed_features : rounded_features)[hit.features[i]];
    }
  }
};

// The most frequent of them, by name.
std::string FeaturesInWords(const GoldenBook& book, const std::map<uint32_t, uint64_t>& features) {
  std::vector<std::pair<uint32_t, uint64_t>> ranked(features.begin(), features.end());
  std::stable_sort(ranked.begin(), ranked.end(),
                   [](const auto& a, const auto& b) { return a.second > b.second; });
  std::string words = ranked.size() == 1 ? "feature " : "features ";
  for (size_t i = 0; i < ranked.size() && i < kFeatures; ++i) {
    absl::StrAppend(&words, i == 0 ? "" : ", ", "`", book.rows().columns[ranked[i].first].name,
                    "`");
  }
  if (ranked.size() > kFeatures) {
    absl::StrAppend(&words, " and ", ranked.size() - kFeatures, " more");
  }
  return words;
}

void NameCause(const GoldenBook& book, const Tally& tally, absl::string_view environment,
               GoldenSummary* summary) {
  const auto most = [&](uint64_t rows) { return 2 * rows > tally.rows; };
  if (most(tally.rounded)) {
    summary->cause = "features_rounded_to_float32";
    summary->cause_in_words =
        absl::StrCat(FeaturesInWords(book, tally.rounded_features), " rounded to float32");
  } else if (most(tally.changed + tally.rounded)) {
    summary->cause = "features_differ";
    summary->cause_in_words =
        absl::StrCat(FeaturesInWords(book, tally.changed_features),
                     tally.changed_features.size() == 1 ? " is not what was recorded"
                                                        : " are not what was recorded");
  } else if (most(tally.predictions_rounded)) {
    summary->cause = "predictions_rounded_to_float32";
    summary->cause_in_words = "the predictions are those expected, rounded to float32";
  } else if (most(tally.no_number)) {
    summary->cause = "predictions_differ";
    summary->cause_in_words = "it is not there, or no number";
  } else if (!environment.empty()) {
    summary->cause = "environment_differs";
    summary->cause_in_words = absl::StrCat("not what the model was trained in: ", environment);
  } else {
    summary->cause = "predictions_differ";
    summary->cause_in_words = "no feature explains it";
  }
}

}  // namespace

std::string GoldenSummary::InWords() const {
  std::string words = absl::StrCat(CountText(different), " of ", CountText(seen()),
                                   different == 1 ? " golden rows is" : " golden rows are",
                                   " predicted otherwise than expected: `", prediction, "`");
  if (std::isfinite(largest_difference)) {
    absl::StrAppend(&words, " by up to ", absl::StrFormat("%.4g", largest_difference));
  }
  absl::StrAppend(&words, " (", different == 1 ? "row " : "rows ", examples, "); ", cause_in_words);
  return words;
}

GoldenSummary Summarize(const GoldenBook& book, const profile::GoldenResults& results,
                        absl::string_view environment) {
  GoldenSummary summary;
  summary.rows = book.rows().rows;
  Tally tally;
  double largest = -1;
  for (const GoldenHit& hit : results.latest()) {
    if (hit.outcome == GoldenOutcome::kExact) ++summary.exact;
    if (hit.outcome == GoldenOutcome::kWithin) ++summary.within;
    if (hit.outcome != GoldenOutcome::kDifferent) continue;
    ++summary.different;
    tally.Add(book, hit);
    if (tally.rows <= kExamples) {
      absl::StrAppend(&summary.examples, tally.rows == 1 ? "" : ", ", book.NameOf(hit.row));
    }
    if (hit.difference <= largest) continue;
    largest = hit.difference;
    summary.prediction = book.rows().columns[hit.prediction].name;
  }
  if (summary.different == 0) return summary;
  summary.largest_difference = largest;
  if (tally.rows > kExamples) absl::StrAppend(&summary.examples, ", ...");
  NameCause(book, tally, environment, &summary);
  return summary;
}

Finding CheckGoldenRows(const Policy& policy, const EvaluationInput& input) {
  Finding finding;
  finding.check = CheckId::kGoldenRows;
  finding.statistic = "golden_rows_different";
  const CheckSettings settings = policy.Settings(finding.check, "");
  finding.severity = settings.severity;
  finding.threshold = std::max(1.0, settings.threshold);
  const GoldenSummary& golden = *input.golden;
  finding.rows = golden.seen();
  if (golden.seen() == 0) {
    return Without(std::move(finding), Status::kNotApplicable,
                   absl::StrCat("none of ", CountText(golden.rows), " golden rows was replayed"));
  }
  finding.value = static_cast<double>(golden.different);
  finding.baseline = 0;
  finding.below_leave = true;
  if (*finding.value < *finding.threshold) {
    finding.reason =
        absl::StrCat(CountText(golden.exact), " golden rows exact, ", CountText(golden.within),
                     " within tolerance, of ", CountText(golden.rows));
    finding.resolution = "they were replayed since, and are within tolerance";
    return finding;
  }
  finding.status = Status::kFiring;
  finding.cause = golden.cause;
  finding.reason = golden.InWords();
  return finding;
}

}  // namespace plumbline::checks
