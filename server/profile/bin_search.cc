#include "server/profile/bin_search.h"

#include <algorithm>
#include <bit>
#include <cstddef>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace plumbline::profile {
namespace {

// A grid says where to begin, halvings without branches leave kEdgesAtOnce edges, and these are
// compared side by side.

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

template <int kHalvings, class First, class Edge, class Value>
void SearchPortable(const First* first_edges, const Edge* edges, absl::Span<const Value> x,
                    uint32_t* codes) {
  for (size_t i = 0; i < x.size(); ++i) {
    const Edge value = static_cast<Edge>(x[i]);
    const uint32_t first = Narrow<kHalvings>(first_edges[codes[i]], edges, value);
    uint32_t code = first;
    for (uint32_t edge = 0; edge < kEdgesAtOnce; ++edge) code += edges[first + edge] <= value;
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
  SearchPortable<kHalvings>(first_edges, edges, x, codes);
}

template <class Edge, class Value>
void Find(const BinGrid& grid, const Edge* edges, absl::Span<const Value> x, uint32_t* codes,
          stats::SimdLevel level) {
  if (grid.empty()) {  // no bins: all are above
    std::fill_n(codes, x.size(), 1);
    return;
  }
  FindCells(grid.key(), x, codes, level);
  grid.UseFirstEdges([&](const auto* first_edges) {
    const auto search = [&]<int kHalvings>() {
      Search<kHalvings>(first_edges, edges, x, codes, level);
    };
    switch (grid.halvings()) {
      case 0:
        return search.template operator()<0>();
      case 1:
        return search.template operator()<1>();
      case 2:
        return search.template operator()<2>();
      case 3:
        return search.template operator()<3>();
      case 4:
        return search.template operator()<4>();
      case 5:
        return search.template operator()<5>();
      case 6:
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
