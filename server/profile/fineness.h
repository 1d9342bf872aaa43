#ifndef PLUMBLINE_SERVER_PROFILE_FINENESS_H_
#define PLUMBLINE_SERVER_PROFILE_FINENESS_H_

#include <array>
#include <cstddef>
#include <cstdint>

#include "server/stats/number_precision.h"

namespace plumbline::profile {

/// How finely the numbers of a variable are written, of one row in kStride: which of them float32
/// holds, and their decimals. Which rows are looked at depends on their place in the batch and on
/// the batch (SampleFineness), so counts add exactly whatever ranges of it are counted. A value.
struct Fineness {
  /// A look takes about 12 ns, coding a value 3 ns.
  static constexpr uint32_t kStride = 64;

  uint64_t values = 0;
  uint64_t float32 = 0;
  std::array<uint64_t, stats::kMostDecimals + 2> decimals{};  // by stats::DecimalsOf

  /// The row of its kStride that is looked at, before it is moved on by a number of the batch.
  static constexpr uint32_t RowOf(uint32_t block) { return block * kStride + block * 37 % kStride; }

  /// A finite number.
  void Add(double number) {
    ++values;
    float32 += stats::FitsFloat32(number) ? 1 : 0;
    ++decimals[stats::DecimalsOf(number)];
  }
  void Merge(const Fineness& other) {
    values += other.values;
    float32 += other.float32;
    for (size_t i = 0; i < decimals.size(); ++i) decimals[i] += other.decimals[i];
  }
  /// Values that need more than so many decimals.
  uint64_t Beyond(size_t count) const {
    uint64_t beyond = 0;
    for (size_t i = count + 1; i < decimals.size(); ++i) beyond += decimals[i];
    return beyond;
  }

  friend bool operator==(const Fineness&, const Fineness&) = default;
};

}  // namespace plumbline::profile

#endif  // PLUMBLINE_SERVER_PROFILE_FINENESS_H_
