#ifndef PLUMBLINE_SERVER_CHECKS_GOLDEN_ROWS_H_
#define PLUMBLINE_SERVER_CHECKS_GOLDEN_ROWS_H_

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "server/profile/golden_rows.h"

namespace plumbline::checks {

/// What became of golden rows that were replayed, each judged by its latest result.
struct GoldenSummary {
  uint64_t rows = 0;  // golden rows
  uint64_t exact = 0, within = 0, different = 0;
  std::string prediction;  // of those that differ: where it is most
  double largest_difference = 0;
  std::string examples;  // of rows that differ, in words
  /// Of those that differ, from a closed list: features_rounded_to_float32, features_differ,
  /// predictions_rounded_to_float32, environment_differs, predictions_differ. Empty: none differs.
  std::string cause;
  std::string cause_in_words;

  uint64_t seen() const { return exact + within + different; }
  /// What differs, where, and what most likely lies behind it.
  std::string InWords() const;
};

/// The likely cause is what most of the rows that differ have in common: features that were
/// rounded, or are others; else predictions that were rounded; else, where `environment` (what
/// differs there, in words) is not empty, that. Pure.
GoldenSummary Summarize(const profile::GoldenBook& book, const profile::GoldenResults& results,
                        absl::string_view environment);

}  // namespace plumbline::checks

#endif  // PLUMBLINE_SERVER_CHECKS_GOLDEN_ROWS_H_
