#ifndef PLUMBLINE_SERVER_PROFILE_TEXT_KEY_H_
#define PLUMBLINE_SERVER_PROFILE_TEXT_KEY_H_

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "absl/hash/hash.h"
#include "absl/numeric/int128.h"
#include "absl/strings/string_view.h"

namespace plumbline::profile {

/// A text's length, first bytes and last bytes, in three words: all of a text of up to 16 bytes, so
/// that short ones are compared and hashed without a loop. Cost: two loads.
struct TextKey {
  static constexpr size_t kWhole = 16;  // texts of up to so many bytes are told apart

  explicit TextKey(absl::string_view text) : size(text.size()) {
    const char* const data = text.data();
    if (size >= 8) {
      std::memcpy(&first, data, 8);
      std::memcpy(&last, data + size - 8, 8);
    } else if (size >= 4) {
      uint32_t low, high;
      std::memcpy(&low, data, 4);
      std::memcpy(&high, data + size - 4, 4);
      first = low;
      last = high;
    } else if (size > 0) {
      first = static_cast<uint8_t>(data[0]);
      last = static_cast<uint8_t>(data[size / 2]) * 256u + static_cast<uint8_t>(data[size - 1]);
    }
  }

  friend bool operator==(const TextKey&, const TextKey&) = default;

  uint64_t first = 0;
  uint64_t last = 0;
  uint64_t size = 0;
};

/// The product of two words, folded into one.
inline uint64_t FoldedProduct(uint64_t a, uint64_t b) {
  const absl::uint128 product = absl::uint128(a) * b;
  return absl::Uint128High64(product) ^ absl::Uint128Low64(product);
}

/// Where the program was loaded: another number in every process.
inline uint64_t ProcessSeed() {
  static const char anchor = 0;
  return reinterpret_cast<uintptr_t>(&anchor);
}

/// A hash for tables in memory, of the text whose key this is: another one in every process, so
/// that nobody can choose texts that collide. Never stored.
inline uint64_t HashOfText(absl::string_view text, const TextKey& key) {
  if (key.size > TextKey::kWhole) return absl::HashOf(text);
  return FoldedProduct(key.first ^ 0x9e37'79b9'7f4a'7c15 ^ ProcessSeed(),
                       key.last ^ (key.size + 1) * 0xc2b2'ae3d'27d4'eb4f);
}

/// The same for a number.
inline uint64_t HashOfNumber(int64_t number) {
  return FoldedProduct(static_cast<uint64_t>(number) ^ 0x9e37'79b9'7f4a'7c15 ^ ProcessSeed(),
                       0xc2b2'ae3d'27d4'eb4f);
}

/// True if two texts are the same, whose keys are.
inline bool SameText(absl::string_view a, absl::string_view b, const TextKey& key) {
  return key.size <= TextKey::kWhole || std::memcmp(a.data(), b.data(), key.size) == 0;
}

}  // namespace plumbline::profile

#endif  // PLUMBLINE_SERVER_PROFILE_TEXT_KEY_H_
