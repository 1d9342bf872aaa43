#ifndef PLUMBLINE_SERVER_CHECKS_IMPACT_H_
#define PLUMBLINE_SERVER_CHECKS_IMPACT_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "absl/strings/string_view.h"
#include "server/checks/finding.h"
#include "server/checks/policy.h"
#include "server/profile/baseline.h"
#include "server/profile/input_outcomes.h"
#include "server/profile/pane.h"

// How predictions differ between rows that lack an input, or have a wrong value of it, and rows
// with a value. Association, not cause: such rows may differ in other ways as well. Pure.
namespace plumbline::checks {

/// Differences that are worth telling: of means, in standard deviations; of the values' shares, the
/// part of the rows that moved.
inline constexpr double kLeastMeanImpact = 0.2;
inline constexpr double kLeastMovedImpact = 0.1;

struct StateWords {
  absl::string_view words;  // `null`
  absl::string_view cause;  // `input_null`
};
StateWords WordsOf(profile::InputState state);

/// Everything but the names, the rows in the state and the sentence. Evidence: of classes the
/// chi-square test of homogeneity over their groups, of other numbers that and the rank sum test
/// (twice the smaller p-value), at the policy's drift_significance shared out over `comparisons`.
/// Effect: the constants above. Intervals: Welch's for means; Agresti and Caffo's (2000, Am. Stat.
/// 54:280) for shares. Needs min_rows_rate predictions on either side. Cost: O(codes).
Impact CompareOutcomes(const Policy& policy, const profile::VariableBaseline& prediction,
                       const profile::Outcomes& without, const profile::Outcomes& with,
                       size_t comparisons);

/// Looks at one window. Rows with a value are those of the window in which nothing is wrong with
/// the input; if they are too few, training's. Everything outlives it; not thread-safe.
class ImpactFinder {
 public:
  ImpactFinder(const profile::Baseline& baseline, const Policy& policy, const profile::Pane& window)
      : baseline_(baseline), policy_(policy), window_(window) {}

  /// Every state of every feature that occurs (`only`: of this one), with every watched prediction;
  /// those that differ first, by tvd. Cost: O(states * groups).
  std::vector<Impact> Find(std::optional<size_t> only);
  /// Adds to a firing finding on a feature's rows (nulls, NaN, infinities, out of range, unseen,
  /// wrong type, absent, or no value for long) the impacts of what it is about, and to its reason
  /// the one that differs most, if one does.
  void Name(size_t variable, Finding* finding);

 private:
  // Once, when something is asked.
  void Prepare();
  void Compare(uint32_t variable, absl::string_view words, const profile::StateOutcomes& state,
               std::vector<Impact>* impacts) const;

  const profile::Baseline& baseline_;
  const Policy& policy_;
  const profile::Pane& window_;
  bool prepared_ = false;
  std::vector<uint32_t> predictions_;   // that are watched
  std::vector<profile::Outcomes> all_;  // of the window, of each of them
};

/// A category that is silent: live rows `since`, by WatchedPredictions, against the rows of
/// training with it, of the row sample that `baseline` has. Cost: O(rows of the sample).
std::vector<Impact> ImpactsOfSilence(const profile::Baseline& baseline, const Policy& policy,
                                     size_t variable, size_t category, uint64_t rows_since,
                                     const std::vector<profile::Outcomes>& since);

/// Those that differ first, by tvd.
void SortImpacts(std::vector<Impact>* impacts);

}  // namespace plumbline::checks

#endif  // PLUMBLINE_SERVER_CHECKS_IMPACT_H_
