#ifndef PLUMBLINE_SERVER_ENGINE_CALENDAR_H_
#define PLUMBLINE_SERVER_ENGINE_CALENDAR_H_

#include <utility>

#include "absl/time/time.h"

namespace plumbline::engine {

enum class CalendarUnit { kHour, kDay, kWeek, kMonth };

/// The calendar slice (UTC; weeks begin on Monday) in which `time` lies: its first moment and the
/// next one's.
std::pair<absl::Time, absl::Time> CalendarSlice(CalendarUnit unit, absl::Time time);

}  // namespace plumbline::engine

#endif  // PLUMBLINE_SERVER_ENGINE_CALENDAR_H_
