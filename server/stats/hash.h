#ifndef PLUMBLINE_SERVER_STATS_HASH_H_
#define PLUMBLINE_SERVER_STATS_HASH_H_

#include <cstdint>

#include "absl/numeric/int128.h"
#include "absl/strings/string_view.h"

namespace plumbline::stats {

// Fixed 64-bit hashes: XXH3 (64 bits, seed 0), the same on every machine and in every version, so
// that they may be stored. Not cryptographic: somebody who wants collisions can make them.

/// Hash of a string of bytes; the empty string is a value like any other.
[[nodiscard]] uint64_t HashBytes(absl::string_view bytes);

/// The 128-bit one, for what two of the same hash would be taken for one.
[[nodiscard]] absl::uint128 HashBytes128(absl::string_view bytes);

/// Hash of the 8 bytes of a value, least significant first.
[[nodiscard]] uint64_t HashUint64(uint64_t value);

/// HashUint64 of a double's bits: -0.0 hashes as 0.0, and every NaN as one.
[[nodiscard]] uint64_t HashDouble(double value);

}  // namespace plumbline::stats

#endif  // PLUMBLINE_SERVER_STATS_HASH_H_
