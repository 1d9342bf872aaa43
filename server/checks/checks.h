#ifndef PLUMBLINE_SERVER_CHECKS_CHECKS_H_
#define PLUMBLINE_SERVER_CHECKS_CHECKS_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/strings/string_view.h"
#include "server/checks/change_watch.h"
#include "server/checks/evaluate.h"
#include "server/checks/finding.h"
#include "server/checks/policy.h"
#include "server/profile/arrival_clocks.h"
#include "server/profile/baseline.h"
#include "server/profile/counts.h"
#include "server/profile/prediction_faults.h"
#include "server/profile/statistics.h"

// One function a check, each in a file of its name. Pure; O(codes) each. Drift has evidence from
// closed blocks (change_watch); `p_value` is that of other checks, whose level is shared out over
// all that is asked at once: ImmediateLevel.
namespace plumbline::checks {

/// One variable in the window. Everything outlives the call.
struct VariableInput {
  const profile::VariableBaseline& baseline;
  const profile::VariableCounts& window;
  bool has_block = false;                         // one has closed
  const VariableEvidence* evidence = nullptr;     // of change, if there is enough
  const profile::VariableStatistics& statistics;  // of the window
  const Policy& policy;
  size_t variables = 1;  // that are asked at once, of each set of rows
  /// Words and p-values are wanted only of what fires: nobody reads the others.
  bool brief = false;
  /// With a season: what drift is held against in the place of `baseline`, as are `statistics`.
  const profile::VariableBaseline* in_season = nullptr;

