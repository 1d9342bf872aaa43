#ifndef PLUMBLINE_SERVER_PROFILE_SEASON_COUNTS_H_
#define PLUMBLINE_SERVER_PROFILE_SEASON_COUNTS_H_

#include <array>
#include <iterator>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "server/profile/baseline.h"
#include "server/profile/natural_variation.h"
#include "server/profile/pane.h"
#include "server/profile/season.h"

namespace plumbline::profile {

/// Training's exact counts by the time that its rows came, in UTC.
struct SeasonCounts {
  Season kept = Season::kNone;  // kHourOfWeek, of which all others are sums, or kHourOfDay
  std::vector<Pane> buckets;    // of it
  /// What training varies by itself beside each of kSeasons, by variable: `groups` over
  /// SeasonalTraining::kRanks. Empty: training is too short for that season.
  std::array<std::vector<NaturalVariation>, std::size(kSeasons)> natural;

  const std::vector<NaturalVariation>& NaturalOf(Season season) const {
    return natural[static_cast<size_t>(season) - 1];
  }
  /// True if this season can be compared with.
  bool Holds(Season season) const { return season != Season::kNone && !NaturalOf(season).empty(); }
};

/// True if the baseline's rows have times over two periods of the season or more, but for an hour.
bool CoversSeason(const Baseline& baseline, Season season);

/// Bytes of it for Baseline::seasons, and back under the same baseline. Errors: DataLoss if they
/// are not counts of this baseline; hostile bytes are safe.
std::string EncodeSeasons(const SeasonCounts& counts);
absl::StatusOr<SeasonCounts> DecodeSeasons(const Baseline& baseline, absl::string_view bytes);

}  // namespace plumbline::profile

#endif  // PLUMBLINE_SERVER_PROFILE_SEASON_COUNTS_H_
