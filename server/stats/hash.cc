#include "server/stats/hash.h"

#include <cmath>
#include <cstring>
#include <limits>

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace plumbline::stats {

uint64_t HashBytes(absl::string_view bytes) { return XXH3_64bits(bytes.data(), bytes.size()); }

absl::uint128 HashBytes128(absl::string_view bytes) {
  const XXH128_hash_t hash = XXH3_128bits(bytes.data(), bytes.size());
  return absl::MakeUint128(hash.high64, hash.low64);
}

uint64_t HashUint64(uint64_t value) {
  unsigned char bytes[8];
  for (int i = 0; i < 8; ++i) bytes[i] = static_cast<unsigned char>(value >> (8 * i));
  return XXH3_64bits(bytes, sizeof(bytes));
}

uint64_t HashDouble(double value) {
  if (value == 0) value = 0;  // -0.0 too
  if (std::isnan(value)) return HashUint64(0x7ff8'0000'0000'0000);
  uint64_t bits;
  std::memcpy(&bits, &value, sizeof(bits));
  return HashUint64(bits);
}

}  // namespace plumbline::stats
