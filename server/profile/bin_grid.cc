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
constexpr int32_t kBitsOfFloatOne = 0x3f800000;
constexpr int kFloatFractionBitsMore = 3;  // than the upper bits of a double have: 23, not 20
constexpr double kLargestDouble = std::numeric_limits<double>::max();

int32_t UpperBits(double x) { return static_cast<int32_t>(std::bit_cast<uint64_t>(x) >> 32); }

// The upper 32 bits of y >= 1 as a double, less those of 1.
int32_t SizeOf(double y) { return UpperBits(y) - kUpperBitsOfOne; }
int32_t SizeOf(float y) {
  return (std::bit_cast<int32_t>(y) - kBitsOfFloatOne) >> kFloatFractionBitsMore;
}

// How far x is from the centre, on the scale of the grid; only the order has a meaning.
template <class Real>
int32_t PlaceOf(const GridKey& key, Real x) {
  const Real d = x - static_cast<Real>(key.centre);
  const int32_t size =
      SizeOf(std::abs(d) * static_cast<Real>(key.inverse_scale) + static_cast<Real>(1));
  return std::signbit(d) ? -size : size;
}

template <class Real>
uint32_t CellOf(const GridKey& key, Real x) {
  const auto place = static_cast<uint32_t>(std::max(PlaceOf(key, x), key.lowest));
  return std::min((place - static_cast<uint32_t>(key.lowest)) >> key.shift, key.last_cell);
}

// Whether in float32 the key means about the same: its centre moves by less than 1/16 of a cell.
bool SuitsFloats(const GridKey& key) {
  constexpr double kLargest = std::numeric_limits<float>::max();
  if (key.inverse_scale < std::numeric_limits<float>::min() || key.inverse_scale > kLargest ||
      std::abs(key.centre) > kLargest) {
    return false;
  }
  const double moved = std::abs(key.centre - static_cast<double>(static_cast<float>(key.centre)));
  return moved * key.inverse_scale <= std::ldexp(1.0, key.shift - 24);
}

#if defined(__x86_64__)
// The upper halves of eight doubles, in order.
__attribute__((target("avx2"), always_inline)) inline __m256i UpperHalves(__m256d a, __m256d b) {
  const __m256 mixed = _mm256_shuffle_ps(_mm256_castpd_ps(a), _mm256_castpd_ps(b), 0xdd);
  return _mm256_permute4x64_epi64(_mm256_castps_si256(mixed), 0xd8);
}

// The cells of eight places, given as sizes and, in their sign bits, the signs.
__attribute__((target("avx2"), always_inline)) inline __m256i CellsOf(const GridKey& key,
                                                                      __m256i size, __m256i signs) {
  const __m256i lowest = _mm256_set1_epi32(key.lowest);
  const __m256i sign = _mm256_srai_epi32(signs, 31);
  const __m256i place =
      _mm256_max_epi32(_mm256_sub_epi32(_mm256_xor_si256(size, sign), sign), lowest);
  const __m256i cell =
      _mm256_srl_epi32(_mm256_sub_epi32(place, lowest), _mm_cvtsi32_si128(key.shift));
  return _mm256_min_epu32(cell, _mm256_set1_epi32(static_cast<int32_t>(key.last_cell)));
}

// CellOf each; returns how many were done, the rest is less than eight. Not compiled for FMA, which
// would round once where CellOf rounds twice.
__attribute__((target("avx2"))) size_t FindCellsAvx2(const GridKey& key, const double* x, size_t n,
                                                     uint32_t* cells) {
  const __m256d centre = _mm256_set1_pd(key.centre);
  const __m256d scale = _mm256_set1_pd(key.inverse_scale);
  const __m256d one = _mm256_set1_pd(1.0);
  const __m256d sign_bit = _mm256_set1_pd(-0.0);
  const __m256i upper_one = _mm256_set1_epi32(kUpperBitsOfOne);
  size_t i = 0;
  for (; i + 8 <= n; i += 8) {
    const __m256d d0 = _mm256_sub_pd(_mm256_loadu_pd(x + i), centre);
    const __m256d d1 = _mm256_sub_pd(_mm256_loadu_pd(x + i + 4), centre);
    const __m256d s0 = _mm256_mul_pd(_mm256_andnot_pd(sign_bit, d0), scale);
    const __m256d s1 = _mm256_mul_pd(_mm256_andnot_pd(sign_bit, d1), scale);
    const __m256i size =
        _mm256_sub_epi32(UpperHalves(_mm256_add_pd(s0, one), _mm256_add_pd(s1, one)), upper_one);
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(cells + i),
                        CellsOf(key, size, UpperHalves(d0, d1)));
  }
  return i;
}

