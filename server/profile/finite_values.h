#ifndef PLUMBLINE_SERVER_PROFILE_FINITE_VALUES_H_
#define PLUMBLINE_SERVER_PROFILE_FINITE_VALUES_H_

#include <cstddef>
#include <cstdint>

#include "absl/types/span.h"
#include "server/stats/simd.h"

namespace plumbline::profile {

/// What KeepFinite found.
struct FiniteValues {
  size_t kept = 0;
  uint64_t nulls = 0;
  uint64_t nans = 0;
  uint64_t positive_infinities = 0;
  uint64_t negative_infinities = 0;
};

/// Copies the finite values of valid rows to `out`, in their order, and counts the others. The
/// validity of values[i] is bit first_row + i of `bitmap`, an Arrow bitmap or empty. `out` has room
/// for as many as there are, and may be where they are.
FiniteValues KeepFinite(absl::Span<const double> values, absl::Span<const uint8_t> bitmap,
                        size_t first_row, double* out, stats::SimdLevel level);

}  // namespace plumbline::profile

#endif  // PLUMBLINE_SERVER_PROFILE_FINITE_VALUES_H_
