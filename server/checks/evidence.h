#ifndef PLUMBLINE_SERVER_CHECKS_EVIDENCE_H_
#define PLUMBLINE_SERVER_CHECKS_EVIDENCE_H_

#include <vector>

#include "server/profile/baseline.h"
#include "server/profile/pane.h"
#include "server/stats/optional_double.h"

namespace plumbline::checks {

/// How likely a closed block of one variable would be, did it come from the baseline's
/// distribution. The block was never looked at before, so asking again every second changes
/// nothing. Absent where the block has no values.
struct BlockEvidence {
  stats::OptionalDouble grouped_p_value;  // chi-square over the groups
  stats::OptionalDouble ordered_p_value;  // KS over the codes; numeric only
};

/// One a variable, in the baseline's order. Cost: O(codes) each. Pure.
std::vector<BlockEvidence> WeighBlock(const profile::Baseline& baseline,
                                      const profile::Pane& block);

}  // namespace plumbline::checks

#endif  // PLUMBLINE_SERVER_CHECKS_EVIDENCE_H_
