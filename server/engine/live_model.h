#ifndef PLUMBLINE_SERVER_ENGINE_LIVE_MODEL_H_
#define PLUMBLINE_SERVER_ENGINE_LIVE_MODEL_H_

#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "server/checks/alert.h"
#include "server/checks/evaluate.h"
#include "server/checks/on_call.h"
#include "server/checks/policy.h"
#include "server/engine/environments.h"
#include "server/engine/golden_watch.h"
#include "server/engine/ingest.h"
#include "server/engine/label_watch.h"
#include "server/engine/listening_time.h"
#include "server/engine/loads.h"
#include "server/engine/model_key.h"
#include "server/engine/producers.h"
#include "server/engine/quotas.h"
#include "server/engine/report.h"
#include "server/engine/slice.h"
#include "server/engine/slice_book.h"
#include "server/engine/snapshot.h"
#include "server/engine/sources.h"
#include "server/profile/baseline.h"
#include "server/profile/unknown_columns.h"
#include "server/profile/window_baseline.h"
#include "server/storage/store.h"

namespace plumbline::engine {

/// A copy of a window: its sum, and runs of its closed panes, each of about as much time.
struct LiveWindow {
  profile::Pane sum;
  std::vector<profile::WindowPart> parts;
};

/// One (model, version) with an active baseline: panes, sources, producers, evidence, alerts.
/// Everything it knows is in the store as of the last commit. One worker's thread alone touches it.
class LiveModel {
 public:
  /// A fresh one: empty windows, no alerts. `generation` is larger than any before. `store` is not
  /// owned, outlives it, and gets what Commit adds; it is not read before the second Commit.
  LiveModel(ModelKey key, std::shared_ptr<const profile::Baseline> baseline, checks::Policy policy,
            uint64_t generation, absl::Time now, const storage::Store* store,
            const Quotas& quotas = {});
  /// As the store holds it. Errors: DataLoss.
  static absl::StatusOr<std::unique_ptr<LiveModel>> Load(
      ModelKey key, std::shared_ptr<const profile::Baseline> baseline, checks::Policy policy,
      const storage::v1::ModelStateRecord& state, const storage::Store& store,
      const Quotas& quotas = {}, std::shared_ptr<const profile::GoldenBook> golden = nullptr,
      std::shared_ptr<const profile::Slicing> slicing = nullptr,
      std::shared_ptr<const profile::SeasonalTraining> season = nullptr);

  /// Claims the batch's number and, if it is new, counts its rows. Closes panes that the watermark
  /// has passed, and judges at every close. Does not call `done`.
  IngestOutcome Ingest(const IngestBatch& batch, absl::Time clock);
  /// True if rows that were counted elsewhere may be added: against this baseline, by these panes,
  /// aliases and slices.
  bool CanAdd(const CountedRows& counted) const {
    return counted.baseline == baseline_ && counted.pane_length == all_.window().length() &&
           counted.aliases == aliases_ && counted.slicing == slices_.slicing();
  }
  /// The same of what was read of predictions and labels.
  bool CanAdd(const LabelRows& labels) const { return labels.baseline == baseline_; }
  IngestOutcome Note(const IngestNote& note, absl::Time clock);
  /// What is known of the load then. Errors: as Loads::Declare, naming the model.
  absl::StatusOr<DeclaredLoad> Declare(const LoadDeclaration& declaration, absl::Time clock);

  /// Closes panes by the clock, lets epochs expire, and judges if anything changed or time alone
  /// may change a verdict. Alerts that changed are appended to `changed`, here and above, until
  /// TakeChanges.
  void Tick(absl::Time clock);
  std::vector<ModelAlert> TakeChanges();

  /// Adds what changed since the last call.
  bool dirty() const;
  void Commit(storage::Store::Batch* batch);

  /// Takes over the sequence marks of the model that this one replaces, and the time that they are
  /// kept in: a batch counted before is not counted again. And what producers declared, when the
  /// last batch came, and what people on call said.
  void InheritProducers(LiveModel* from);
  /// After all else: takes over the alerts, of whom nobody is untold. What goes on being judged by
  /// what was taken over goes on; the rest ends, says why, and stays to be seen.
  void InheritAlerts(LiveModel* from, absl::Time clock);
  /// Every alert as it is now.
  std::vector<checks::Alert> alerts() const;
  /// Deletes its windows and alerts from the store: another takes its place.
  void Delete(storage::Store::Batch* batch) const;
  /// Ends every open alert, for this reason.
  void EndAlerts(absl::Time clock, absl::string_view why);

  /// The baseline's golden rows, of which nothing is known yet; nullptr: none.
  void SetGolden(std::shared_ptr<const profile::GoldenBook> book);
  /// Takes over what became of golden rows: with the same baseline.
  void InheritGolden(LiveModel* from) { golden_ = std::move(from->golden_); }

