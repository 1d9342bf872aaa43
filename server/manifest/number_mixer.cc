#include "server/manifest/number_mixer.h"

#include <utility>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace plumbline::manifest {
namespace {

// Of XXH3: its first prime, on which the length is added; the multipliers of the two halves.
constexpr uint64_t kSpread = 0x9e37'79b1'85eb'ca87 + (8 << 2);
constexpr uint64_t kLowMultiplier = 0x9fb2'1c65'1e98'df25;
constexpr uint64_t kHighMultiplier = 0x1656'6791'9e37'79f9;

inline CellHash Mix(uint64_t word) {
  const absl::uint128 product = absl::uint128(word) * kSpread;
  uint64_t low = absl::Uint128Low64(product);
  uint64_t high = absl::Uint128High64(product) + (low << 1);
  low ^= high >> 3;
  low = (low ^ (low >> 35)) * kLowMultiplier;
  high = (high ^ (high >> 37)) * kHighMultiplier;
  return {low ^ (low >> 28), high ^ (high >> 32)};
}

void AddPortable(const RowHasher::Key& key, absl::Span<const uint64_t> words,
                 absl::Span<absl::uint128> rows) {
  for (size_t i = 0; i < words.size(); ++i)
    RowHasher::Add(RowHasher::Term(key, Mix(words[i])), &rows[i]);
}

#if defined(__x86_64__)
#define PLUMBLINE_AVX2 __attribute__((target("avx2"), always_inline)) inline

// Eight cells. Two chains of dependent steps side by side: one alone leaves the multipliers idle.
struct Eight {
  __m256i a, b;
};

PLUMBLINE_AVX2 __m256i All(uint64_t value) {
  return _mm256_set1_epi64x(static_cast<int64_t>(value));
}
PLUMBLINE_AVX2 Eight operator+(Eight x, Eight y) {
  return {_mm256_add_epi64(x.a, y.a), _mm256_add_epi64(x.b, y.b)};
}
PLUMBLINE_AVX2 Eight operator^(Eight x, Eight y) {
  return {_mm256_xor_si256(x.a, y.a), _mm256_xor_si256(x.b, y.b)};
}
PLUMBLINE_AVX2 Eight operator&(Eight x, __m256i mask) {
  return {_mm256_and_si256(x.a, mask), _mm256_and_si256(x.b, mask)};
}
// The product of the lower 32 bits of each.
PLUMBLINE_AVX2 Eight operator*(Eight x, __m256i factor) {
  return {_mm256_mul_epu32(x.a, factor), _mm256_mul_epu32(x.b, factor)};
}
template <int kBits>
PLUMBLINE_AVX2 Eight Right(Eight x) {
  return {_mm256_srli_epi64(x.a, kBits), _mm256_srli_epi64(x.b, kBits)};
}
template <int kBits>
PLUMBLINE_AVX2 Eight Left(Eight x) {
  return {_mm256_slli_epi64(x.a, kBits), _mm256_slli_epi64(x.b, kBits)};
}
PLUMBLINE_AVX2 Eight Upper(Eight x) { return Right<32>(x); }
// The lower 32 bits of one, the upper ones of the other.
PLUMBLINE_AVX2 Eight Blend(Eight low, Eight high) {
  return {_mm256_blend_epi32(low.a, high.a, 0xaa), _mm256_blend_epi32(low.b, high.b, 0xaa)};
}

// A factor of 64 bits.
struct Factor {
  __m256i low, high;
};
PLUMBLINE_AVX2 Factor FactorOf(uint64_t value) { return {All(value), All(value >> 32)}; }

// Modulo 2^64.
PLUMBLINE_AVX2 Eight Times(Eight x, Eight upper, const Factor& factor) {
  return x * factor.low + Left<32>(x * factor.high + upper * factor.low);
}

struct alignas(32) EightHashes {
  uint64_t low[8], high[8];
};

PLUMBLINE_AVX2 void Store(Eight x, uint64_t* to) {
  _mm256_store_si256(reinterpret_cast<__m256i*>(to), x.a);
  _mm256_store_si256(reinterpret_cast<__m256i*>(to) + 1, x.b);
}

// The multipliers, in registers.
struct Multipliers {
  Factor spread, low, high;
  __m256i lower_half;
};

PLUMBLINE_AVX2 void MixEight(const uint64_t* words, const Multipliers& by, EightHashes* hashes) {
  const auto* const from = reinterpret_cast<const __m256i*>(words);
  const Eight word = {_mm256_loadu_si256(from), _mm256_loadu_si256(from + 1)};
  const Eight upper = Upper(word);
  const Eight lowest = word * by.spread.low;
  const Eight middle = word * by.spread.high + Upper(lowest);
  const Eight other = upper * by.spread.low + (middle & by.lower_half);
  Eight low = Blend(lowest, Left<32>(other));
  Eight high = upper * by.spread.high + Upper(middle) + Upper(other) + low + low;
  low = low ^ Right<3>(high);
  const Eight low_upper = Upper(low), high_upper = Upper(high);  // what follows leaves these
  low = Times(low ^ Right<35>(low), low_upper, by.low);
  high = Times(high ^ Right<37>(high), high_upper, by.high);
  Store(low ^ Right<28>(low), hashes->low);
  Store(high ^ Right<32>(high), hashes->high);
}

// Hashes by vectors, and meanwhile, by the units for plain integers, what the eight before add.
__attribute__((target("avx2"))) void AddAvx2(const RowHasher::Key& key,
                                             absl::Span<const uint64_t> words,
                                             absl::Span<absl::uint128> rows) {
  const size_t whole = words.size() / 8 * 8;
  const Multipliers by = {FactorOf(kSpread), FactorOf(kLowMultiplier), FactorOf(kHighMultiplier),
                          All(0xffff'ffff)};
  // Pointers that swap: with an index the processor waits for the stores.
  EightHashes hashes[2];
  const auto add = [&](const EightHashes& from, absl::uint128* to) {
    for (size_t j = 0; j < 8; ++j) {
      RowHasher::Add(RowHasher::Term(key, {from.low[j], from.high[j]}), &to[j]);
    }
  };
  EightHashes* now = &hashes[0];
  EightHashes* before = &hashes[1];
  if (whole > 0) MixEight(words.data(), by, now);
  for (size_t i = 8; i < whole; i += 8) {
    std::swap(now, before);
    MixEight(words.data() + i, by, now);
    add(*before, &rows[i - 8]);
  }
  if (whole > 0) add(*now, &rows[whole - 8]);
  AddPortable(key, words.subspan(whole), rows.subspan(whole));
}

#undef PLUMBLINE_AVX2
#endif

MixerLevel Detect() {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx2")) return MixerLevel::kAvx2;
#endif
  return MixerLevel::kPortable;
}

}  // namespace

MixerLevel BestMixerLevel() {
  static const MixerLevel level = Detect();
  return level;
}

std::vector<MixerLevel> MixerLevelsHere() {
  std::vector<MixerLevel> levels = {MixerLevel::kPortable};
  if (BestMixerLevel() == MixerLevel::kAvx2) levels.push_back(MixerLevel::kAvx2);
  return levels;
}

CellHash Mixed(uint64_t word) { return Mix(word); }

void AddMixed(const RowHasher::Key& key, absl::Span<const uint64_t> words, MixerLevel level,
              absl::Span<absl::uint128> rows) {
#if defined(__x86_64__)
  if (level == MixerLevel::kAvx2) return AddAvx2(key, words, rows);
#else
  static_cast<void>(level);
#endif
  AddPortable(key, words, rows);
}

}  // namespace plumbline::manifest
