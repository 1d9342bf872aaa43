#ifndef PLUMBLINE_TESTS_STATS_INFINITY_H_
#define PLUMBLINE_TESTS_STATS_INFINITY_H_

#include <limits>

namespace plumbline::stats {

inline constexpr double kInfinity = std::numeric_limits<double>::infinity();

}  // namespace plumbline::stats

#endif  // PLUMBLINE_TESTS_STATS_INFINITY_H_
