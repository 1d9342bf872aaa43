#ifndef PLUMBLINE_SERVER_ENGINE_LABEL_JOIN_H_
#define PLUMBLINE_SERVER_ENGINE_LABEL_JOIN_H_

#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/numeric/int128.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "server/engine/label_rows.h"
#include "server/engine/model_key.h"
#include "server/engine/performance_slices.h"
#include "server/profile/baseline.h"
#include "server/profile/performance.h"
#include "server/stats/loss_detectors.h"
#include "server/storage/store.h"

namespace plumbline::engine {

/// What became of predictions and labels, since the baseline was activated.
struct LabelCounts {
  uint64_t kept = 0;             // rows with an id that are kept now
  uint64_t waiting = 0;          // of them labels without a prediction
  uint64_t joined = 0;           // labels that found their prediction
  uint64_t duplicates = 0;       // labels that said the same again
  uint64_t changed = 0;          // that differ from an earlier one, at another time of their own
  uint64_t contradictions = 0;   // that differ, and do not say which of them is the later
  uint64_t unusable_labels = 0;  // not finite, of another type, of a class that is none
  uint64_t unusable_predictions = 0;   // null, not finite, of another type
  uint64_t repeated_predictions = 0;   // that said the same again
  uint64_t expired_predictions = 0;    // given up without a label
  uint64_t expired_labels = 0;         // given up without a prediction
  uint64_t crowded_out = 0;            // of the expired ones: because there were too many
  uint64_t without_id = 0;             // rows whose id is empty, though their batch has ids
  uint64_t forgotten_predictions = 0;  // given up with their hour: there were too many hours
  uint64_t forgotten_labels = 0;       // the same of labels that were joined
};

/// The last alarm of a detector of change.
struct LossAlarm {
  uint64_t joined = 0;  // rows that were joined by then
  double before = 0;    // mean loss of what the detector had seen
  double after = 0;     // of about the last hundred
};

/// In units of the standard deviation of training's losses: losses that only scatter as they did
/// alarm less than once in a million.
inline constexpr stats::PageHinkley::Options kRiseOfLoss = {.delta = 0.12, .threshold = 75};

/// Losses as the detectors take them.
struct LossScale {
  double unit = 1;                                        // training's standard deviation
  double most = std::numeric_limits<double>::infinity();  // larger losses count as this

  /// Of the labels that training has.
  static LossScale Of(const profile::Baseline& baseline);
};

/// Joins labels to predictions by row id. Both wait in the store, by the hash of their id, up to a
/// bound in time and in number: what came with its time by that of the newest prediction that did,
/// the rest by arrival. What changed since the last commit waits in memory. Each
/// prediction and label is counted in the slice of the prediction's time: a label that changes
/// takes out what it added. All that it knows is as of the last commit once restored, so a batch
/// that is retried after a crash counts once. Not thread-safe.
class LabelJoin {
 public:
  /// `baseline` has a task. `store` is read only once something has been committed.
  LabelJoin(ModelKey key, std::shared_ptr<const profile::Baseline> baseline,
            const storage::Store* store, size_t max_rows);

  /// Reads what is stored. Errors: DataLoss.
  absl::Status Restore();

  /// True if all of the rows are known already, with these predictions and times: they come again
  /// with their labels, and are no new rows.
  bool ComeAgain(const LabelRows& rows);
  /// `now_micros` is the time of rows without one.
  void Add(const LabelRows& rows, int64_t now_micros);
  /// How long rows wait.
  void set_wait(absl::Duration wait);

  bool dirty() const { return dirty_ || slices_.dirty(); }
  /// Adds what changed since the last call, whose write is over by now. Lets rows expire.
  void Commit(storage::Store::Batch* batch);

  PerformanceSlices* slices() { return &slices_; }
  const LabelCounts& counts() const { return counts_; }
  /// Rows, labels and slices that could not be read since the start.
  uint64_t unreadable() const { return unreadable_ + slices_.unreadable(); }
  /// By detector: adwin, page_hinkley.
  const std::map<std::string, LossAlarm>& alarms() const { return alarms_; }
  double recent_loss() const { return recent_loss_.Value(); }

