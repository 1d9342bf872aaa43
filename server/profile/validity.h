#ifndef PLUMBLINE_SERVER_PROFILE_VALIDITY_H_
#define PLUMBLINE_SERVER_PROFILE_VALIDITY_H_

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "absl/types/span.h"

namespace plumbline::profile {

/// The lowest `count` bits set, count <= 64.
inline uint64_t LowBits(size_t count) {
  return count >= 64 ? ~uint64_t{0} : (uint64_t{1} << count) - 1;
}

/// The bits of rows [row, row + count) of an Arrow bitmap that has them all, the first one lowest;
/// 1 <= count <= 64. No bitmap: all ones.
inline uint64_t ValidBits(absl::Span<const uint8_t> bitmap, size_t row, size_t count) {
  if (bitmap.empty()) return LowBits(count);
  const size_t begin = row / 8;
  const size_t end = (row + count + 7) / 8;
  uint64_t bits = 0;
  if (std::endian::native == std::endian::little && begin + sizeof(bits) <= bitmap.size()) {
    std::memcpy(&bits, bitmap.data() + begin, sizeof(bits));
  } else {
    for (size_t i = 0; i < std::min<size_t>(end - begin, 8); ++i) {
      bits |= uint64_t{bitmap[begin + i]} << (8 * i);
    }
  }
  const size_t skip = row % 8;
  bits >>= skip;
  if (end - begin > 8) bits |= uint64_t{bitmap[begin + 8]} << (64 - skip);
  return bits & LowBits(count);
}

/// Bit i is values[i], of up to 64.
inline uint64_t BitsOfBools(absl::Span<const bool> values) {
  uint64_t bits = 0;
  size_t i = 0;
  if constexpr (std::endian::native == std::endian::little) {
    for (; i + 8 <= values.size(); i += 8) {
      uint64_t bytes;  // each 0 or 1
      std::memcpy(&bytes, values.data() + i, sizeof(bytes));
      // The product has byte k at bit 56 + k; nothing else reaches the uppermost eight bits.
      bits |= (bytes * 0x0102040810204080u) >> 56 << i;
    }
  }
  for (; i < values.size(); ++i) bits |= uint64_t{values[i]} << i;
  return bits;
}

/// Null rows in [begin, end).
inline uint64_t CountNullRows(absl::Span<const uint8_t> bitmap, size_t begin, size_t end) {
  if (bitmap.empty()) return 0;
  uint64_t valid = 0;
  for (size_t row = begin; row < end; row += 64) {
    valid += static_cast<uint64_t>(
        std::popcount(ValidBits(bitmap, row, std::min<size_t>(64, end - row))));
  }
  return end - begin - valid;
}

}  // namespace plumbline::profile

#endif  // PLUMBLINE_SERVER_PROFILE_VALIDITY_H_
