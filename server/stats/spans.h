#ifndef PLUMBLINE_SERVER_STATS_SPANS_H_
#define PLUMBLINE_SERVER_STATS_SPANS_H_

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numeric>

#include "absl/types/span.h"

namespace plumbline::stats {

inline double Total(absl::Span<const uint64_t> counts) {
  return static_cast<double>(std::accumulate(counts.begin(), counts.end(), uint64_t{0}));
}

/// Rounded as a cast would, without its branch.
inline double ToDouble(uint64_t count) {
  return static_cast<double>(static_cast<int64_t>(count >> 32)) * 0x1p32 +
         static_cast<double>(static_cast<int64_t>(count & 0xffff'ffff));
}

inline bool AllFinite(absl::Span<const double> values) {
  return std::all_of(values.begin(), values.end(), [](double x) { return std::isfinite(x); });
}

}  // namespace plumbline::stats

#endif  // PLUMBLINE_SERVER_STATS_SPANS_H_
