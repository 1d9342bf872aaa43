#ifndef PLUMBLINE_SERVER_PROFILE_OUTCOME_CODEC_H_
#define PLUMBLINE_SERVER_PROFILE_OUTCOME_CODEC_H_

#include <cstdint>

#include "absl/status/status.h"
#include "server/profile/baseline.h"
#include "server/profile/byte_io.h"
#include "server/profile/input_outcomes.h"

namespace plumbline::profile {

/// Outcomes of at least one state: behind the number of states, of each (variable * kInputStates +
/// state) less the one before, rows, and of each watched prediction the groups (see count_codec.h),
/// and the moments of numbers. The groups are those of MakeGrouping, which is thus a part of the
/// format: who changes it makes a new version of EncodePane's bytes.
void WriteOutcomes(const InputOutcomes& outcomes, ByteWriter* out);

/// Those of a pane of `rows`. Errors: DataLoss. Hostile bytes are safe: memory is bounded by their
/// length and the baseline.
absl::Status ReadOutcomes(const Baseline& baseline, uint64_t rows, ByteReader* in,
                          InputOutcomes* outcomes);

}  // namespace plumbline::profile

#endif  // PLUMBLINE_SERVER_PROFILE_OUTCOME_CODEC_H_
