#include "server/profile/season.h"

#include <utility>

namespace plumbline::profile {
namespace {

constexpr int64_t kHourMicros = int64_t{3600} * 1'000'000;
constexpr int64_t kHoursOfDay = 24;
constexpr int64_t kHoursOfWeek = 168;
// 1970-01-01 was a Thursday.
constexpr int64_t kHoursBeforeEpoch = 3 * kHoursOfDay;

constexpr std::pair<Season, absl::string_view> kSeasonNames[] = {
    {Season::kNone, "none"},
    {Season::kHourOfDay, "hour_of_day"},
    {Season::kDayOfWeek, "day_of_week"},
    {Season::kHourOfWeek, "hour_of_week"}};

}  // namespace

absl::string_view SeasonName(Season season) {
  for (const auto& [value, name] : kSeasonNames) {
    if (value == season) return name;
  }
  return "";
}

std::optional<Season> ParseSeason(absl::string_view name) {
  for (const auto& [value, season_name] : kSeasonNames) {
    if (season_name == name) return value;
  }
  return std::nullopt;
}

absl::string_view SeasonWords(Season season) {
  switch (season) {
    case Season::kHourOfDay:
      return "hour of the day";
    case Season::kDayOfWeek:
      return "day of the week";
    case Season::kHourOfWeek:
      return "hour of the week";
    case Season::kNone:
      break;
  }
  return "";
}

size_t SeasonBuckets(Season season) {
  switch (season) {
    case Season::kHourOfDay:
      return kHoursOfDay;
    case Season::kDayOfWeek:
      return kHoursOfWeek / kHoursOfDay;
    case Season::kHourOfWeek:
      return kHoursOfWeek;
    case Season::kNone:
      break;
  }
  return 1;
}

absl::Duration BucketLength(Season season) {
  if (season == Season::kNone) return absl::InfiniteDuration();
  return absl::Hours(season == Season::kDayOfWeek ? kHoursOfDay : 1);
}

absl::Duration SeasonPeriod(Season season) {
  if (season == Season::kNone) return absl::InfiniteDuration();
  return absl::Hours(season == Season::kHourOfDay ? kHoursOfDay : kHoursOfWeek);
}

size_t BucketOf(Season season, int64_t micros) {
  int64_t hours = micros / kHourMicros;
  if (hours * kHourMicros > micros) --hours;
  const int64_t hour = ((hours + kHoursBeforeEpoch) % kHoursOfWeek + kHoursOfWeek) % kHoursOfWeek;
  return BucketOfHour(season, static_cast<size_t>(hour));
}

size_t BucketOfHour(Season season, size_t hour_of_week) {
  switch (season) {
    case Season::kHourOfDay:
      return hour_of_week % kHoursOfDay;
    case Season::kDayOfWeek:
      return hour_of_week / kHoursOfDay;
    case Season::kHourOfWeek:
      return hour_of_week;
    case Season::kNone:
      break;
  }
  return 0;
}

}  // namespace plumbline::profile
