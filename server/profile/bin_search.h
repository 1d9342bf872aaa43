#ifndef PLUMBLINE_SERVER_PROFILE_BIN_SEARCH_H_
#define PLUMBLINE_SERVER_PROFILE_BIN_SEARCH_H_

#include <cstdint>

#include "absl/types/span.h"
#include "server/profile/bin_grid.h"
#include "server/stats/simd.h"

namespace plumbline::profile {

/// The code of each of `x` into `codes`: how many edges are at or below it; 1 if there are none at
/// all. `edges` are grid.EdgesToRead() long. The same at every level.
void FindCodes(const BinGrid& grid, const double* edges, absl::Span<const double> x,
               uint32_t* codes, stats::SimdLevel level);

/// The same for values that are floats, in doubles or as they are, compared as floats.
void FindCodes(const BinGrid& grid, const float* edges, absl::Span<const double> x, uint32_t* codes,
               stats::SimdLevel level);
void FindCodes(const BinGrid& grid, const float* edges, absl::Span<const float> x, uint32_t* codes,
               stats::SimdLevel level);

}  // namespace plumbline::profile

#endif  // PLUMBLINE_SERVER_PROFILE_BIN_SEARCH_H_
