#include "server/profile/bin_search.h"

#include <algorithm>
#include <bit>
#include <cstddef>
#include <type_traits>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace plumbline::profile {
namespace {

// A grid says where to begin. Mostly that leaves kFewEdges edges, and four values are compared with
// theirs at a time; else halvings without branches leave kEdgesAtOnce, and these are compared with
// one value side by side.

// The first of the kEdgesAtOnce edges that can still decide about x, of Reach(kHalvings) from
// `first` on.
template <int kHalvings, class Edge>
[[gnu::always_inline]] inline uint32_t Narrow(uint32_t first, const Edge* edges, Edge x) {
  if constexpr (kHalvings > 0) {
    for (uint32_t half = (kEdgesAtOnce + 1) << (kHalvings - 1); half > kEdgesAtOnce; half /= 2) {
      // By a product: compilers make a branch of ?: here, which half of all values mispredict.
      first += static_cast<uint32_t>(edges[first + half - 1] <= x) * half;
    }
  }
  return first;
}

template <int kHalvings, uint32_t kEdges, class First, class Edge, class Value>
void SearchPortable(const First* first_edges, const Edge* edges, absl::Span<const Value> x,
                    uint32_t* codes) {
  for (size_t i = 0; i < x.size(); ++i) {
    const Edge value = static_cast<Edge>(x[i]);
    const uint32_t first = Narrow<kHalvings>(first_edges[codes[i]], edges, value);
    uint32_t code = first;
    for (uint32_t edge = 0; edge < kEdges; ++edge) code += edges[first + edge] <= value;
    codes[i] = code;
  }
}

#if defined(__x86_64__)
// How many of the kEdgesAtOnce edges are at or below x.
__attribute__((target("avx2"), always_inline)) inline uint32_t Below(const double* edges,
                                                                     double x) {
  const __m256d below = _mm256_cmp_pd(_mm256_loadu_pd(edges), _mm256_set1_pd(x), _CMP_LE_OQ);
  return static_cast<uint32_t>(std::popcount(static_cast<uint32_t>(_mm256_movemask_pd(below))));
}

__attribute__((target("avx2"), always_inline)) inline uint32_t Below(const float* edges, float x) {
  const __m128 below = _mm_cmp_ps(_mm_loadu_ps(edges), _mm_set1_ps(x), _CMP_LE_OQ);
  return static_cast<uint32_t>(std::popcount(static_cast<uint32_t>(_mm_movemask_ps(below))));
}

template <int kHalvings, class First, class Edge, class Value>
__attribute__((target("avx2"))) void SearchAvx2(const First* first_edges, const Edge* edges,
                                                absl::Span<const Value> x, uint32_t* codes) {
  const Value* const values = x.data();
  const size_t n = x.size();
#pragma GCC unroll 4
  for (size_t i = 0; i < n; ++i) {
    const Edge value = static_cast<Edge>(values[i]);
    const uint32_t first = Narrow<kHalvings>(first_edges[codes[i]], edges, value);
    codes[i] = first + Below(edges + first, value);
  }
}

// For each of four values: less by how many of the two edges from its own first on are at or below
// it.
__attribute__((target("avx2"), always_inline)) inline __m128i MinusBelow(const double* edges,
                                                                         const uint32_t (&first)[4],
                                                                         __m256d x) {
  static_assert(kFewEdges == 2);
  // Values 0 | 2 and 1 | 3: then the first edges of all four, in order, and the second ones.
  const __m256d even = _mm256_insertf128_pd(_mm256_castpd128_pd256(_mm_loadu_pd(edges + first[0])),
                                            _mm_loadu_pd(edges + first[2]), 1);
  const __m256d odd = _mm256_insertf128_pd(_mm256_castpd128_pd256(_mm_loadu_pd(edges + first[1])),
                                           _mm_loadu_pd(edges + first[3]), 1);
  const __m256d one = _mm256_cmp_pd(_mm256_unpacklo_pd(even, odd), x, _CMP_LE_OQ);
  const __m256d two = _mm256_cmp_pd(_mm256_unpackhi_pd(even, odd), x, _CMP_LE_OQ);
  const __m256i sum = _mm256_add_epi64(_mm256_castpd_si256(one), _mm256_castpd_si256(two));
  return _mm_castps_si128(_mm_shuffle_ps(_mm_castsi128_ps(_mm256_castsi256_si128(sum)),
                                         _mm_castsi128_ps(_mm256_extracti128_si256(sum, 1)), 0x88));
}

// Two floats from anywhere.
__attribute__((target("avx2"), always_inline)) inline __m128 LoadTwo(const float* x) {
  return _mm_castsi128_ps(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(x)));
}

