#ifndef PLUMBLINE_SERVER_PROFILE_TIME_SPAN_H_
#define PLUMBLINE_SERVER_PROFILE_TIME_SPAN_H_

#include <algorithm>
#include <cstdint>
#include <limits>

#include "server/profile/batch.h"

namespace plumbline::profile {

/// The event time of a row in microseconds; 0 if the batch has none.
inline int64_t EventMicros(const BatchView& batch, uint32_t row) {
  return batch.row_event_micros.empty() ? batch.event_micros.value_or(0)
                                        : batch.row_event_micros[row];
}

/// The event times of rows, in microseconds: their bounds, whether every row has one, and whether
/// none comes before that of an earlier row.
struct TimeSpan {
  bool everywhere = true;
  bool in_order = true;
  int64_t oldest = std::numeric_limits<int64_t>::max();
  int64_t newest = std::numeric_limits<int64_t>::min();

  /// Rows [begin, end) of a batch.
  void Add(const BatchView& batch, uint32_t begin, uint32_t end) {
    if (!batch.row_event_micros.empty()) {
      for (const int64_t time : batch.row_event_micros.subspan(begin, end - begin)) See(time);
    } else if (batch.event_micros.has_value()) {
      See(*batch.event_micros);
    } else {
      everywhere = false;
    }
  }
  void See(int64_t time) {
    in_order &= time >= newest;
    oldest = std::min(oldest, time);
    newest = std::max(newest, time);
  }
};

}  // namespace plumbline::profile

#endif  // PLUMBLINE_SERVER_PROFILE_TIME_SPAN_H_
