#ifndef PLUMBLINE_SERVER_PROFILE_GRID_KEY_H_
#define PLUMBLINE_SERVER_PROFILE_GRID_KEY_H_

#include <cstddef>
#include <cstdint>

#include "absl/types/span.h"
#include "server/stats/simd.h"

namespace plumbline::profile {

/// Maps a number to a cell of a grid that is linear around `centre` and logarithmic far from it, so
/// that it suits narrow and heavy-tailed data alike: with y = 1 + |x - centre| * inverse_scale, the
/// upper 32 bits of y (20 of them a fraction: straight between two powers of two) signed as x -
/// centre, less `lowest`, shifted down, and clamped. Never falls as x grows, in each instruction
/// set the same; -0.0 is 0.0, infinities are at the ends. NaN has no meaning.
struct GridKey {
  double centre = 0;
  double inverse_scale = 0;  // finite, > 0
  int32_t lowest = 0;
  int32_t shift = 0;
  uint32_t last_cell = 0;
  bool suits_float32 = false;  // float32 arithmetic places what lies on the grid about the same
};

/// A key for numbers from `first` to `last`, of at most `max_cells` cells.
GridKey MakeGridKey(double centre, double inverse_scale, double first, double last,
                    size_t max_cells);

/// The cell of each of `x`, into `cells`.
void FindCells(const GridKey& key, absl::Span<const double> x, uint32_t* cells,
               stats::SimdLevel level);

/// The same of numbers that float32 holds, in doubles or as they are, by float32 arithmetic if the
/// key suits that: they may be other cells than FindCells finds, but never fall as x grows.
void FindFloatCells(const GridKey& key, absl::Span<const double> x, uint32_t* cells,
                    stats::SimdLevel level);
void FindFloatCells(const GridKey& key, absl::Span<const float> x, uint32_t* cells,
                    stats::SimdLevel level);

}  // namespace plumbline::profile

#endif  // PLUMBLINE_SERVER_PROFILE_GRID_KEY_H_
