#ifndef PLUMBLINE_SERVER_ENGINE_ENGINE_H_
#define PLUMBLINE_SERVER_ENGINE_ENGINE_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "plumbline/storage/v1/records.pb.h"
#include "server/base/clock.h"
#include "server/checks/policy.h"
#include "server/engine/baseline_session.h"
#include "server/engine/calendar.h"
#include "server/engine/durability.h"
#include "server/engine/ingest.h"
#include "server/engine/model_key.h"
#include "server/engine/profile_book.h"
#include "server/engine/quotas.h"
#include "server/engine/report.h"
#include "server/engine/slice_name.h"
#include "server/engine/snapshot.h"
#include "server/profile/baseline.h"
#include "server/storage/store.h"

namespace plumbline::engine {

class Backtester;
struct Chunking;

struct EngineOptions {
  std::string data_dir;
  size_t workers = 2;
  size_t queue_capacity = 4096;  // batches waiting, per worker
  absl::Duration evaluation_interval = absl::Seconds(1);
  absl::Duration commit_interval = absl::Milliseconds(2);  // least time between commits of a worker
  Quotas quotas;
  Durability durability;
  absl::Duration recovery_interval = absl::Seconds(1);  // between tries after a failed write
};

/// One version of a model, for lists.
struct VersionInfo {
  std::string version;
  bool is_default = false;
  uint64_t active_baseline = 0;
  uint64_t rows = 0;
  std::optional<absl::Time> last_batch, watermark;
  uint32_t firing_alerts = 0;
};

struct ModelInfo {
  std::string name;
  std::vector<VersionInfo> versions;
};

/// A baseline in short.
struct BaselineInfo {
  ModelKey key;
  uint64_t number = 0;
  bool active = false;
  storage::v1::BaselineHeadRecord head;
};

/// Owns every live model, spread over workers by key: a worker's thread alone touches its models.
/// One committer writes what changed and then acknowledges. Thread-safe. The data plane never
/// blocks and never touches the disk; the control plane may block for as long as a commit takes.
class Engine {
 public:
  /// Loads everything from the store and starts the threads. Errors: DataLoss, FailedPrecondition
  /// from the store, naming what could not be read.
  static absl::StatusOr<std::unique_ptr<Engine>> Start(const EngineOptions& options,
                                                       storage::Store* store, base::Clock* clock);
  /// Stops if Stop was not called.
  ~Engine();

  /// Refuses new batches (kRetry), processes what is queued, commits, acknowledges, joins the
  /// threads.
  void Stop();

  // Data plane.

  /// The version that a request without one means. Errors: NotFound naming the model.
  absl::StatusOr<ModelKey> Resolve(absl::string_view model, absl::string_view version) const;
  /// Errors are outcomes: an unknown model or a role that contradicts the baseline is refused, a
  /// full queue is a retry.
  void Ingest(IngestBatch batch);
  void Note(IngestNote note);
  /// Counts why a request was refused or is to be tried again. Whoever answers requests calls it
  /// once for each.
  void CountAnswer(const IngestOutcome& outcome);
  /// Refusals of the control plane for a quota, those of the transport too.
  QuotaBook* quota_book();
  /// How far ahead of the clock an event time of this model may be. The default for an unknown
  /// model.
  absl::Duration MaxFutureSkew(const ModelKey& key) const;

  // Control plane. An empty version means the default one; number 0 the active baseline. What goes
  // beyond a quota is refused by QuotaBook.

