#ifndef PLUMBLINE_SERVER_STATS_LOG_GAMMA_H_
#define PLUMBLINE_SERVER_STATS_LOG_GAMMA_H_

#include <math.h>

namespace plumbline::stats {

/// ln |gamma(x)|, the same as std::lgamma, which writes the sign to a global variable (POSIX: it
/// need not be thread-safe).
inline double LogGamma(double x) {
  int sign = 0;
  return ::lgamma_r(x, &sign);
}

}  // namespace plumbline::stats

#endif  // PLUMBLINE_SERVER_STATS_LOG_GAMMA_H_
