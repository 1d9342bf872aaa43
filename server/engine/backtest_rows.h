#ifndef PLUMBLINE_SERVER_ENGINE_BACKTEST_ROWS_H_
#define PLUMBLINE_SERVER_ENGINE_BACKTEST_ROWS_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "server/checks/alert.h"
#include "server/checks/change_watch.h"
#include "server/checks/finding.h"
#include "server/checks/policy.h"
#include "server/profile/baseline.h"
#include "server/profile/pane.h"
#include "server/profile/seasonal_training.h"
#include "server/profile/statistics.h"

namespace plumbline::engine {

/// Rows, and with a season how many came in each of its buckets.
struct TimedRows {
  profile::Pane pane;
  profile::BucketRows times;

  void Merge(const TimedRows& other);
};

/// Rows that a backtest judges together: all, those of one source, or those with one value of a
/// slice variable. What Slice is to a live model, for chunks: each is a window, and its halves are
/// two blocks. A chunk is counted in parts, the same for all that is judged, so that its halves are
/// too. Memory: one part is held as it is, the latest chunks are encoded. Not thread-safe.
class BacktestRows {
 public:
  /// `trained` is what the rows are held against, and `season` what drift is (nullptr: that alone).
  /// `encodes`: its parts rest encoded, at a cost that is felt where they are small. The first
  /// parts are kept as a sum of their own until it has `first_rows` rows.
  BacktestRows(std::shared_ptr<const profile::Baseline> trained,
               std::shared_ptr<const profile::SeasonalTraining> season, bool encodes,
               uint64_t first_rows = 0);
  BacktestRows(const BacktestRows&) = delete;
  BacktestRows& operator=(const BacktestRows&) = delete;

  /// What counts the rows of this part of the chunk, until the next call of anything else.
  TimedRows* Open(size_t part);
  /// Of the parts each two neighbours become one.
  void PairParts();
  /// True if the chunk has no rows of these so far, nor the one before.
  bool idle() const { return parts_.empty() && !open_.has_value() && !had_rows_; }

  /// The chunk is over; its first half is so many parts. The latest chunks are kept, up to
  /// policy.window_panes.
  void EndChunk(size_t first_half, const checks::Policy& policy);
  /// Gives back what the chunk that ended takes, until the next one.
  void Release() { chunk_ = {}; }
  /// Of the chunk that ended, as what follows is.
  const profile::Pane& window() const { return chunk_.pane; }
  /// With a season: training at the same times; nullptr: none.
  const profile::Baseline* InSeason();
  std::vector<profile::VariableStatistics> Describe();
  /// What changed, by all halves so far; nullptr: the chunk has too few rows. `log_alarm`: see
  /// ChangeWatch::Weigh.
  const std::vector<checks::VariableEvidence>* Changes(const checks::Policy& policy,
                                                       double log_alarm);
  /// Sum of so many chunks, the newest first.
  profile::Pane SumOfLatest(uint32_t chunks) const;
  /// Sum of the first parts; nullopt until it has `first_rows` rows.
  std::optional<profile::Pane> First() const;

  /// Moves the alerts; the evidence of one that ended begins anew. Returns those that changed.
  std::vector<checks::Alert> Advance(const std::vector<checks::Finding>& findings,
                                     const checks::Policy& policy, absl::Time now);
  checks::AlertBook& alerts() { return alerts_; }
  const checks::AlertBook& alerts() const { return alerts_; }

 private:
  // No bytes: no rows.
  struct Encoded {
    std::string bytes;
    profile::BucketRows times;
  };
  struct Part {
    std::optional<TimedRows> rows;  // or else
    Encoded encoded;

    bool empty() const { return !rows.has_value() && encoded.bytes.empty(); }
  };

  TimedRows NoRows() const;
  static Encoded Encode(TimedRows rows);
  TimedRows Decode(const Encoded& encoded) const;
  TimedRows Take(Part* part) const;
  Part Rest(TimedRows rows) const;
  // Puts the open part with the others.
  void Close();
  void KeepFirst(const profile::Pane& part);
  // Of so many chunks, the newest first.
  profile::BucketRows TimesOfLatest(uint32_t chunks) const;

  const std::shared_ptr<const profile::Baseline> trained_;
  const std::shared_ptr<const profile::SeasonalTraining> season_;  // nullptr: none
  std::optional<profile::SeasonalBaseline> in_season_;
  const bool encodes_;
  std::vector<Part> parts_;  // of the chunk
  std::optional<TimedRows> open_;
  size_t open_part_ = 0;
  TimedRows chunk_;             // that ended
  std::deque<Encoded> latest_;  // chunks, the newest first
  const uint64_t first_rows_;
  profile::Pane first_;
  checks::ChangeWatch watch_;
  bool had_rows_ = false, observed_ = false;  // of the chunk that ended
  std::vector<checks::VariableEvidence> changes_;
  uint64_t block_number_ = 0;
  checks::AlertBook alerts_;
};

}  // namespace plumbline::engine

#endif  // PLUMBLINE_SERVER_ENGINE_BACKTEST_ROWS_H_