  absl::StatusOr<std::unique_ptr<BaselineSession>> BeginBaseline(BaselineRequest request);
  /// Counts and stores the session's baseline; activates it unless told otherwise.
  absl::StatusOr<BaselineInfo> CommitBaseline(std::unique_ptr<BaselineSession> session,
                                              uint64_t expected_rows);
  /// Stores a baseline that was built elsewhere, under a new number.
  absl::StatusOr<BaselineInfo> ImportBaseline(profile::Baseline baseline, bool keep_inactive);
  /// Stores the model's window as a baseline; activates it unless told otherwise. Errors: NotFound,
  /// FailedPrecondition (see BaselineOfWindow), also for fewer rows than drift is judged by.
  absl::StatusOr<BaselineInfo> BaselineFromWindow(absl::string_view model,
                                                  absl::string_view version,
                                                  std::string description, bool keep_inactive);
  absl::StatusOr<std::shared_ptr<const profile::Baseline>> GetBaseline(absl::string_view model,
                                                                       absl::string_view version,
                                                                       uint64_t number);
  /// The same with the chunks and the row sample, which GetBaseline leaves on the disk.
  absl::StatusOr<std::shared_ptr<const profile::Baseline>> GetWholeBaseline(
      absl::string_view model, absl::string_view version, uint64_t number);
  absl::StatusOr<BaselineInfo> GetBaselineInfo(const ModelKey& key, uint64_t number);
  absl::StatusOr<std::vector<BaselineInfo>> ListBaselines(absl::string_view model,
                                                          absl::string_view version);
  absl::StatusOr<BaselineInfo> ActivateBaseline(absl::string_view model, absl::string_view version,
                                                uint64_t number);
  absl::Status DeleteBaseline(absl::string_view model, absl::string_view version, uint64_t number);

  /// Stores what a producer runs in; durable when it returns. What differs from the environment of
  /// the active baseline; nullopt if that has none.
  absl::StatusOr<std::optional<manifest::EnvironmentComparison>> DeclareEnvironment(
      IngestNote declaration);

  /// Stores what is declared of a load; durable when it returns. What is known of the load then.
  /// Errors: as LiveModel::Declare; NotFound.
  absl::StatusOr<DeclaredLoad> DeclareLoad(const ModelKey& key, const LoadDeclaration& declaration);

  // What lies beside a baseline, and is deleted with it.

  /// Stores a split in the place of one of the same name; the number of its baseline. Errors:
  /// FailedPrecondition for more than kMaxSplits.
  static constexpr size_t kMaxSplits = 100;
  absl::StatusOr<uint64_t> RecordSplit(absl::string_view model, absl::string_view version,
                                       uint64_t number, const storage::v1::SplitRecord& split);
  absl::StatusOr<std::vector<storage::v1::SplitRecord>> ListSplits(absl::string_view model,
                                                                   absl::string_view version,
                                                                   uint64_t number);
  /// Errors: NotFound.
  absl::Status DeleteSplit(absl::string_view model, absl::string_view version, uint64_t number,
                           absl::string_view name);

  /// Golden rows of a baseline, in the place of those that it has; its number.
  absl::StatusOr<uint64_t> RecordGolden(absl::string_view model, absl::string_view version,
                                        uint64_t number, profile::GoldenRows rows);
  struct Golden {
    ModelKey key;
    uint64_t number = 0;
    std::shared_ptr<const profile::GoldenBook> book;
  };
  /// Errors: NotFound if the baseline has none.
  absl::StatusOr<Golden> GetGolden(absl::string_view model, absl::string_view version,
                                   uint64_t number);
  /// Errors: NotFound if the baseline has none.
  absl::Status DeleteGolden(absl::string_view model, absl::string_view version, uint64_t number);

  std::vector<ModelInfo> ListModels() const;
  absl::StatusOr<ModelInfo> GetModel(absl::string_view model) const;
  absl::Status DeleteModel(absl::string_view model, absl::string_view version);
  absl::Status SetDefaultVersion(absl::string_view model, absl::string_view version);

  /// As somebody set it; and as it takes effect.
  absl::StatusOr<storage::v1::PolicyRecord> GetStoredPolicy(absl::string_view model,
                                                            absl::string_view version) const;
  absl::StatusOr<checks::Policy> GetPolicy(absl::string_view model,
                                           absl::string_view version) const;
  /// Errors: InvalidArgument naming the field. Another pane length starts new windows. Alerts that
  /// end by it say so.
  absl::StatusOr<checks::Policy> SetPolicy(absl::string_view model, absl::string_view version,
                                           const storage::v1::PolicyRecord& policy);

  /// The profiles of data sets.
  ProfileBook& profiles();

