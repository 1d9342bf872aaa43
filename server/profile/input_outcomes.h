#ifndef PLUMBLINE_SERVER_PROFILE_INPUT_OUTCOMES_H_
#define PLUMBLINE_SERVER_PROFILE_INPUT_OUTCOMES_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/strings/string_view.h"
#include "server/profile/baseline.h"
#include "server/profile/code_counts.h"
#include "server/profile/counts.h"
#include "server/profile/prediction_faults.h"
#include "server/stats/moments.h"

namespace plumbline::profile {

/// Of so many predictions, the first of a baseline, it is kept how they are in rows that lack an
/// input.
inline constexpr size_t kMostWatchedPredictions = 4;
/// Groups of a prediction's values beyond so many (the rarest categories) are one.
inline constexpr size_t kMostOutcomeGroups = 32;

/// Which predictions: indices of variables. Cost: O(variables).
std::vector<uint32_t> WatchedPredictions(const Baseline& baseline);
/// Groups of a prediction's values: those of VariableBaseline::grouping, bounded. 0: it has none.
size_t OutcomeGroups(const VariableBaseline& prediction);
/// The group of a code.
uint32_t OutcomeGroupOf(const VariableBaseline& prediction, uint32_t code);
/// What lies in the group, in words: a category, `(other)`, a number, or `0.1 to 0.2`.
std::string OutcomeGroupLabel(const VariableBaseline& prediction, uint32_t group);

/// The values of one prediction in some rows. Null, NaN, infinite and absent ones, and those of a
/// wrong type, are left out. A value; adding is exact.
struct Outcomes {
  CodeCounts groups;       // rows by OutcomeGroupOf
  stats::Moments moments;  // of numbers

  Outcomes() = default;
  /// Of no rows.
  explicit Outcomes(const VariableBaseline& prediction)
      : groups(OutcomeGroups(prediction)), moments(prediction.counts.moments.shift()) {}
  /// Of all rows that were counted.
  Outcomes(const VariableBaseline& prediction, const VariableCounts& counts);

  uint64_t rows() const { return groups.Total(); }
  void Merge(const Outcomes& other);
  /// These without `part`, some of them. The moments are those of no values where they cannot be
  /// taken apart (sums that overflowed); minimum and maximum stay those of the whole.
  Outcomes Without(const Outcomes& part) const;
};

/// Rows in which an input is in one state.
struct StateOutcomes {
  uint64_t rows = 0;                  // with a prediction or without
  std::vector<Outcomes> predictions;  // by WatchedPredictions

  void Merge(const StateOutcomes& other);
};

/// The predictions of rows in which something is wrong with an input, for each input and state that
/// occurred. Takes no memory where nothing is wrong. A value; adding is exact.
struct InputOutcomes {
  using Key = std::pair<uint32_t, InputState>;  // variable, state
  absl::btree_map<Key, StateOutcomes> states;

  bool empty() const { return states.empty(); }
  void Merge(const InputOutcomes& other);
};

/// The values of a prediction in those rows of the baseline's sample in which a variable is this
/// category. Cost: O(rows of the sample).
Outcomes OutcomesOfSample(const Baseline& baseline, size_t prediction, size_t variable,
                          absl::string_view category);

/// Rows in which a variable is in this state.
uint64_t RowsInState(InputState state, const VariableCounts& counts, bool numeric);

}  // namespace plumbline::profile

#endif  // PLUMBLINE_SERVER_PROFILE_INPUT_OUTCOMES_H_
