#include "server/stats/simd.h"

namespace plumbline::stats {
namespace {

SimdLevel Detect() {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return SimdLevel::kAvx2;
#endif
  return SimdLevel::kPortable;
}

}  // namespace

SimdLevel BestSimdLevel() {
  static const SimdLevel level = Detect();
  return level;
}

std::vector<SimdLevel> SimdLevelsHere() {
  std::vector<SimdLevel> levels = {SimdLevel::kPortable};
  if (BestSimdLevel() == SimdLevel::kAvx2) levels.push_back(SimdLevel::kAvx2);
  return levels;
}

}  // namespace plumbline::stats
