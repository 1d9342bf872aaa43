#ifndef PLUMBLINE_SERVER_PROFILE_BIN_SEARCH_H_
#define PLUMBLINE_SERVER_PROFILE_BIN_SEARCH_H_

#include <cstddef>
#include <cstdint>

#include "absl/types/span.h"
#include "server/profile/bin_grid.h"
#include "server/stats/simd.h"

namespace plumbline::profile {

// How many edges are at or below a value, which is its code: a grid says where to begin, and a few
// comparisons without branches end it.

/// The edges at or below x, of the 2^kSteps - 1 from `first` on.
template <int kSteps, class Edge>
[[gnu::always_inline]] inline uint32_t SearchFrom(uint32_t first, const Edge* edges, Edge x) {
  for (uint32_t half = uint32_t{1} << (kSteps - 1); half > 0; half /= 2) {
    // By a product: compilers make a branch of ?: here, which half of all values mispredict.
    first += static_cast<uint32_t>(edges[first + half - 1] <= x) * half;
  }
  return first;
}

/// Calls use(i, code of x[i]) for each. `edges` are grid.EdgesToRead() long.
template <int kSteps, class Edge, class Use>
[[gnu::always_inline]] inline void ForEachCodeInSteps(const BinGrid& grid, const Edge* edges,
                                                      absl::Span<const double> x,
                                                      stats::SimdLevel level, const Use& use) {
  constexpr size_t kBlock = 128;
  uint32_t cells[kBlock];
  const uint16_t* const first_edges = grid.first_edges().data();
  for (size_t begin = 0; begin < x.size(); begin += kBlock) {
    const absl::Span<const double> block = x.subspan(begin, kBlock);
    FindCells(grid.key(), block, cells, level);
    const auto one = [&](size_t i) {
      use(begin + i, SearchFrom<kSteps>(first_edges[cells[i]], edges, static_cast<Edge>(block[i])));
    };
    size_t i = 0;
    for (; i + 4 <= block.size(); i += 4) {
      one(i);
      one(i + 1);
      one(i + 2);
      one(i + 3);
    }
    for (; i < block.size(); ++i) one(i);
  }
}

template <class Edge, class Use>
void ForEachCode(const BinGrid& grid, const Edge* edges, absl::Span<const double> x,
                 stats::SimdLevel level, const Use& use) {
  switch (grid.steps()) {
    case 0:  // no bins: all are above
      for (size_t i = 0; i < x.size(); ++i) use(i, 1);
      return;
    case 1:
      return ForEachCodeInSteps<1>(grid, edges, x, level, use);
    case 2:
      return ForEachCodeInSteps<2>(grid, edges, x, level, use);
    case 3:
      return ForEachCodeInSteps<3>(grid, edges, x, level, use);
    case 4:
      return ForEachCodeInSteps<4>(grid, edges, x, level, use);
    case 5:
      return ForEachCodeInSteps<5>(grid, edges, x, level, use);
    case 6:
      return ForEachCodeInSteps<6>(grid, edges, x, level, use);
    case 7:
      return ForEachCodeInSteps<7>(grid, edges, x, level, use);
    case 8:
      return ForEachCodeInSteps<8>(grid, edges, x, level, use);
    default:  // fewer than 512 edges take no more
      return ForEachCodeInSteps<9>(grid, edges, x, level, use);
  }
}

}  // namespace plumbline::profile

#endif  // PLUMBLINE_SERVER_PROFILE_BIN_SEARCH_H_
