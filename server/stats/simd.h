#ifndef PLUMBLINE_SERVER_STATS_SIMD_H_
#define PLUMBLINE_SERVER_STATS_SIMD_H_

#include <vector>

namespace plumbline::stats {

/// Instruction sets that kernels are written for. Functions that take one give the same result for
/// each, up to the rounding that they state. Asking for one that the machine lacks is undefined.
enum class SimdLevel { kPortable, kAvx2 };

/// The fastest one of this machine. Cost: a load.
[[nodiscard]] SimdLevel BestSimdLevel();

/// All that this machine has, kPortable first.
[[nodiscard]] std::vector<SimdLevel> SimdLevelsHere();

}  // namespace plumbline::stats

#endif  // PLUMBLINE_SERVER_STATS_SIMD_H_
