#ifndef PLUMBLINE_SERVER_ENGINE_SLICE_H_
#define PLUMBLINE_SERVER_ENGINE_SLICE_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "plumbline/storage/v1/records.pb.h"
#include "server/checks/alert.h"
#include "server/checks/change_watch.h"
#include "server/checks/finding.h"
#include "server/checks/policy.h"
#include "server/engine/window.h"
#include "server/profile/arrival_clocks.h"
#include "server/profile/baseline.h"
#include "server/profile/pane.h"
#include "server/profile/seasonal_training.h"
#include "server/profile/statistics.h"

namespace plumbline::engine {

/// Rows that are judged together: all of a model's, those of one source, or those with one value of
/// a slice variable: their window, what the closed panes give as evidence, and the alerts. Not
/// thread-safe.
class Slice {
 public:
  /// All rows have arrival clocks; of a source the first rows are kept (Window::First).
  enum class Of { kAllRows, kSource, kValue };
  /// `baseline` is what the rows are held against.
  Slice(std::shared_ptr<const profile::Baseline> baseline, PaneHome home,
        const checks::Policy& policy, Of of);
  /// So many first rows are kept; 0: none.
  static uint64_t FirstRows(Of of, const checks::Policy& policy);

  Window& window() { return window_; }
  const Window& window() const { return window_; }

  /// Closes the oldest open pane, and adds it to the evidence block that is being gathered; the
  /// block is complete with `min_rows` rows.
  void ClosePane(int64_t pane_start, uint64_t min_rows);
  /// Since when what has been silent; nullptr but for all rows.
  const profile::ArrivalClocks* clocks() const { return clocks_.has_value() ? &*clocks_ : nullptr; }
  /// What changed, by the complete blocks, of one of so many slices that share the budget of false
  /// pages; nullptr: there was no block. After SetPolicy only alerts that are active have evidence
  /// until a block is complete.
  const std::vector<checks::VariableEvidence>* Changes(const checks::Policy& policy, size_t slices);
  /// What drift is held against, from now on; nullptr: the baseline. With another one than before
  /// the evidence begins anew. Before Restore it is that of the policy.
  void SetSeason(std::shared_ptr<const profile::SeasonalTraining> season);
  /// With a season: training at the times of the window as it is now, good until the next call;
  /// nullptr: no season.
  const profile::Baseline* InSeason();
  /// Another policy, with panes of the same length: by itself it makes nothing fire.
  void SetPolicy(const checks::Policy& policy);
  uint64_t block_number() const { return block_number_; }
  /// Where the last complete block ends.
  int64_t blocks_until() const { return gathering_since_; }
  /// Sum of so many closed panes, up to `until`.
  profile::Pane SumOfLatest(uint32_t panes, int64_t until);

  /// The statistics of `window`, which is Window::Sum, for the next snapshot too.
  const std::vector<profile::VariableStatistics>& Describe(const profile::Pane& window);
  /// Those of the last call, or nothing if they have been taken.
  std::vector<profile::VariableStatistics> TakeStatistics() {
    return std::exchange(statistics_, {});
  }
  uint64_t rows_described() const { return rows_described_; }

  /// Moves the alerts, see AlertBook; returns those that changed. The evidence of one that ended
  /// begins anew.
  std::vector<checks::Alert> Advance(const std::vector<checks::Finding>& findings,
                                     const checks::Policy& policy, absl::Time now,
                                     absl::string_view why = "");
  checks::AlertBook& alerts() { return alerts_; }
  const checks::AlertBook& alerts() const { return alerts_; }

  /// Adds to `batch` what of the window changed.
  void Commit(storage::Store::Batch* batch);
  /// Everything but what the window and the alerts store themselves.
  void ToRecord(storage::v1::SliceRecord* record) const;
  /// With the window as the store holds it; alerts are restored apart. Errors: DataLoss.
  absl::Status Restore(const storage::v1::SliceRecord& record, int64_t closed_until);

 private:
  // Rows of closed panes from `from` to `until` by bucket of the season.
  profile::BucketRows TimesOf(int64_t from, int64_t until) const;

  const std::shared_ptr<const profile::Baseline> baseline_;
  std::shared_ptr<const profile::SeasonalTraining> season_;  // nullptr: none
  std::optional<profile::SeasonalBaseline> in_season_;       // at the times of the window
  Window window_;
  checks::AlertBook alerts_;
  std::optional<profile::ArrivalClocks> clocks_;
  // Evidence blocks: runs of closed panes with enough rows.
  checks::ChangeWatch watch_;
  std::optional<std::vector<checks::VariableEvidence>> changes_;  // nullopt: to be weighed
  size_t weighed_slices_ = 0;                                     // for so many
  std::optional<uint64_t> policy_block_;  // block_number_ when the policy was set
  profile::Pane gathering_;               // default-constructed while nothing is gathered
  int64_t last_block_since_;
  int64_t gathering_since_;
  uint64_t block_number_ = 0;
  std::vector<profile::VariableStatistics> statistics_;
  uint64_t rows_described_ = 0;
};

}  // namespace plumbline::engine

#endif  // PLUMBLINE_SERVER_ENGINE_SLICE_H_
