#ifndef PLUMBLINE_SERVER_PROFILE_WIDEN_H_
#define PLUMBLINE_SERVER_PROFILE_WIDEN_H_

#include <cstdint>

#include "absl/types/span.h"
#include "server/stats/simd.h"

namespace plumbline::profile {

/// The double nearest to each of `x`, of two as near the even one, into `out`. The same at every
/// level.
void Widen(absl::Span<const int64_t> x, double* out, stats::SimdLevel level);

}  // namespace plumbline::profile

#endif  // PLUMBLINE_SERVER_PROFILE_WIDEN_H_