 private:
  // What is kept of a row id.
  struct Row {
    std::optional<profile::Outcome> outcome;
    int64_t micros = 0;  // of the prediction, or of a label without one
    bool timed = false;  // the prediction came with its time
    std::optional<double> label;
    int64_t label_micros = 0;
    bool label_timed = false;

    bool empty() const { return !outcome.has_value() && !label.has_value(); }
    // `micros` is its own time, not that of its arrival.
    bool by_event() const { return outcome.has_value() ? timed : label_timed; }
  };
  // By which rows expire.
  struct Age {
    std::optional<int64_t> newest_micros;
    int64_t oldest_micros = 0;  // no row that is kept is older
  };
  using Rows = absl::flat_hash_map<absl::uint128, Row>;

  static std::string Encode(const Row& row);
  absl::StatusOr<Row> Decode(absl::string_view bytes) const;
  // Reads rows that are not in memory into `found_`.
  void Load(const std::vector<absl::uint128>& ids);
  // Empty if it is not known.
  Row Find(absl::uint128 id) const;
  // Puts `after` in the place of `before`.
  void Replace(absl::uint128 id, const Row& before, Row after);

  Age* AgeOf(const Row& row) { return row.by_event() ? &event_ : &arrival_; }
  void AddAlone(const LabelRow& read, int64_t micros);
  void TakePrediction(const LabelRow& read, int64_t micros, bool labels_only, Row* row);
  // `own_micros` is the label's own time, if it has one.
  void TakeLabel(double label, std::optional<int64_t> own_micros, int64_t micros, Row* row);
  // The label of the row came again, with a later time.
  void Confirm(int64_t micros, Row* row);
  void Join(const Row& row, bool first);
  void Part(const Row& row);
  void WatchLoss(double loss);
  void Alarm(const std::string& detector, double before);
  void Expire(storage::Store::Batch* batch);
  using Times = std::vector<std::pair<int64_t, absl::uint128>>;
  // The oldest in the store, with their rows found; nullopt: unreadable.
  std::optional<Times> OldestTimes(int64_t from, int64_t until, size_t limit);
  void ExpireBy(Age* age, size_t limit, storage::Store::Batch* batch);
  void CrowdOut(size_t limit, storage::Store::Batch* batch);
  // The row that is kept by that time; nullopt: there is none any more.
  std::optional<Row> Kept(int64_t micros, absl::uint128 id, storage::Store::Batch* batch);
  void GiveUp(absl::uint128 id, const Row& row);
  void ToRecord(storage::v1::LabelStateRecord* record) const;
  absl::Status FromRecord(const storage::v1::LabelStateRecord& record);

  const std::shared_ptr<const profile::Baseline> baseline_;
  const storage::LabelHome home_;
  const storage::Store* const store_;
  const size_t max_rows_;
  const profile::PerformanceCounter counter_;
  absl::Duration wait_ = absl::Hours(24 * 400);
  const LossScale loss_scale_;

  PerformanceSlices slices_;
  LabelCounts counts_;
  stats::Adwin adwin_;
  stats::PageHinkley page_hinkley_{kRiseOfLoss};
  stats::FadingMean recent_loss_{0.99};
  std::map<std::string, LossAlarm> alarms_;
  Age event_, arrival_;

  Rows changed_;                                                // since the last commit
  Rows in_flight_;                                              // in the last commit
  Rows found_;                                                  // read for the batch at hand
  std::vector<std::pair<int64_t, absl::uint128>> stale_times_;  // entries of the index to delete
  bool committed_ = false;                                      // Commit was called
  bool stored_ = false;                                         // what it added is in the store
  bool dirty_ = false;
  uint64_t unreadable_ = 0;
};

}  // namespace plumbline::engine

#endif  // PLUMBLINE_SERVER_ENGINE_LABEL_JOIN_H_
