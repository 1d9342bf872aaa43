#ifndef PLUMBLINE_SERVER_PROFILE_BIN_GRID_H_
#define PLUMBLINE_SERVER_PROFILE_BIN_GRID_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/types/span.h"
#include "server/profile/grid_key.h"

namespace plumbline::profile {

/// Edges that a look-up compares with a value side by side, once halvings have left so many.
inline constexpr uint32_t kEdgesAtOnce = 4;
/// So few edges are compared with four values at a time.
inline constexpr uint32_t kFewEdges = 2;

/// The most edges that so many halvings bring down to kEdgesAtOnce.
constexpr size_t Reach(int halvings) { return ((size_t{kEdgesAtOnce} + 1) << halvings) - 1; }

/// Where to look for a value among the edges of bins: for each cell of a grid the first of the
/// edges that can decide about a value in it (found by FindCells for edges in float64, and by
/// FindFloatCells for those in float32), of which there are window() at the most. Never wrong,
/// whatever the edges: a grid that suits them badly only has a larger window. About 1 KB, or less
/// for few edges. Immutable; any thread.
class BinGrid {
 public:
  /// No edges: no cells.
  BinGrid() = default;

  /// Tries grids for the smallest window. `narrow` are the same edges in float32, as many; both
  /// ascend, and the grid serves both. Cost: 1 to 50 us.
  BinGrid(absl::Span<const double> edges, absl::Span<const float> narrow);

  bool empty() const { return first_edges_.empty() && many_first_edges_.empty(); }
  const GridKey& key() const { return key_; }
  /// kFewEdges, or Reach() of some halvings.
  size_t window() const { return window_; }
  /// Calls use(first_edges), by cell: all edges before first_edges[cell] are at or below every
  /// value of the cell, and all edges from window() further on are above. A list of uint8_t, or of
  /// uint16_t for many edges.
  template <class Use>
  void UseFirstEdges(const Use& use) const {
    if (many_first_edges_.empty()) {
      use(first_edges_.data());
    } else {
      use(many_first_edges_.data());
    }
  }

  /// Edges that a look-up may read: as many as there are, or more, the further ones NaN.
  size_t EdgesToRead(size_t edges) const;

 private:
  GridKey key_;
  size_t window_ = kFewEdges;
  std::vector<uint8_t> first_edges_;  // if they fit, else
  std::vector<uint16_t> many_first_edges_;
};

}  // namespace plumbline::profile

#endif  // PLUMBLINE_SERVER_PROFILE_BIN_GRID_H_
