#ifndef PLUMBLINE_SERVER_PROFILE_OUTCOME_COUNTER_H_
#define PLUMBLINE_SERVER_PROFILE_OUTCOME_COUNTER_H_

#include <cstdint>

#include "absl/types/span.h"
#include "server/profile/baseline.h"
#include "server/profile/input_outcomes.h"
#include "server/profile/prepared_column.h"

namespace plumbline::profile {

/// A feature in some rows of which something is wrong.
struct FaultyInput {
  uint32_t variable = 0;
  bool nulls = false;   // there are some
  bool values = false;  // there are some that are NaN, infinite, out of range or never seen
};

/// Adds the predictions of the rows in [begin, end) in which one of `inputs` is in a state that is
/// wrong: of all such rows. `columns` are by variable. Cost: O(rows with a fault * predictions),
/// for each of `inputs` that is absent or has such values O(rows); so it is called where something
/// is wrong.
void CountOutcomes(const Baseline& baseline, absl::Span<const PreparedColumn> columns,
                   absl::Span<const FaultyInput> inputs, uint32_t begin, uint32_t end,
                   InputOutcomes* outcomes);

}  // namespace plumbline::profile

#endif  // PLUMBLINE_SERVER_PROFILE_OUTCOME_COUNTER_H_
