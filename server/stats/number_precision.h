#ifndef PLUMBLINE_SERVER_STATS_NUMBER_PRECISION_H_
#define PLUMBLINE_SERVER_STATS_NUMBER_PRECISION_H_

#include <array>
#include <cstddef>
#include <cstdint>

#include "absl/types/span.h"

namespace plumbline::stats {

/// Numbers that need more decimals than this are counted together: they use all of a double.
inline constexpr size_t kMostDecimals = 15;

/// The least number of decimals from which rounding gives the number back: 0 for whole numbers, 2
/// for 0.25, kMostDecimals + 1 where 15 decimals, or 2^53 units of the last one, do not. The number
/// must be finite. Cost: about 4 ns where it needs few.
[[nodiscard]] size_t DecimalsOf(double number);

/// True if float32 holds the number. It must be finite.
[[nodiscard]] inline bool FitsFloat32(double number) {
  constexpr double kLargest = 0x1.fffffep127;  // a cast from beyond is undefined
  return number >= -kLargest && number <= kLargest &&
         static_cast<double>(static_cast<float>(number)) == number;
}

/// How finely numbers are written: their share that float32 holds, their decimals. Counts, so they
/// add exactly in any order. Not thread-safe.
struct PrecisionCounts {
  uint64_t values = 0;
  uint64_t float32 = 0;
  uint64_t zeros = 0;
  uint64_t negative_zeros = 0;                         // of the zeros
  uint64_t negatives = 0;                              // less than 0
  std::array<uint64_t, kMostDecimals + 2> decimals{};  // by what DecimalsOf says

  /// Finite numbers only.
  void AddAll(absl::Span<const double> numbers);
  void Merge(const PrecisionCounts& other);
  [[nodiscard]] uint64_t integers() const { return decimals[0]; }
  /// Values that need more than so many decimals.
  [[nodiscard]] uint64_t Beyond(size_t count) const;

  friend bool operator==(const PrecisionCounts&, const PrecisionCounts&) = default;
};

}  // namespace plumbline::stats

#endif  // PLUMBLINE_SERVER_STATS_NUMBER_PRECISION_H_