  /// What people say of its alerts; see live_model_on_call.cc.
  const checks::OnCallBook& on_call() const { return *on_call_; }
  /// Changes it by `change`, whose error is returned naming the model, and holds alerts back by it.
  absl::Status ChangeOnCall(absl::Time clock,
                            absl::FunctionRef<absl::Status(checks::OnCallBook*)> change);
  /// As AlertBook::Acknowledge, for the alerts of every source.
  std::vector<checks::Alert> Acknowledge(const checks::AlertFilter& filter,
                                         const std::optional<checks::Signature>& signature);
  /// Errors: NotFound, InvalidArgument if no such check is made of it. Empty is always fine.
  absl::Status CheckVariable(checks::CheckId check, absl::string_view variable) const;
  /// The same of a slice, `variable=category`; and of a source.
  absl::Status CheckSlice(checks::CheckId check, absl::string_view slice) const;
  absl::Status CheckSource(checks::CheckId check, absl::string_view source) const;

  /// Takes a policy whose pane length is the same.
  void SetPolicy(checks::Policy policy);
  /// The same with what belongs to it, and judges by it. Alerts that end by it say so; the others
  /// go on.
  void ChangePolicy(checks::Policy policy, std::shared_ptr<const profile::Slicing> slicing,
                    std::shared_ptr<const profile::SeasonalTraining> season, absl::Time clock);

  /// The values of slice variables that are judged by themselves; nullptr: none. With the
  /// baseline's and the policy's.
  void SetSlicing(std::shared_ptr<const profile::Slicing> slicing);

  /// What training was by the policy's season; nullptr: it has none. With the baseline's and the
  /// policy's.
  void SetSeason(std::shared_ptr<const profile::SeasonalTraining> season);

  /// Of all rows (an empty name), or of some. Errors: NotFound if those are not judged by
  /// themselves.
  absl::StatusOr<Report> MakeReport(absl::Time clock, std::optional<size_t> variable,
                                    const SliceName& of = {});
  /// Of all rows, or of those of one source; `variable`: of this one. What is silent is told of all
  /// rows, and categories only added to `silent`: training's rows with them are on the disk.
  /// Errors: NotFound as MakeReport.
  absl::StatusOr<ImpactReport> MakeImpactReport(absl::Time clock, std::optional<size_t> variable,
                                                absl::string_view source,
                                                std::vector<SilentCategory>* silent);
  /// Errors: FailedPrecondition if the baseline has no labels and predictions that can be compared.
  absl::StatusOr<PerformanceReport> MakePerformanceReport(std::optional<CalendarUnit> unit);
  LiveWindow CopyWindow();
  std::shared_ptr<const ModelSnapshot> Snapshot();
  /// True if a snapshot would show something new since this was last asked.
  bool TakeNews() { return std::exchange(news_, false); }

  const ModelKey& key() const { return key_; }
  uint64_t generation() const { return generation_; }
  const checks::Policy& policy() const { return policy_; }
  const std::shared_ptr<const profile::Baseline>& baseline() const { return baseline_; }
  uint64_t evaluations() const { return evaluations_; }

 private:
  using RowRange = std::pair<uint32_t, uint32_t>;  // [first, second)
  struct RowsOfPane {
    std::vector<RowRange> ranges;
    int64_t newest_micros = std::numeric_limits<int64_t>::min();
  };

