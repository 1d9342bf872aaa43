#ifndef PLUMBLINE_SERVER_CHECKS_REST_H_
#define PLUMBLINE_SERVER_CHECKS_REST_H_

#include <cstdint>

#include "server/profile/baseline.h"
#include "server/profile/counts.h"

namespace plumbline::checks {

/// Counts by code of `all` rows without some of them; no moments, which cannot be taken apart.
profile::VariableCounts Rest(const profile::VariableCounts& all,
                             const profile::VariableCounts& part);

/// True if `all` rows without `part` are nearer to training than all are: their psi is below
/// `factor` of it; or if hardly anything else is there (fewer values than `min_rows`). Cost:
/// O(codes).
bool NearerWithout(const profile::VariableBaseline& trained, const profile::VariableCounts& all,
                   const profile::VariableCounts& part, uint64_t min_rows, double factor);

}  // namespace plumbline::checks

#endif  // PLUMBLINE_SERVER_CHECKS_REST_H_
