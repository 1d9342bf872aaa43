#include "server/profile/finite_values.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include "server/profile/validity.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace plumbline::profile {
namespace {

// Up to 64 values, of which `valid` tells the valid ones. Returns a bit for each NaN and infinity.
uint64_t KeepPortable(const double* x, size_t first, size_t n, uint64_t valid, double* out,
                      size_t* kept) {
  uint64_t special = 0;
  for (size_t i = first; i < n; ++i) {
    const double value = x[i];
    const uint64_t finite = std::abs(value) <= std::numeric_limits<double>::max() ? 1 : 0;
    special |= (finite ^ 1) << i;
    out[*kept] = value;
    *kept += finite & (valid >> i);
  }
  return special;
}

#if defined(__x86_64__)
// For each set of four values which 32-bit halves to move to the front.
struct Compaction {
  alignas(32) int32_t halves[16][8];
};

constexpr Compaction MakeCompaction() {
  Compaction table = {};
  for (int mask = 0; mask < 16; ++mask) {
    int next = 0;
    for (int lane = 0; lane < 4; ++lane) {
      if (((mask >> lane) & 1) == 0) continue;
      table.halves[mask][next++] = 2 * lane;
      table.halves[mask][next++] = 2 * lane + 1;
    }
  }
  return table;
}

constexpr Compaction kCompaction = MakeCompaction();

__attribute__((target("avx2"))) uint64_t KeepAvx2(const double* x, size_t n, uint64_t valid,
                                                  double* out, size_t* kept) {
  const __m256d sign_bit = _mm256_set1_pd(-0.0);
  const __m256d largest = _mm256_set1_pd(std::numeric_limits<double>::max());
  uint64_t special = 0;
  size_t next = *kept;
  size_t i = 0;
  for (; i + 4 <= n; i += 4) {
    const __m256d value = _mm256_loadu_pd(x + i);
    const __m256d size = _mm256_andnot_pd(sign_bit, value);
    const auto finite =
        static_cast<uint64_t>(_mm256_movemask_pd(_mm256_cmp_pd(size, largest, _CMP_LE_OQ)));
    special |= (finite ^ 15) << i;
    const uint64_t keep = finite & (valid >> i);
    const __m256i halves =
        _mm256_load_si256(reinterpret_cast<const __m256i*>(kCompaction.halves[keep]));
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(out + next),
                        _mm256_permutevar8x32_epi32(_mm256_castpd_si256(value), halves));
    next += static_cast<size_t>(std::popcount(keep));
  }
  *kept = next;
  return special | KeepPortable(x, i, n, valid, out, kept);
}
#endif

uint64_t Keep(const double* x, size_t n, uint64_t valid, stats::SimdLevel level, double* out,
              size_t* kept) {
#if defined(__x86_64__)
  if (level == stats::SimdLevel::kAvx2) return KeepAvx2(x, n, valid, out, kept);
#else
  static_cast<void>(level);
#endif
  return KeepPortable(x, 0, n, valid, out, kept);
}

}  // namespace

FiniteValues KeepFinite(absl::Span<const double> values, absl::Span<const uint8_t> bitmap,
                        size_t first_row, double* out, stats::SimdLevel level) {
  FiniteValues found;
  for (size_t begin = 0; begin < values.size(); begin += 64) {
    const size_t n = std::min<size_t>(64, values.size() - begin);
    const double* x = values.data() + begin;
    double copy[64];  // where out is the same memory, what is kept overwrites what was special
    const uint64_t valid = ValidBits(bitmap, first_row + begin, n);
    found.nulls += n - static_cast<size_t>(std::popcount(valid));
    std::copy_n(x, n, copy);
    uint64_t special = Keep(copy, n, valid, level, out, &found.kept) & valid;
    for (; special != 0; special &= special - 1) {
      const double value = copy[std::countr_zero(special)];
      if (std::isnan(value)) {
        ++found.nans;
      } else {
        ++(value > 0 ? found.positive_infinities : found.negative_infinities);
      }
    }
  }
  return found;
}

}  // namespace plumbline::profile
