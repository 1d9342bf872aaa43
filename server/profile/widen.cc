#include "server/profile/widen.h"

#include <bit>
#include <cstddef>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace plumbline::profile {
namespace {

#if defined(__x86_64__)
// AVX2 has no such instruction. A number is upper * 2^32 + lower: each half is put into the
// fraction of a double that is large enough to hold it exactly, and the two are added, which rounds
// once.
constexpr double kLowerBase = 0x1p52;
constexpr double kUpperBase = 0x1p84;
// The upper half is signed: half of its range more makes it a fraction.
constexpr double kUpperOffset = 0x1p63;

// Returns how many were done, the rest is less than four.
__attribute__((target("avx2"))) size_t WidenAvx2(absl::Span<const int64_t> x, double* out) {
  const __m256i lower_base = _mm256_set1_epi64x(std::bit_cast<int64_t>(kLowerBase));
  const __m256i upper_base = _mm256_set1_epi64x(std::bit_cast<int64_t>(kUpperBase + kUpperOffset));
  const __m256d bases = _mm256_set1_pd(kUpperBase + kUpperOffset + kLowerBase);
  size_t i = 0;
  for (; i + 4 <= x.size(); i += 4) {
    const __m256i number = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(x.data() + i));
    const __m256i lower = _mm256_blend_epi32(number, lower_base, 0xaa);
    const __m256i upper = _mm256_xor_si256(_mm256_srli_epi64(number, 32), upper_base);
    const __m256d whole = _mm256_sub_pd(_mm256_castsi256_pd(upper), bases);
    _mm256_storeu_pd(out + i, _mm256_add_pd(whole, _mm256_castsi256_pd(lower)));
  }
  return i;
}
#endif

}  // namespace

void Widen(absl::Span<const int64_t> x, double* out, stats::SimdLevel level) {
  size_t done = 0;
#if defined(__x86_64__)
  if (level == stats::SimdLevel::kAvx2) done = WidenAvx2(x, out);
#else
  static_cast<void>(level);
#endif
  for (size_t i = done; i < x.size(); ++i) out[i] = static_cast<double>(x[i]);
}

}  // namespace plumbline::profile