__attribute__((target("avx2"), always_inline)) inline __m256 LoadEight(const float* x) {
  return _mm256_loadu_ps(x);
}

__attribute__((target("avx2"), always_inline)) inline __m256 LoadEight(const double* x) {
  return _mm256_set_m128(_mm256_cvtpd_ps(_mm256_loadu_pd(x + 4)),
                         _mm256_cvtpd_ps(_mm256_loadu_pd(x)));
}

// The same in float32.
template <class T>
__attribute__((target("avx2"))) size_t FindFloatCellsAvx2(const GridKey& key, const T* x, size_t n,
                                                          uint32_t* cells) {
  const __m256 centre = _mm256_set1_ps(static_cast<float>(key.centre));
  const __m256 scale = _mm256_set1_ps(static_cast<float>(key.inverse_scale));
  const __m256 one = _mm256_set1_ps(1.0f);
  const __m256 sign_bit = _mm256_set1_ps(-0.0f);
  size_t i = 0;
  for (; i + 8 <= n; i += 8) {
    const __m256 d = _mm256_sub_ps(LoadEight(x + i), centre);
    const __m256 y = _mm256_add_ps(_mm256_mul_ps(_mm256_andnot_ps(sign_bit, d), scale), one);
    const __m256i size = _mm256_srli_epi32(
        _mm256_sub_epi32(_mm256_castps_si256(y), _mm256_castps_si256(one)), kFloatFractionBitsMore);
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(cells + i),
                        CellsOf(key, size, _mm256_castps_si256(d)));
  }
  return i;
}
#endif

// For a key that does not suit float32.
void FindInDoubles(const GridKey& key, absl::Span<const double> x, uint32_t* cells,
                   stats::SimdLevel level) {
  FindCells(key, x, cells, level);
}

void FindInDoubles(const GridKey& key, absl::Span<const float> x, uint32_t* cells,
                   stats::SimdLevel level) {
  double wide[64];
  for (size_t i = 0; i < x.size(); i += std::size(wide)) {
    const absl::Span<const float> some = x.subspan(i, std::size(wide));
    std::copy(some.begin(), some.end(), wide);
    FindCells(key, absl::MakeConstSpan(wide, some.size()), cells + i, level);
  }
}

template <class T>
void FindInFloats(const GridKey& key, absl::Span<const T> x, uint32_t* cells,
                  stats::SimdLevel level) {
  if (!SuitsFloats(key)) return FindInDoubles(key, x, cells, level);
  size_t done = 0;
#if defined(__x86_64__)
  if (level == stats::SimdLevel::kAvx2) done = FindFloatCellsAvx2(key, x.data(), x.size(), cells);
#else
  static_cast<void>(level);
#endif
  for (size_t i = done; i < x.size(); ++i) cells[i] = CellOf(key, static_cast<float>(x[i]));
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
  size_t done = 0;
#if defined(__x86_64__)
  if (level == stats::SimdLevel::kAvx2) done = FindCellsAvx2(key, x.data(), x.size(), cells);
#else
  static_cast<void>(level);
#endif
  for (size_t i = done; i < x.size(); ++i) cells[i] = CellOf(key, x[i]);
}

void FindFloatCells(const GridKey& key, absl::Span<const double> x, uint32_t* cells,
                    stats::SimdLevel level) {
  FindInFloats(key, x, cells, level);
}

void FindFloatCells(const GridKey& key, absl::Span<const float> x, uint32_t* cells,
                    stats::SimdLevel level) {
  FindInFloats(key, x, cells, level);
}

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
