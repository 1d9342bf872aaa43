#ifndef PLUMBLINE_SERVER_PROFILE_SEASON_H_
#define PLUMBLINE_SERVER_PROFILE_SEASON_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace plumbline::profile {

/// What live rows are compared with: all of training, or what training was at the same time of the
/// day or week. All in UTC; a week begins on Monday.
enum class Season : uint8_t { kNone, kHourOfDay, kDayOfWeek, kHourOfWeek };

inline constexpr Season kSeasons[] = {Season::kHourOfDay, Season::kDayOfWeek, Season::kHourOfWeek};

/// `none`, `hour_of_day`, `day_of_week`, `hour_of_week`; and back (nullopt: no such one).
absl::string_view SeasonName(Season season);
std::optional<Season> ParseSeason(absl::string_view name);
/// `hour of the day`; empty for none.
absl::string_view SeasonWords(Season season);

/// 24, 7 or 168; 1 for none.
size_t SeasonBuckets(Season season);
/// How long one bucket lasts, and after which time it comes again; infinite for none.
absl::Duration BucketLength(Season season);
absl::Duration SeasonPeriod(Season season);
size_t BucketOf(Season season, int64_t micros);
/// The bucket that an hour of the week belongs to.
size_t BucketOfHour(Season season, size_t hour_of_week);

/// Rows by the bucket that they came in.
using BucketRows = std::vector<uint64_t>;

}  // namespace plumbline::profile

#endif  // PLUMBLINE_SERVER_PROFILE_SEASON_H_
