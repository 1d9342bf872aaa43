#ifndef PLUMBLINE_SERVER_PROFILE_SEASONAL_TRAINING_H_
#define PLUMBLINE_SERVER_PROFILE_SEASONAL_TRAINING_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "server/profile/baseline.h"
#include "server/profile/code_counts.h"
#include "server/profile/counts.h"
#include "server/profile/natural_variation.h"
#include "server/profile/season.h"
#include "server/profile/season_counts.h"
#include "server/stats/change_evidence.h"

namespace plumbline::profile {

/// What training was at each hour of the day, day or hour of the week; and how much it varies by
/// itself beside that.
///
/// A bucket with fewer than 100 rows of a variable is filled up to 100 with the shares of what is
/// broader: an hour of the week with the same hour of all days, everything else with the whole.
///
/// Immutable; any thread. About 1 KB for each bucket of a numeric variable.
class SeasonalTraining {
 public:
  /// Groups of equal mass within training at the same time, in the order of codes: what evidence is
  /// weighed over, whatever the time. Rows of a code that lies in several are shared out.
  static constexpr size_t kRanks = 10;

  /// Of a baseline whose `seasons` were read with it. Errors: as CheckSeason; DataLoss.
  static absl::StatusOr<std::shared_ptr<const SeasonalTraining>> Load(const Baseline& whole,
                                                                      Season season);
  /// `counts` hold the season (Holds).
  SeasonalTraining(const Baseline& whole, const SeasonCounts& counts, Season season);

  Season season() const { return season_; }
  size_t buckets() const { return SeasonBuckets(season_); }
  size_t BucketOf(int64_t micros) const { return profile::BucketOf(season_, micros); }

  /// Training's shares of the codes at the times of `rows`, in proportion to them, and of how many
  /// rows they are known. Without live rows those of the whole.
  struct Mixture {
    std::vector<double> shares;  // they sum up to 1; all 0 if training has no value
    double rows = 0;
    double mean = 0, variance = 0, min = 0, max = 0;  // of a numeric variable
  };
  Mixture At(size_t variable, const BucketRows& rows) const;

  /// Makes of `trained`, which has the whole's variables, what training was at the times of `rows`:
  /// counts, grouping and natural variation. Rows without a value are not told by time.
  void Apply(const BucketRows& rows, Baseline* trained) const;

  /// Training's rows of the variable by bucket.
  std::vector<double> RowsOf(size_t variable) const;

  /// Counts by rank among `shares`, and what those of live rows are held against.
  static std::vector<uint64_t> Ranks(absl::Span<const double> shares, const CodeCounts& live);
  stats::ShareReference Reference(size_t variable, const Mixture& mixture) const;

 private:
  struct Bucket {
    std::vector<float> shares;
    double rows = 0;                                // of values
    double mean = 0, square = 0, min = 0, max = 0;  // square: mean of (x - centre)^2
  };
  struct Trained {
    std::vector<Bucket> buckets;
    Bucket whole;
    double centre = 0;  // the whole's mean
    bool ordered = false;
    Grouping grouping;  // the whole's
    NaturalVariation natural;
  };

  static Bucket Filled(const VariableCounts& counts, double centre, const Bucket& broader);

  Season season_;
  std::vector<Trained> variables_;
};

/// Training at the times of live rows, as a baseline of its own; of no season the baseline itself.
/// Not thread-safe.
class SeasonalBaseline {
 public:
  SeasonalBaseline(const Baseline* baseline, std::shared_ptr<const SeasonalTraining> season);

  /// Good until the next call.
  const Baseline& At(const BucketRows& rows);

 private:
  const Baseline* baseline_;
  std::shared_ptr<const SeasonalTraining> season_;  // nullptr: none
  Baseline trained_;
  BucketRows rows_;  // that it is of; empty: none so far
};

/// Why the baseline cannot be compared with by this season; OK if it can, or there is none. Errors:
/// FailedPrecondition.
absl::Status CheckSeason(const Baseline& baseline, Season season);

}  // namespace plumbline::profile

#endif  // PLUMBLINE_SERVER_PROFILE_SEASONAL_TRAINING_H_
