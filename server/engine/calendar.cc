#include "server/engine/calendar.h"

#include "absl/time/civil_time.h"

namespace plumbline::engine {

std::pair<absl::Time, absl::Time> CalendarSlice(CalendarUnit unit, absl::Time time) {
  const absl::TimeZone utc = absl::UTCTimeZone();
  const absl::CivilSecond second = absl::ToCivilSecond(time, utc);
  switch (unit) {
    case CalendarUnit::kHour: {
      const absl::CivilHour hour(second);
      return {absl::FromCivil(hour, utc), absl::FromCivil(hour + 1, utc)};
    }
    case CalendarUnit::kDay: {
      const absl::CivilDay day(second);
      return {absl::FromCivil(day, utc), absl::FromCivil(day + 1, utc)};
    }
    case CalendarUnit::kWeek: {
      const absl::CivilDay monday =
          absl::NextWeekday(absl::CivilDay(second), absl::Weekday::monday) - 7;
      return {absl::FromCivil(monday, utc), absl::FromCivil(monday + 7, utc)};
    }
    case CalendarUnit::kMonth: {
      const absl::CivilMonth month(second);
      return {absl::FromCivil(month, utc), absl::FromCivil(month + 1, utc)};
    }
  }
  return {time, time};
}

}  // namespace plumbline::engine
