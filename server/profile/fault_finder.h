#ifndef PLUMBLINE_SERVER_PROFILE_FAULT_FINDER_H_
#define PLUMBLINE_SERVER_PROFILE_FAULT_FINDER_H_

#include <cstddef>
#include <cstdint>

#include "absl/types/span.h"
#include "server/profile/baseline.h"
#include "server/profile/counts.h"
#include "server/profile/prediction_faults.h"
#include "server/profile/prepared_column.h"

namespace plumbline::profile {

/// A prediction's rows that may have a fault, by its counts: more of them after a slice is counted
/// than before means that FindFaults is to look. Cost: O(1), of classes O(codes).
uint64_t Suspicious(const VariableBaseline& variable, const VariableCounts& counts);

/// Which of the baseline's predictions a variable is, from 0: what a FaultKey has. Cost:
/// O(variables).
uint32_t NumberOfPrediction(const Baseline& baseline, size_t variable);

/// Looks at rows [begin, end) one by one and adds what is wrong with them. `columns` are by
/// variable, `predictions` the variables to look at. Of each fault the inputs of at most 64 rows
/// are looked at, evenly spread. Cost: O(rows of the predictions), so it is called where something
/// is wrong, or the baseline has probability groups.
void FindFaults(const Baseline& baseline, absl::Span<const PreparedColumn> columns,
                absl::Span<const uint32_t> predictions, uint32_t begin, uint32_t end,
                PredictionFaults* faults);

}  // namespace plumbline::profile

#endif  // PLUMBLINE_SERVER_PROFILE_FAULT_FINDER_H_