__attribute__((target("avx2"), always_inline)) inline __m128i MinusBelow(const float* edges,
                                                                         const uint32_t (&first)[4],
                                                                         __m128 x) {
  const __m128 front = _mm_movelh_ps(LoadTwo(edges + first[0]), LoadTwo(edges + first[1]));
  const __m128 back = _mm_movelh_ps(LoadTwo(edges + first[2]), LoadTwo(edges + first[3]));
  const __m128 one = _mm_cmp_ps(_mm_shuffle_ps(front, back, 0x88), x, _CMP_LE_OQ);
  const __m128 two = _mm_cmp_ps(_mm_shuffle_ps(front, back, 0xdd), x, _CMP_LE_OQ);
  return _mm_add_epi32(_mm_castps_si128(one), _mm_castps_si128(two));
}

// Four values, as edges of this type are compared with them.
__attribute__((target("avx2"), always_inline)) inline __m256d LoadFour(const double* x,
                                                                       const double* /*edges*/) {
  return _mm256_loadu_pd(x);
}
__attribute__((target("avx2"), always_inline)) inline __m128 LoadFour(const double* x,
                                                                      const float* /*edges*/) {
  return _mm256_cvtpd_ps(_mm256_loadu_pd(x));
}
__attribute__((target("avx2"), always_inline)) inline __m128 LoadFour(const float* x,
                                                                      const float* /*edges*/) {
  return _mm_loadu_ps(x);
}

// Returns how many were done, the rest is less than four.
template <class First, class Edge, class Value>
__attribute__((target("avx2"))) size_t SearchFewAvx2(const First* first_edges, const Edge* edges,
                                                     absl::Span<const Value> x, uint32_t* codes) {
  size_t i = 0;
  for (; i + 4 <= x.size(); i += 4) {
    uint32_t first[4];
    for (size_t lane = 0; lane < 4; ++lane) first[lane] = first_edges[codes[i + lane]];
    const __m128i minus_below = MinusBelow(edges, first, LoadFour(x.data() + i, edges));
    // By pairs: one by one they would take as many moves more.
    const __m128i firsts =
        _mm_set_epi64x(static_cast<int64_t>(first[2] | uint64_t{first[3]} << 32),
                       static_cast<int64_t>(first[0] | uint64_t{first[1]} << 32));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(codes + i), _mm_sub_epi32(firsts, minus_below));
  }
  return i;
}
#endif

// `codes` holds the cells, and is overwritten.
template <int kHalvings, class First, class Edge, class Value>
void Search(const First* first_edges, const Edge* edges, absl::Span<const Value> x, uint32_t* codes,
            stats::SimdLevel level) {
#if defined(__x86_64__)
  if (level == stats::SimdLevel::kAvx2) {
    return SearchAvx2<kHalvings>(first_edges, edges, x, codes);
  }
#else
  static_cast<void>(level);
#endif
  SearchPortable<kHalvings, kEdgesAtOnce>(first_edges, edges, x, codes);
}

// The same for a window of kFewEdges.
template <class First, class Edge, class Value>
void SearchFew(const First* first_edges, const Edge* edges, absl::Span<const Value> x,
               uint32_t* codes, stats::SimdLevel level) {
  size_t done = 0;
#if defined(__x86_64__)
  if (level == stats::SimdLevel::kAvx2) done = SearchFewAvx2(first_edges, edges, x, codes);
#else
  static_cast<void>(level);
#endif
  SearchPortable<0, kFewEdges>(first_edges, edges, x.subspan(done), codes + done);
}

template <class Edge, class Value>
void Find(const BinGrid& grid, const Edge* edges, absl::Span<const Value> x, uint32_t* codes,
          stats::SimdLevel level) {
  if (grid.empty()) {  // no bins: all are above
    std::fill_n(codes, x.size(), 1);
    return;
  }
  if constexpr (std::is_same_v<Edge, float>) {
    FindFloatCells(grid.key(), x, codes, level);
  } else {
    FindCells(grid.key(), x, codes, level);
  }
  grid.UseFirstEdges([&](const auto* first_edges) {
    const auto search = [&]<int kHalvings>() {
      Search<kHalvings>(first_edges, edges, x, codes, level);
    };
    switch (grid.window()) {
      case kFewEdges:
        return SearchFew(first_edges, edges, x, codes, level);
      case Reach(0):
        return search.template operator()<0>();
      case Reach(1):
        return search.template operator()<1>();
      case Reach(2):
        return search.template operator()<2>();
      case Reach(3):
        return search.template operator()<3>();
      case Reach(4):
        return search.template operator()<4>();
      case Reach(5):
        return search.template operator()<5>();
      case Reach(6):
        return search.template operator()<6>();
      default:  // fewer than 512 edges take no more
        return search.template operator()<7>();
    }
  });
}

}  // namespace

void FindCodes(const BinGrid& grid, const double* edges, absl::Span<const double> x,
               uint32_t* codes, stats::SimdLevel level) {
  Find(grid, edges, x, codes, level);
}

void FindCodes(const BinGrid& grid, const float* edges, absl::Span<const double> x, uint32_t* codes,
               stats::SimdLevel level) {
  Find(grid, edges, x, codes, level);
}

void FindCodes(const BinGrid& grid, const float* edges, absl::Span<const float> x, uint32_t* codes,
               stats::SimdLevel level) {
  Find(grid, edges, x, codes, level);
}

}  // namespace plumbline::profile