  /// The report of the current window: of all rows, or of some. Errors: NotFound naming model,
  /// variable (empty: all), source or slice; InvalidArgument for both of the latter.
  absl::StatusOr<Report> GetReport(absl::string_view model, absl::string_view version,
                                   absl::string_view variable, const SliceName& of = {});
  /// How predictions differ in rows of the current window that lack an input, and since what is
  /// silent is. Errors: as GetReport.
  absl::StatusOr<ImpactReport> GetImpact(absl::string_view model, absl::string_view version,
                                         absl::string_view variable, absl::string_view source = "");
  /// Performance of the predictions whose labels have come, and as estimated; `unit`: by the
  /// calendar as well. Errors: NotFound; FailedPrecondition as LiveModel::MakePerformanceReport.
  absl::StatusOr<PerformanceReport> GetPerformance(absl::string_view model,
                                                   absl::string_view version,
                                                   std::optional<CalendarUnit> unit);
  /// What judges past rows against a baseline, by `policy`, or else by the stored one; sources by
  /// `source_column`, see BacktestSlices. Errors: NotFound, InvalidArgument if the policy's slice
  /// variables are none of this baseline; as CheckSeason, naming the model.
  absl::StatusOr<std::unique_ptr<Backtester>> NewBacktest(
      absl::string_view model, absl::string_view version, uint64_t baseline_number,
      const std::optional<checks::Policy>& policy, const Chunking& chunking,
      std::string source_column);
  /// Pending and firing alerts, critical first, then the oldest; also resolved ones if asked.
  std::vector<ModelAlert> ListAlerts(absl::string_view model, absl::string_view version,
                                     bool include_resolved) const;
  // What people on call say of alerts; durable when it returns. Errors: NotFound and
  // InvalidArgument naming model, check, variable and value; those of checks::OnCallBook.

  /// Somebody looks after the open alerts that match; nullopt: nobody does any more. Errors:
  /// NotFound if none matches.
  absl::StatusOr<std::vector<ModelAlert>> AcknowledgeAlerts(
      absl::string_view model, absl::string_view version, const checks::AlertFilter& filter,
      std::optional<checks::Signature> signature);
  /// The times of signatures are set here. A mute lasts until `until`, or (InfinitePast) for
  /// `lasts`.
  absl::StatusOr<std::pair<ModelKey, checks::Mute>> MuteCheck(absl::string_view model,
                                                              absl::string_view version,
                                                              checks::Mute mute,
                                                              absl::Duration lasts);
  absl::StatusOr<std::pair<ModelKey, checks::Mute>> UnmuteCheck(absl::string_view model,
                                                                absl::string_view version,
                                                                const checks::Mute& of,
                                                                checks::Signature end);
  /// A change begins at `from`, or (InfinitePast) now, and lasts for `lasts`.
  absl::StatusOr<std::pair<ModelKey, checks::ExpectedChange>> DeclareChange(
      absl::string_view model, absl::string_view version, checks::ExpectedChange change,
      absl::Duration lasts);
  absl::StatusOr<std::pair<ModelKey, checks::ExpectedChange>> WithdrawChange(
      absl::string_view model, absl::string_view version, absl::string_view name,
      checks::Signature end);
  /// Of one model or of all, by key. Errors: NotFound for a model or version that does not exist.
  absl::StatusOr<std::vector<ModelOnCall>> ListOnCall(absl::string_view model,
                                                      absl::string_view version) const;
  /// What belongs together of the open alerts: critical first, then the oldest. Errors: NotFound
  /// for a model or version that does not exist.
  absl::StatusOr<std::vector<ModelIncident>> ListIncidents(absl::string_view model,
                                                           absl::string_view version);
  /// `watcher` is called for every change from now on, from engine threads: it must not block.
  /// Until Unwatch returns.
  uint64_t Watch(std::function<void(const ModelAlert&)> watcher);
  void Unwatch(uint64_t id);

  // Telemetry.

  std::vector<std::shared_ptr<const ModelSnapshot>> ModelSnapshots() const;
  ServiceSnapshot ServiceState() const;

 private:
  struct Impl;
  explicit Engine(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace plumbline::engine

#endif  // PLUMBLINE_SERVER_ENGINE_ENGINE_H_