  const profile::VariableBaseline& trained() const {
    return in_season != nullptr ? *in_season : baseline;
  }
};

/// Rows that are judged together: all of the model's, or those of one source. Everything outlives
/// the call.
struct RowsInput {
  const profile::Baseline& baseline;
  const Policy& policy;
  const profile::Pane& window;
  const std::vector<VariableEvidence>* changes = nullptr;
  const std::vector<profile::VariableStatistics>& statistics;  // of the window
  size_t sets = 1;  // such sets of rows that are asked at once
  bool brief = false;
  const profile::Baseline* in_season = nullptr;  // see EvaluationInput
  /// Only what fires, or has an alert here, is wanted; of that source or slice. nullptr: all.
  const AlertBook* alerts = nullptr;
  absl::string_view source = {}, slice = {};
};
/// Every check that looks at rows alone.
void EvaluateRows(const RowsInput& input, absl::FunctionRef<void(Finding)> use);

/// The same of the rows of one source or slice, in the name of which the findings are: `of` is
/// Finding::source or Finding::slice. What fires and is not told of it is OK, and calm. `alerts`:
/// as EvaluateForAlerts; nullptr: all findings.
std::vector<Finding> EvaluateSome(const RowsInput& input, std::string Finding::*of,
                                  absl::string_view name,
                                  absl::FunctionRef<bool(const Finding&)> is_told,
                                  const AlertBook* alerts);

/// The value of the statistic that decides a variable's drift; absent where there is none.
std::optional<double> DriftValue(const Policy& policy, const profile::VariableBaseline& baseline,
                                 const profile::VariableStatistics& statistics);

/// Questions that are asked of one variable at every look, at most: null_rate, nan_rate, inf_rate,
/// out_of_range, became_constant and precision of a number; null_rate, unseen_category,
/// vanished_category and became_constant of a category.
inline constexpr double kImmediateQuestions = 6;
/// False if the check of a variable cannot fire, as few looks at its counts tell: a finding would
/// be made for nothing. Of all checks that EvaluateRows asks of every variable.
bool MayFire(CheckId check, const VariableInput& input);
/// The level of each: see Policy.
double ImmediateLevel(const VariableInput& input);

/// A finding with its names, severity and rows filled in; OK and calm so far.
Finding StartFinding(CheckId check, const VariableInput& input);
/// As above; critical for a prediction, unless the policy sets the variable's severity.
Finding StartPredictionFinding(CheckId check, const VariableInput& input);
/// True if somebody reads the finding's words.
bool IsRead(const Finding& finding, const VariableInput& input);
/// The finding with INSUFFICIENT_DATA or NOT_APPLICABLE, and why.
Finding Without(Finding finding, Status status, absl::string_view reason);
/// The finding with INSUFFICIENT_DATA, as there are too few rows.
Finding WithTooFew(Finding finding, uint64_t rows, const VariableInput& input);
/// `0.1%`, and `12,000`.
std::string PercentText(double share);
std::string CountText(uint64_t count);
/// What comes behind `at most 2% expected` where runs of training's rows say so.
absl::string_view ExpectedBy(const RateCounts& counts);

/// Effect: odds ratio at least the threshold (a fall too if `both_ways`) and a change of at least
/// Policy::min_rate_change, in the window; or, where that is not so, since the change began of
/// which closed blocks give evidence. Evidence: Fisher's test at ImmediateLevel, its p to the power
/// 1 / DesignEffectOfRate, or that. `what` is the word of the
/// reason, such as `null`. Finding::threshold is the rate at which the effect would be reached.
/// Rates are over all rows, as in VariableStatistics; evidence, and that change, are of those that
/// can have it.
Finding CompareRates(Finding finding, const CheckSettings& settings, const VariableInput& input,
                     const RateCounts& counts, bool both_ways, absl::string_view what);

/// Effect: IsLargeDrift in the window, or in the look back, whichever is larger. Evidence: of
/// closed blocks. A large one without it is INSUFFICIENT_DATA and Finding::unproven.
Finding CheckDrift(const VariableInput& input);
/// How finely numbers are written: rounded to float32, decimals cut, integers that became
/// fractions. Of numeric variables.
Finding CheckPrecision(const VariableInput& input);
/// kNullRate, kNanRate, kInfRate, kOutOfRange (the last three: numeric variables). A NaN or an
/// infinity in a prediction that training had none of fires from the first row on.
Finding CheckRate(CheckId check, const VariableInput& input);
/// Against what training lets expect, see CountsOfRate.
Finding CheckUnseenCategory(const VariableInput& input);
/// A category of at least `threshold` of training without a row in the window, where chance, and
/// the gaps that training has itself, do not explain it.
Finding CheckVanishedCategory(const VariableInput& input);
/// A numeric prediction outside [0, 1] where training had probabilities, or a class that training
/// never had: in `outside` rows. Fires from the first row on.
Finding CheckPredictionDomain(const VariableInput& input, uint64_t outside);
/// The probabilities of a group do not sum to 1. Fires from the first row on; named after the first
/// of them.
Finding CheckProbabilitySum(const profile::Baseline& baseline, const Policy& policy,
                            const profile::Pane& window, size_t group, bool brief);
/// Adds to a finding on wrong predictions what is wrong with the inputs of the rows with that
/// fault, more often than with those of all rows (or of training, if hardly any are right); the
/// largest lift first, at most 3.
void NameCauses(const profile::Baseline& baseline, const profile::Pane& window,
                const profile::FaultyRows& fault, Finding* finding);
/// Rows without the column. Not for labels.
Finding CheckAbsentVariable(const VariableInput& input);
Finding CheckWrongType(const VariableInput& input);
/// It varied in training, and all live values are one.
Finding CheckBecameConstant(const VariableInput& input);
/// It was constant in training, and varies.
Finding CheckCameAlive(const VariableInput& input);

/// Neither the variable nor one of its frequent categories has been silent for longer than training
/// makes likely: the longest gap between its arrivals there, in rows and where there are times in
/// event time, extended by an exponential tail to the policy's level for rates. Names the least
/// likely. A variable that comes in more than a hundredth of the rows is told as info at most, for
/// null_rate and absent_variable look after it too; vanished_category, which asks the window alone,
/// leaves categories to this one.
Finding CheckSilence(const VariableInput& input, const profile::ArrivalClocks& clocks,
                     size_t index);
/// As MayFire, of silence.
bool MayBeSilent(const VariableInput& input, const profile::ArrivalClocks& clocks, size_t index);

/// One finding for each variable that the baseline does not know; none if there is none.
std::vector<Finding> CheckUnknownVariables(const Policy& policy, const profile::Pane& window);
/// The model's last batch is older than Policy::no_data_after.
Finding CheckNoData(const Policy& policy, const EvaluationInput& input);
/// Batches that are missing for longer than Policy::hole_grace.
Finding CheckRowsLost(const Policy& policy, const EvaluationInput& input);
/// Declared loads that have more rows than declared, others, or for longer than Policy::hole_grace
/// fewer.
Finding CheckLoadMismatch(const Policy& policy, const EvaluationInput& input);
/// Adds to the reason of a drift finding that more than Policy::max_missing_share of the window's
/// rows are missing.
void NoteMissingRows(const Policy& policy, const EvaluationInput& input, Finding* finding);
/// Producers that fell silent, or began anew, without saying which batch was their last.
Finding CheckTailUnknown(const Policy& policy, const EvaluationInput& input);

/// For each source whose producers have declared what they run in: whether it is what the training
/// job ran in. None without an environment of the baseline. Finding::value is the weight of the
/// largest difference (1 info, 2 warning, 3 critical), which is also the finding's severity, up to
/// that of the policy.
std::vector<Finding> CheckEnvironments(const profile::Baseline& baseline, const Policy& policy,
                                       const EvaluationInput& input);
/// Golden rows that were replayed among live ones, and their predictions. Fires from the first row
/// that differs on. `input` has golden rows.
Finding CheckGoldenRows(const Policy& policy, const EvaluationInput& input);

}  // namespace plumbline::checks

#endif  // PLUMBLINE_SERVER_CHECKS_CHECKS_H_