  // When rows happened. What has no time of its own is never late, though the clock may have been
  // set back.
  int64_t TimeOf(std::optional<int64_t> event_micros, const Moment& now) const;
  // Adds rows counted elsewhere.
  void Add(const CountedRows& counted, const Moment& now, IngestOutcome* outcome);
  // Pane of the source that takes rows besides that of all; nullptr: there is none.
  profile::Pane* PaneOfSource(absl::string_view source, uint64_t rows, int64_t pane_start);
  // Counts the rows, oldest pane first; late ones are counted apart.
  void Count(const IngestBatch& batch, const Moment& now, IngestOutcome* outcome);
  absl::Status RestoreAlerts(const storage::Store& store);
  // Puts alerts where they are judged; returns those that are not: their variable, source or slice
  // is not there.
  std::vector<checks::Alert> Place(std::vector<checks::Alert> alerts);
  // Ends these alerts, of slices that are no longer judged, and keeps them as resolved ones.
  void GiveUp(std::vector<checks::Alert> alerts);
  // What is judged again has the alerts that it left.
  void TakeUp();
  // As AlertBook::End, now; told and stored.
  void End(checks::AlertBook* book, absl::string_view why,
           absl::FunctionRef<bool(const checks::Alert&)> ends);
  // After the alerts.
  absl::Status RestoreOnCall(const storage::Store& store);
  void ExpireOnCall(absl::Time clock);
  bool IsPrediction(absl::string_view variable) const;
  // Of a folder of before there were incidents.
  void NameOldIncidents();
  // Names the incidents of alerts that have just begun.
  void NameIncidents(checks::AlertBook* book, std::vector<checks::Alert>* changed) const;
  void HoldAlerts();
  // As AlertBook::HoldBack, by what people say of this model.
  void HoldBack(checks::AlertBook* book, std::vector<checks::Alert>* changed) const;
  // Alerts that changed, to store and to tell.
  void Record(const std::vector<checks::Alert>& changed);
  std::map<int64_t, RowsOfPane> ByPane(const profile::BatchView& view) const;
  // The pane that takes `rows` that fall in it; nullptr if it has closed: then they are late.
  profile::Pane* PaneFor(int64_t pane_start, uint64_t rows, IngestOutcome* outcome);
  // Takes what the batch says of predictions and labels. True if its rows are no new ones.
  bool TakeLabels(const IngestBatch& batch, const Moment& now, IngestOutcome* outcome);
  void CountRows(const profile::PreparedBatch& prepared, absl::string_view source,
                 int64_t pane_start, absl::Span<const RowRange> ranges, IngestOutcome* outcome);
  IngestOutcome End(const IngestNote& note, const std::string& who, absl::Time now);
  void ClosePanes(const Moment& now);
  // `why`: what ends alerts now, if they do not know better.
  void Judge(const Moment& now, absl::string_view why = "");
  // `all` is the window of all rows, `of_all` what fires there.
  void JudgeSlice(const SliceName& name, const SliceBook::Entry& entry, const profile::Pane& all,
                  const std::vector<checks::Finding>& of_all, const Moment& now,
                  absl::string_view why);
  std::vector<checks::Finding> FindingsOf(
      const SliceName& name, const SliceBook::Entry& entry, const profile::Pane& window,
      const profile::Pane& all, const std::vector<profile::VariableStatistics>& statistics,
      const std::vector<checks::Finding>& of_all, const checks::AlertBook* alerts);
  // What a report says of the model, not of variables.
  void AddModelParts(const Moment& now, const profile::Pane& all, Report* report);
  // What is judged by itself: its rows, and what fires there; all of `of`.
  void AddSlices(std::optional<size_t> variable, const SliceName& of, const profile::Pane& all,
                 const std::vector<checks::Finding>& of_all, Report* report);
  // Errors: NotFound if the name is neither empty nor of rows that are judged by themselves.
  absl::Status IsJudged(const SliceName& of) const;
  // Adds to what fires among all rows which sources and slices it comes from.
  void NameSlices(std::vector<checks::Finding>* findings) const;
  // Adds to a variable that is absent what may be its new name.
  void NameRenames(std::vector<checks::Finding>* findings) const;
  void Change(Slice* slice, const std::vector<checks::Finding>& findings, const Moment& now,
              absl::string_view why);
  std::optional<checks::GoldenSummary> Golden(
      const std::vector<checks::EnvironmentSummary>& environments) const;
  // Rows of the window that are missing: by declared loads, or by batches that did not come.
  checks::MissingRows Missing(const Moment& now) const;
  checks::EvaluationInput InputOf(const Moment& now, const profile::Pane& window);

  const ModelKey key_;
  const std::shared_ptr<const profile::Baseline> baseline_;
  checks::Policy policy_;
  profile::Aliases aliases_;
  const uint64_t generation_;

  ListeningTime time_;
  Slice all_;
  SliceBook slices_;
  // Resolved, of what is not judged any more: what remains to be seen of it, until more is given
  // up.
  checks::AlertBook given_up_;
  Sources sources_;
  Producers producers_;
  Environments environments_;
  Loads loads_;
  GoldenWatch golden_;
  std::unique_ptr<LabelWatch> labels_;  // nullptr: the baseline has no task

  // Replaced when it changes; never nullptr.
  std::shared_ptr<const checks::OnCallBook> on_call_ = std::make_shared<const checks::OnCallBook>();

  profile::UnknownColumns unknown_columns_;  // since the start

  uint64_t rows_ = 0;
  uint64_t late_rows_ = 0;
  uint64_t rows_not_judged_apart_ = 0;  // since the start
  BatchCounts batches_;
  double missing_share_ = 0;  // of the window's rows, when it was last judged
  std::optional<Moment> last_batch_;
  absl::Time active_since_;

  bool state_dirty_ = true;
  bool judge_dirty_ = true;
  bool news_ = true;
  bool on_call_dirty_ = false;
  bool alert_waits_ = false;                       // a pending alert may fire by time alone
  std::vector<checks::Alert> changed_alerts_;      // to store
  std::vector<ModelAlert> changes_;                // to tell
  std::shared_ptr<const ModelSnapshot> snapshot_;  // the latest, which the board has as well
  LossSummary loss_;
  uint64_t evaluations_ = 0;
};

}  // namespace plumbline::engine

#endif  // PLUMBLINE_SERVER_ENGINE_LIVE_MODEL_H_
