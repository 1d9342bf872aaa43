#include "server/profile/grid_key.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace plumbline::profile {
namespace {

constexpr int kFractionBits = 20;  // of the upper 32 bits of a double
constexpr int kFloatFractionBits = 23;
constexpr int32_t kUpperBitsOfOne = 0x3ff00000;
constexpr int32_t kBitsOfFloatOne = 0x3f800000;

int32_t UpperBits(double x) { return static_cast<int32_t>(std::bit_cast<uint64_t>(x) >> 32); }

// The upper 32 bits of a finite y >= 1 as a double, less those of 1.
int32_t SizeOf(double y) { return UpperBits(y) - kUpperBitsOfOne; }
int32_t SizeOf(float y) {
  return (std::bit_cast<int32_t>(y) - kBitsOfFloatOne) >> (kFloatFractionBits - kFractionBits);
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

// Whether float32 holds what the arithmetic of this key comes to, as far as the grid reaches, and
// moves its centre by at most 1/16 of the narrowest cell.
bool SuitsFloat32(const GridKey& key) {
  constexpr double kLargest = std::numeric_limits<float>::max();
  if (key.inverse_scale < std::numeric_limits<float>::min() || key.inverse_scale > kLargest ||
      std::abs(key.centre) > kLargest) {
    return false;
  }
  // Of y and of |x - centre|.
  const int most_binades = std::min(127, 126 + std::ilogb(key.inverse_scale));
  const int64_t most = int64_t{most_binades} * (1 << kFractionBits);
  const int64_t highest = key.lowest + (int64_t{key.last_cell} << key.shift);
  if (-int64_t{key.lowest} > most || highest > most) return false;
  const double moved = std::abs(key.centre - static_cast<double>(static_cast<float>(key.centre)));
  return moved * key.inverse_scale <= std::ldexp(1.0, key.shift - kFractionBits - 4);
}

#if defined(__x86_64__)
__attribute__((target("avx2"), always_inline)) inline __m256d LoadFour(const double* x) {
  return _mm256_loadu_pd(x);
}

__attribute__((target("avx2"), always_inline)) inline __m256d LoadFour(const float* x) {
  return _mm256_cvtps_pd(_mm_loadu_ps(x));
}

__attribute__((target("avx2"), always_inline)) inline __m256 LoadEight(const float* x) {
  return _mm256_loadu_ps(x);
}

__attribute__((target("avx2"), always_inline)) inline __m256 LoadEight(const double* x) {
  return _mm256_set_m128(_mm256_cvtpd_ps(_mm256_loadu_pd(x + 4)),
                         _mm256_cvtpd_ps(_mm256_loadu_pd(x)));
}

// The upper halves of eight doubles, in order.
__attribute__((target("avx2"), always_inline)) inline __m256i UpperHalves(__m256d a, __m256d b) {
  const __m256 mixed = _mm256_shuffle_ps(_mm256_castpd_ps(a), _mm256_castpd_ps(b), 0xdd);
  return _mm256_permute4x64_epi64(_mm256_castps_si256(mixed), 0xd8);
}

// The cells of eight numbers, by their sizes and what has their signs. By value: what is written
// meanwhile cannot be the key.
__attribute__((target("avx2"), always_inline)) inline __m256i CellsOf(GridKey key, __m256i size,
                                                                      __m256i signs) {
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
template <class T>
__attribute__((target("avx2"))) size_t FindInDoublesAvx2(GridKey key, const T* x, size_t n,
                                                         uint32_t* cells) {
  const __m256d centre = _mm256_set1_pd(key.centre);
  const __m256d scale = _mm256_set1_pd(key.inverse_scale);
  const __m256d one = _mm256_set1_pd(1.0);
  const __m256d sign_bit = _mm256_set1_pd(-0.0);
  const __m256i upper_one = _mm256_set1_epi32(kUpperBitsOfOne);
  size_t i = 0;
  for (; i + 8 <= n; i += 8) {
    const __m256d d0 = _mm256_sub_pd(LoadFour(x + i), centre);
    const __m256d d1 = _mm256_sub_pd(LoadFour(x + i + 4), centre);
    const __m256d s0 = _mm256_mul_pd(_mm256_andnot_pd(sign_bit, d0), scale);
    const __m256d s1 = _mm256_mul_pd(_mm256_andnot_pd(sign_bit, d1), scale);
    const __m256i size =
        _mm256_sub_epi32(UpperHalves(_mm256_add_pd(s0, one), _mm256_add_pd(s1, one)), upper_one);
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(cells + i),
                        CellsOf(key, size, UpperHalves(d0, d1)));
  }
  return i;
}

template <class T>
__attribute__((target("avx2"))) size_t FindInFloatsAvx2(GridKey key, const T* x, size_t n,
                                                        uint32_t* cells) {
  const __m256 centre = _mm256_set1_ps(static_cast<float>(key.centre));
  const __m256 scale = _mm256_set1_ps(static_cast<float>(key.inverse_scale));
  const __m256 one = _mm256_set1_ps(1.0f);
  const __m256 sign_bit = _mm256_set1_ps(-0.0f);
  size_t i = 0;
  for (; i + 8 <= n; i += 8) {
    const __m256 d = _mm256_sub_ps(LoadEight(x + i), centre);
    const __m256 y = _mm256_add_ps(_mm256_mul_ps(_mm256_andnot_ps(sign_bit, d), scale), one);
    const __m256i size =
        _mm256_srli_epi32(_mm256_sub_epi32(_mm256_castps_si256(y), _mm256_castps_si256(one)),
                          kFloatFractionBits - kFractionBits);
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(cells + i),
                        CellsOf(key, size, _mm256_castps_si256(d)));
  }
  return i;
}
#endif

template <class T>
void FindInDoubles(const GridKey& key, absl::Span<const T> x, uint32_t* cells,
                   stats::SimdLevel level) {
  size_t done = 0;
#if defined(__x86_64__)
  if (level == stats::SimdLevel::kAvx2) done = FindInDoublesAvx2(key, x.data(), x.size(), cells);
#else
  static_cast<void>(level);
#endif
  for (size_t i = done; i < x.size(); ++i) cells[i] = CellOf(key, static_cast<double>(x[i]));
}

template <class T>
void FindInFloats(const GridKey& key, absl::Span<const T> x, uint32_t* cells,
                  stats::SimdLevel level) {
  size_t done = 0;
#if defined(__x86_64__)
  if (level == stats::SimdLevel::kAvx2) done = FindInFloatsAvx2(key, x.data(), x.size(), cells);
#else
  static_cast<void>(level);
#endif
  for (size_t i = done; i < x.size(); ++i) cells[i] = CellOf(key, static_cast<float>(x[i]));
}

template <class T>
void FindByKey(const GridKey& key, absl::Span<const T> x, uint32_t* cells, stats::SimdLevel level) {
  if (key.suits_float32) {
    FindInFloats(key, x, cells, level);
  } else {
    FindInDoubles(key, x, cells, level);
  }
}

}  // namespace

GridKey MakeGridKey(double centre, double inverse_scale, double first, double last,
                    size_t max_cells) {
  GridKey key;
  key.centre = centre;
  key.inverse_scale = inverse_scale;
  key.lowest = PlaceOf(key, first);
  const uint32_t range =
      static_cast<uint32_t>(PlaceOf(key, last)) - static_cast<uint32_t>(key.lowest);
  while ((range >> key.shift) >= max_cells) ++key.shift;
  key.last_cell = range >> key.shift;
  key.suits_float32 = SuitsFloat32(key);
  return key;
}

void FindCells(const GridKey& key, absl::Span<const double> x, uint32_t* cells,
               stats::SimdLevel level) {
  FindInDoubles(key, x, cells, level);
}

void FindFloatCells(const GridKey& key, absl::Span<const double> x, uint32_t* cells,
                    stats::SimdLevel level) {
  FindByKey(key, x, cells, level);
}

void FindFloatCells(const GridKey& key, absl::Span<const float> x, uint32_t* cells,
                    stats::SimdLevel level) {
  FindByKey(key, x, cells, level);
}

}  // namespace plumbline::profile
