#include "server/profile/bin_grid.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <iterator>
#include <limits>
#include <utility>

namespace plumbline::profile {
namespace {

constexpr size_t kMaxCells = 1024;
constexpr size_t kMaxEdges = 512;
constexpr double kLargestDouble = std::numeric_limits<double>::max();

size_t NextWindow(size_t window) { return window < kEdgesAtOnce ? kEdgesAtOnce : 2 * window + 1; }

// The smallest that the edges of the fullest cell fit into, or one that is not below `limit`.
size_t WindowFor(absl::Span<const uint32_t> ascending_cells, size_t limit) {
  const size_t n = ascending_cells.size();
  size_t window = kFewEdges;
  for (; window < limit; window = NextWindow(window)) {
    uint32_t crowded = 0;  // no early exit: so the loop is vectorised
    for (size_t i = 0; i + window < n; ++i) {
      crowded |= ascending_cells[i] == ascending_cells[i + window] ? 1 : 0;
    }
    if (crowded == 0) break;
  }
  return window;
}

// Where the edges are densest: the middle of the narrowest run of them.
double Densest(absl::Span<const double> edges) {
  const size_t run = std::max<size_t>(edges.size() / 16, 1);
  double best = edges[edges.size() / 2];
  double width = kLargestDouble;
  for (size_t i = 0; i + run < edges.size(); ++i) {
    const double here = edges[i + run] - edges[i];
    if (here >= width) continue;
    width = here;
    best = edges[i] / 2 + edges[i + run] / 2;
  }
  return best;
}

// Remembers the best of the grids tried.
class Chooser {
 public:
  Chooser(absl::Span<const double> edges, size_t max_cells)
      : edges_(edges), max_cells_(max_cells) {}

  // Returns whether the window is as small as it can be.
  bool Try(double centre, double scale) {
    const double inverse_scale = 1 / scale;
    if (!std::isfinite(inverse_scale) || inverse_scale <= 0) return false;
    const GridKey key =
        MakeGridKey(centre, inverse_scale, edges_.front(), edges_.back(), max_cells_);
    uint32_t cells[kMaxEdges];
    FindCells(key, edges_, cells, stats::BestSimdLevel());
    const size_t window = WindowFor(absl::MakeConstSpan(cells, edges_.size()), window_);
    if (window < window_) {
      window_ = window;
      best_ = key;
    }
    return window_ == kFewEdges;
  }

  const GridKey& best() const { return best_; }

 private:
  absl::Span<const double> edges_;
  size_t max_cells_;
  size_t window_ = std::numeric_limits<size_t>::max();
  GridKey best_;
};

// Grids that are straight as far as this share of the edges reaches from the centre.
constexpr double kStraightShares[] = {0.25, 0.05, 0.6, 0.01};

// Of the edges from the centre, ascending: those below it descend already, the others ascend.
void Distances(absl::Span<const double> edges, double centre, double* ascending) {
  double distances[kMaxEdges];
  for (size_t i = 0; i < edges.size(); ++i) distances[i] = std::abs(edges[i] - centre);
  double* const end = distances + edges.size();
  double* const split =
      distances + (std::lower_bound(edges.begin(), edges.end(), centre) - edges.begin());
  std::merge(std::make_reverse_iterator(split), std::make_reverse_iterator(distances), split, end,
             ascending);
}

GridKey ChooseKey(absl::Span<const double> edges, size_t max_cells) {
  Chooser chooser(edges, max_cells);
  const double first = edges.front();
  const double last = edges.back();
  const double middle = first / 2 + last / 2;
  // Straight throughout.
  const double reach = std::max(last / 2 - first / 2, std::numeric_limits<double>::min());
  if (chooser.Try(middle, reach * (1 + 1e-9))) return chooser.best();
  for (const double centre : {Densest(edges), edges[edges.size() / 2], first, 0.0}) {
    if (!std::isfinite(centre)) continue;
    double distances[kMaxEdges];
    Distances(edges, centre, distances);
    for (const double share : kStraightShares) {
      const double rank = share * static_cast<double>(edges.size());
      if (chooser.Try(centre, distances[static_cast<size_t>(rank)])) return chooser.best();
    }
  }
  return chooser.best();
}

}  // namespace

BinGrid::BinGrid(absl::Span<const double> edges, absl::Span<const float> narrow) {
  if (edges.empty()) return;
  const size_t n = edges.size();
  key_ = ChooseKey(edges, std::min(kMaxCells, std::bit_ceil(4 * n)));
  uint32_t wide_cells[kMaxEdges], narrow_cells[kMaxEdges];
  FindCells(key_, edges, wide_cells, stats::BestSimdLevel());
  FindFloatCells(key_, narrow, narrow_cells, stats::BestSimdLevel());
  uint16_t wide_in[kMaxCells] = {}, narrow_in[kMaxCells] = {};  // edges in a cell
  for (size_t i = 0; i < n; ++i) {
    ++wide_in[wide_cells[i]];
    ++narrow_in[narrow_cells[i]];
  }
  // Of a cell: the edges in the cells before it, and those up to its own.
  std::vector<uint16_t> first_edges(key_.last_cell + 1);
  size_t wide = 0, slim = 0, most = 0;
  for (uint32_t cell = 0; cell <= key_.last_cell; ++cell) {
    const size_t begin = std::min(wide, slim);
    wide += wide_in[cell];
    slim += narrow_in[cell];
    first_edges[cell] = static_cast<uint16_t>(begin);
    most = std::max(most, std::max(wide, slim) - begin);
  }
  while (window_ < most) window_ = NextWindow(window_);
  // Look-ups near the end start earlier, so that they read no further than the edges go.
  const size_t latest = n > window_ ? n - window_ : 0;
  for (uint16_t& first : first_edges) {
    first = static_cast<uint16_t>(std::min<size_t>(first, latest));
  }
  if (latest <= std::numeric_limits<uint8_t>::max()) {
    first_edges_.assign(first_edges.begin(), first_edges.end());
  } else {
    many_first_edges_ = std::move(first_edges);
  }
}

size_t BinGrid::EdgesToRead(size_t edges) const {
  return empty() ? edges : std::max(edges, window_);
}

}  // namespace plumbline::profile
