#include "server/profile/bin_grid.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <iterator>
#include <limits>
#include <utility>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace plumbline::profile {
namespace {

constexpr size_t kMaxCells = 1024;
constexpr size_t kMaxEdges = 512;
constexpr int32_t kUpperBitsOfOne = 0x3ff00000;
constexpr double kLargestDouble = std::numeric_limits<double>::max();

int32_t UpperBits(double x) { return static_cast<int32_t>(std::bit_cast<uint64_t>(x) >> 32); }

// How far x is from the centre, on the scale of the grid; only the order has a meaning.
int32_t PlaceOf(const GridKey& key, double x) {
  const double d = x - key.centre;
  const int32_t size = UpperBits(std::abs(d) * key.inverse_scale + 1.0) - kUpperBitsOfOne;
  const int32_t sign = UpperBits(d) >> 31;  // all ones or none
  return (size ^ sign) - sign;
}

uint32_t CellOf(const GridKey& key, double x) {
  const auto place = static_cast<uint32_t>(std::max(PlaceOf(key, x), key.lowest));
  return std::min((place - static_cast<uint32_t>(key.lowest)) >> key.shift, key.last_cell);
}

#if defined(__x86_64__)
// The upper halves of eight doubles, in order.
__attribute__((target("avx2"), always_inline)) inline __m256i UpperHalves(__m256d a, __m256d b) {
  const __m256 mixed = _mm256_shuffle_ps(_mm256_castpd_ps(a), _mm256_castpd_ps(b), 0xdd);
  return _mm256_permute4x64_epi64(_mm256_castps_si256(mixed), 0xd8);
}

__attribute__((target("avx2"), always_inline)) inline __m256d Load(const double* x) {
  return _mm256_loadu_pd(x);
}

__attribute__((target("avx2"), always_inline)) inline __m256d Load(const float* x) {
  return _mm256_cvtps_pd(_mm_loadu_ps(x));
}

// CellOf each; returns how many were done, the rest is less than eight. Not compiled for FMA, which
// would round once where CellOf rounds twice.
template <class T>
__attribute__((target("avx2"))) size_t FindCellsAvx2(const GridKey& key, const T* x, size_t n,
                                                     uint32_t* cells) {
  const __m256d centre = _mm256_set1_pd(key.centre);
  const __m256d scale = _mm256_set1_pd(key.inverse_scale);
  const __m256d one = _mm256_set1_pd(1.0);
  const __m256d sign_bit = _mm256_set1_pd(-0.0);
  const __m256i upper_one = _mm256_set1_epi32(kUpperBitsOfOne);
  const __m256i lowest = _mm256_set1_epi32(key.lowest);
  const __m256i last = _mm256_set1_epi32(static_cast<int32_t>(key.last_cell));
  const __m128i shift = _mm_cvtsi32_si128(key.shift);
  size_t i = 0;
  for (; i + 8 <= n; i += 8) {
    const __m256d d0 = _mm256_sub_pd(Load(x + i), centre);
    const __m256d d1 = _mm256_sub_pd(Load(x + i + 4), centre);
    const __m256d s0 = _mm256_mul_pd(_mm256_andnot_pd(sign_bit, d0), scale);
    const __m256d s1 = _mm256_mul_pd(_mm256_andnot_pd(sign_bit, d1), scale);
    const __m256i size =
        _mm256_sub_epi32(UpperHalves(_mm256_add_pd(s0, one), _mm256_add_pd(s1, one)), upper_one);
    const __m256i sign = _mm256_srai_epi32(UpperHalves(d0, d1), 31);
    const __m256i place =
        _mm256_max_epi32(_mm256_sub_epi32(_mm256_xor_si256(size, sign), sign), lowest);
    const __m256i cell = _mm256_srl_epi32(_mm256_sub_epi32(place, lowest), shift);
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(cells + i), _mm256_min_epu32(cell, last));
  }
  return i;
}
#endif

template <class T>
void Find(const GridKey& key, absl::Span<const T> x, uint32_t* cells, stats::SimdLevel level) {
  size_t done = 0;
#if defined(__x86_64__)
  if (level == stats::SimdLevel::kAvx2) done = FindCellsAvx2(key, x.data(), x.size(), cells);
#else
  static_cast<void>(level);
#endif
  for (size_t i = done; i < x.size(); ++i) cells[i] = CellOf(key, x[i]);
}

// Sets lowest, shift and last_cell so that the edges lie in at most kMaxCells cells.
void Fit(double first, double last, size_t max_cells, GridKey* key) {
  key->lowest = PlaceOf(*key, first);
  const uint32_t range =
      static_cast<uint32_t>(PlaceOf(*key, last)) - static_cast<uint32_t>(key->lowest);
  key->shift = 0;
  while ((range >> key->shift) >= max_cells) ++key->shift;
  key->last_cell = range >> key->shift;
}

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
    GridKey key;
    key.centre = centre;
    key.inverse_scale = 1 / scale;
    if (!std::isfinite(key.inverse_scale) || key.inverse_scale <= 0) return false;
    Fit(edges_.front(), edges_.back(), max_cells_, &key);
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

void FindCells(const GridKey& key, absl::Span<const double> x, uint32_t* cells,
               stats::SimdLevel level) {
  Find(key, x, cells, level);
}

void FindCells(const GridKey& key, absl::Span<const float> x, uint32_t* cells,
               stats::SimdLevel level) {
  Find(key, x, cells, level);
}

BinGrid::BinGrid(absl::Span<const double> edges, absl::Span<const float> narrow) {
  if (edges.empty()) return;
  const size_t n = edges.size();
  key_ = ChooseKey(edges, std::min(kMaxCells, std::bit_ceil(4 * n)));
  double widened[kMaxEdges];
  uint32_t wide_cells[kMaxEdges], narrow_cells[kMaxEdges];
  std::copy(narrow.begin(), narrow.end(), widened);
  FindCells(key_, edges, wide_cells, stats::BestSimdLevel());
  FindCells(key_, absl::MakeConstSpan(widened, n), narrow_cells, stats::BestSimdLevel());
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
