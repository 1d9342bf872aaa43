#ifndef PLUMBLINE_SERVER_CHECKS_FINDING_H_
#define PLUMBLINE_SERVER_CHECKS_FINDING_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "server/checks/policy.h"
#include "server/profile/similarity.h"
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

/// A feature that says much about an absent variable: what could stand in for it.
struct Substitute {
  std::string variable;
  profile::Similarity similarity;
};

/// Whether predictions differ. Values are those of the wire.
enum class ImpactVerdict {
  kInsufficientData = 1,  // too few predictions on a side
  kNotShown = 2,          // chance would explain it
  kSmall = 3,             // chance would not, but it is little
  kDifferent = 4
};
/// `INSUFFICIENT_DATA`, `NOT_SHOWN`, `SMALL`, `DIFFERENT`.
absl::string_view ImpactVerdictName(ImpactVerdict verdict);

/// How one prediction differs between rows in which an input is missing or wrong (here: without)
/// and rows with a value of it. Association, not cause. What could not be computed is absent.
struct Impact {
  std::string variable;  // the input
  std::string state;     // in words, such as `null`; `silent`
  std::string category;  // that is silent, if it is one
  std::string prediction;
  uint64_t rows = 0;     // in that state
  uint64_t without = 0;  // of these, rows with a prediction
  uint64_t with = 0;     // rows with a value of the input, and a prediction
  /// The window has too few rows with a value: `with` are training's.
  bool against_training = false;
  std::optional<double> mean_without, mean_with;  // of a number that is no class
  /// The class, or the interval of values, whose share differs most.
  std::string group;
  std::optional<double> share_without, share_with;
  /// Of the means, or else of that class's shares: without less with, and its 95% interval.
  std::optional<double> difference, lower, upper;
  /// The difference of the means over the standard deviation of both sides (Cohen's d); of classes
  /// the total variation distance, which unlike Cramer's V does not shrink where a state is rare.
  std::optional<double> effect;
  std::optional<double> tvd;  // of the groups of values, in [0, 1]
  std::optional<double> p_value;
  ImpactVerdict verdict = ImpactVerdict::kInsufficientData;
  std::string reason;  // one sentence
};

/// Who sent what a finding is about, as far as it is known: a few of them.
struct Senders {
  static constexpr size_t kMost = 8;

  std::vector<std::string> producers;
  std::vector<std::string> sources;  // that these declared
};

/// What one check says of one variable (empty: of the model). A number that could not be computed
/// is absent, never 0.
struct Finding {
  CheckId check = CheckId::kDrift;
  std::string variable;
  std::string source;
  std::string slice = {};  // `variable=category`, of rows that are judged by themselves
  std::string statistic;
  std::optional<double> value, threshold, baseline, p_value;
  Status status = Status::kOk;
  Severity severity = Severity::kInfo;
  uint64_t rows = 0;
  std::string reason;  // one sentence; may name a category
  std::string cause;   // from a closed list; never a value of the data
  // Disjoint closed blocks that it has lasted for, as far as its evidence tells. Not stored.
  uint64_t blocks = 0;
  bool below_leave = false;  // the effect is below the leave threshold: an alert may resolve
  // INSUFFICIENT_DATA, not for want of rows: the effect is there, and chance may give as much. Ends
  // an alert as OK does.
  bool unproven = false;
  // What an alert that resolves says of its end, where that is not plain.
  std::string resolution = {};
  // Of wrong predictions: the likely causes, that of the largest lift first. Not stored.
  std::vector<CoOccurrence> causes = {};
  // Of an absent variable: the column that may be it under a new name. Not stored.
  std::optional<profile::RenameGuess> rename = {};
  // Of an absent variable: what says most about it; only in reports. Not stored.
  std::vector<Substitute> similar = {};
  // Of an input: how predictions are in the rows that it is about; of a silent category, only in
  // reports. Not stored.
  std::vector<Impact> impacts = {};
  // Of what did not come and of environments: whose. Not stored.
  Senders senders = {};
  // Of a silence: the code of the category that is silent, if it is one. Not stored.
  std::optional<size_t> silent_category = {};
};

}  // namespace plumbline::checks

#endif  // PLUMBLINE_SERVER_CHECKS_FINDING_H_
