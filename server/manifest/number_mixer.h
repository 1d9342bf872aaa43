#ifndef PLUMBLINE_SERVER_MANIFEST_NUMBER_MIXER_H_
#define PLUMBLINE_SERVER_MANIFEST_NUMBER_MIXER_H_

#include <cstdint>
#include <vector>

#include "absl/numeric/int128.h"
#include "absl/types/span.h"
#include "server/manifest/content_digest.h"

namespace plumbline::manifest {

/// Instruction sets that AddMixed is written for; the sums are the same with each. Asking for one
/// that the machine lacks is undefined.
enum class MixerLevel { kPortable, kAvx2 };
/// The fastest one of this machine. Cost: a load.
[[nodiscard]] MixerLevel BestMixerLevel();
/// All that this machine has, kPortable first.
[[nodiscard]] std::vector<MixerLevel> MixerLevelsHere();

/// What the bits of a double that is not NaN, and of an integer that no double holds, are xored
/// with to make the word that mixes to their hash: of xxHash's secret and the seed of either.
inline constexpr uint64_t kNumberFlip = 0xc5f0'2334'4dc9'94ad;
inline constexpr uint64_t kIntegerFlip = 0xc6f0'2334'4dc9'94ae;

/// The hash of such a word's cell: what XXH3 (128 bits) does with 8 bytes, from there on.
[[nodiscard]] CellHash Mixed(uint64_t word);

/// Adds RowHasher::Term of Mixed(words[i]) to rows[i]. Cost: about 1.5 ns a cell with AVX2, 3
/// without.
void AddMixed(const RowHasher::Key& key, absl::Span<const uint64_t> words, MixerLevel level,
              absl::Span<absl::uint128> rows);

}  // namespace plumbline::manifest

#endif  // PLUMBLINE_SERVER_MANIFEST_NUMBER_MIXER_H_
