#ifndef PLUMBLINE_SERVER_CHECKS_FINDING_H_
#define PLUMBLINE_SERVER_CHECKS_FINDING_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "server/checks/policy.h"
#include "server/profile/unknown_columns.h"

namespace plumbline::checks {

enum class Status { kOk = 1, kFiring = 2, kInsufficientData = 3, kNotApplicable = 4 };

/// `OK`, `FIRING`, `INSUFFICIENT_DATA`, `NOT_APPLICABLE`.
absl::string_view StatusName(Status status);
/// `info`, `warning`, `critical`.
absl::string_view SeverityName(Severity severity);

/// What was wrong with an input in the rows in which a prediction is wrong.
struct CoOccurrence {
  std::string variable;
  std::string state;     // in words, such as `null`
  std::string cause;     // the same, of the closed list of Finding::cause
  double share = 0;      // of the rows with such predictions
  double reference = 0;  // of all rows of the window, or of training
  double lift = 0;       // share over reference
  /// Hardly a row of the window is without such a prediction: `reference` is training's.
  bool against_training = false;
};

/// What one check says of one variable (empty: of the model). A number that could not be computed
/// is absent, never 0.
struct Finding {
  CheckId check = CheckId::kDrift;
  std::string variable;
  std::string source;
  std::string statistic;
  std::optional<double> value, threshold, baseline, p_value;
  Status status = Status::kOk;
  Severity severity = Severity::kInfo;
  uint64_t rows = 0;
  std::string reason;        // one sentence; may name a category
  std::string cause;         // from a closed list; never a value of the data
  bool below_leave = false;  // the effect is below the leave threshold: an alert may resolve
  // What an alert that resolves says of its end, where that is not plain.
  std::string resolution = {};
  // Of wrong predictions: the likely causes, that of the largest lift first. Not stored.
  std::vector<CoOccurrence> causes = {};
  // Of an absent variable: the column that may be it under a new name. Not stored.
  std::optional<profile::RenameGuess> rename = {};
};

}  // namespace plumbline::checks

#endif  // PLUMBLINE_SERVER_CHECKS_FINDING_H_
