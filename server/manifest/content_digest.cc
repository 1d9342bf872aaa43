#include "server/manifest/content_digest.h"

#include <bit>
#include <cmath>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace plumbline::manifest {
namespace {

// Seeds: numbers, integers that no double holds, texts and rows never meet.
enum Seed : uint64_t { kNumber = 1, kInteger = 2, kText = 3, kRow = 4, kColumn = 5 };

constexpr uint64_t kPrime = (uint64_t{1} << 61) - 1;

// A number below 2^125, modulo the prime.
inline uint64_t Reduce(absl::uint128 value) {
  const uint64_t low = absl::Uint128Low64(value) & kPrime;
  const uint64_t high = absl::Uint128Low64(value >> 61);
  uint64_t sum = low + (high & kPrime) + (high >> 61);
  sum = (sum & kPrime) + (sum >> 61);
  return sum >= kPrime ? sum - kPrime : sum;
}

uint64_t Times(uint64_t a, uint64_t b) { return Reduce(absl::uint128(a) * b); }

struct Powers {
  uint64_t one, two, three, four;
};
// Digits of pi and of e, nothing up the sleeve, and their powers modulo the prime.
constexpr Powers kLow = {0x0243'f6a8'885a'308d, 0x1245'b799'5c62'156a, 0x18cc'8a80'4b77'e185,
                         0x06c4'd01d'01a4'3e96};
constexpr Powers kHigh = {0x0b7e'1516'28ae'd2a6, 0x169b'2904'3f5a'79ee, 0x1e14'afa9'cd49'4ac0,
                          0x03bb'fc28'7e3f'e051};

// `so_far`, four cells on: four products below 2^122 each.
inline uint64_t FourMore(uint64_t so_far, const Powers& base, uint64_t a, uint64_t b, uint64_t c,
                         uint64_t d) {
  return Reduce(absl::uint128(so_far) * base.four + absl::uint128(a) * base.three +
                absl::uint128(b) * base.two + absl::uint128(c) * base.one + d);
}

inline uint64_t OneMore(uint64_t so_far, const Powers& base, uint64_t cell) {
  return Reduce(absl::uint128(so_far) * base.one + cell);
}

inline uint64_t Cut(uint64_t hash) { return hash >> 3; }

uint64_t Power(uint64_t base, uint64_t exponent) {
  uint64_t result = 1;
  for (; exponent != 0; exponent >>= 1) {
    if ((exponent & 1) != 0) result = Times(result, base);
    base = Times(base, base);
  }
  return result;
}

inline CellHash HashWord(uint64_t word, Seed seed) {
  if constexpr (std::endian::native == std::endian::big) word = __builtin_bswap64(word);
  const XXH128_hash_t hash = XXH3_128bits_withSeed(&word, sizeof(word), seed);
  return {hash.low64, hash.high64};
}

inline CellHash HashRow(absl::uint128 row) {
  uint64_t words[2] = {absl::Uint128Low64(row), absl::Uint128High64(row)};
  if constexpr (std::endian::native == std::endian::big) {
    for (uint64_t& word : words) word = __builtin_bswap64(word);
  }
  const XXH128_hash_t hash = XXH3_128bits_withSeed(words, sizeof(words), kRow);
  return {hash.low64, hash.high64};
}

CellHash HashBytes128(absl::string_view bytes, Seed seed) {
  const XXH128_hash_t hash = XXH3_128bits_withSeed(bytes.data(), bytes.size(), seed);
  return {hash.low64, hash.high64};
}

constexpr CellHash kNull = {0x4528'21e6'38d0'1377, 0xbe54'66cf'34e9'0c6c};
constexpr CellHash kNan = {0xc0ac'29b7'c97c'50dd, 0x3f84'd5b5'b547'0917};

inline CellHash Hash(double number) {
  if (std::isnan(number)) return kNan;
  return HashWord(std::bit_cast<uint64_t>(number + 0.0), kNumber);  // -0.0 becomes 0.0
}
inline CellHash Hash(int64_t number) {
  const auto as_double = static_cast<double>(number);
  // 2^63 is no int64.
  if (as_double < 0x1p63 && static_cast<int64_t>(as_double) == number) return Hash(as_double);
  return HashWord(static_cast<uint64_t>(number), kInteger);
}

}  // namespace

CellHash HashOfNull() { return kNull; }

CellHash HashOfNumber(double number) { return Hash(number); }

CellHash HashOfInteger(int64_t number) { return Hash(number); }

CellHash HashOfText(absl::string_view text) { return HashBytes128(text, kText); }

CellHash HashOfFoldedText(absl::string_view text) {
  const std::string folded = absl::AsciiStrToLower(absl::StripAsciiWhitespace(text));
  double number = 0;
  const bool numeric = folded.find_first_of("x(n") == std::string::npos &&  // no hex, nan or inf
                       absl::SimpleAtod(folded, &number);
  return numeric ? HashOfNumber(number) : HashOfText(folded);
}

void ContentDigest::AddAll(absl::Span<const CellHash> cells) {
  absl::uint128 sum = parts_.sum;
  uint64_t low = parts_.ordered_low, high = parts_.ordered_high;
  size_t i = 0;
  for (; i + 4 <= cells.size(); i += 4) {
    const CellHash* const c = cells.data() + i;
    sum += c[0].value() + c[1].value() + c[2].value() + c[3].value();
    low = FourMore(low, kLow, Cut(c[0].low), Cut(c[1].low), Cut(c[2].low), Cut(c[3].low));
    high = FourMore(high, kHigh, Cut(c[0].high), Cut(c[1].high), Cut(c[2].high), Cut(c[3].high));
  }
  for (; i < cells.size(); ++i) {
    sum += cells[i].value();
    low = OneMore(low, kLow, Cut(cells[i].low));
    high = OneMore(high, kHigh, Cut(cells[i].high));
  }
  parts_ = {parts_.cells + cells.size(), sum, low, high};
}

void ContentDigest::Merge(const ContentDigest& behind) {
  const Parts& b = behind.parts_;
  parts_.ordered_low =
      Reduce(absl::uint128(parts_.ordered_low) * Power(kLow.one, b.cells) + b.ordered_low);
  parts_.ordered_high =
      Reduce(absl::uint128(parts_.ordered_high) * Power(kHigh.one, b.cells) + b.ordered_high);
  parts_.sum += b.sum;
  parts_.cells += b.cells;
}

absl::StatusOr<ContentDigest> ContentDigest::FromParts(const Parts& parts) {
  const bool empty = parts.cells == 0;
  if (parts.ordered_low >= kPrime || parts.ordered_high >= kPrime ||
      (empty && (parts.sum != 0 || parts.ordered_low != 0 || parts.ordered_high != 0))) {
    return absl::InvalidArgumentError("a content digest that is none");
  }
  ContentDigest digest;
  digest.parts_ = parts;
  return digest;
}

RowHasher::Key RowHasher::KeyOf(absl::string_view column) {
  const CellHash hash = HashBytes128(column, kColumn);
  return {hash.low | 1, hash.high | 1};
}

void RowHasher::AddColumn(const Key& key, absl::Span<const CellHash> cells,
                          absl::Span<absl::uint128> rows) {
  for (size_t i = 0; i < cells.size(); ++i) Add(Term(key, cells[i]), &rows[i]);
}

CellHash RowHasher::Finish(absl::uint128 row) { return HashRow(row); }

absl::uint128 RowHasher::SumOfFinished(absl::Span<const absl::uint128> rows) {
  absl::uint128 sum = 0;
  for (const absl::uint128 row : rows) sum += HashRow(row).value();
  return sum;
}

}  // namespace plumbline::manifest
