#ifndef PLUMBLINE_SERVER_ENGINE_ENGINE_IMPL_H_
#define PLUMBLINE_SERVER_ENGINE_ENGINE_IMPL_H_

#include <array>
#include <atomic>
#include <memory>
#include <thread>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "plumbline/storage/v1/records.pb.h"
#include "server/base/mutex.h"
#include "server/engine/catalog.h"
#include "server/engine/committer.h"
#include "server/engine/engine.h"
#include "server/engine/profile_book.h"
#include "server/engine/spare_panes.h"
#include "server/engine/worker.h"

namespace plumbline::engine {

/// OK if the policy's slice variables are categorical features or predictions of the baseline.
/// Errors: InvalidArgument.
absl::Status CheckSliceVariables(const ModelKey& key, const profile::Baseline& baseline,
                                 const checks::Policy& policy);

/// The parts of the engine. engine.cc has the data plane and the life cycle, engine_control.cc the
/// control plane.
struct Engine::Impl {
  Impl(const EngineOptions& options, storage::Store* store, base::Clock* clock);

  /// What the store holds: models by their worker's index.
  using LoadedModels = std::vector<std::vector<std::unique_ptr<LiveModel>>>;
  absl::StatusOr<LoadedModels> LoadAll(Catalog* into) const;
  struct LoadedVersion {
    CatalogEntry catalog;
    std::unique_ptr<LiveModel> live;  // nullptr if no baseline is active
  };
  // `record` is read into: one serves many versions.
  absl::StatusOr<LoadedVersion> LoadVersion(const ModelKey& key,
                                            storage::v1::BaselineRecord* record) const;

  /// Runs in `recovery` until Stop: tries to recover while the committer has failed.
  void Supervise();
  /// Opens the store anew and puts what it holds in the place of what is in memory. Errors: what
  /// stands against it; then everything is as before, or nothing is counted until the next try.
  absl::Status Recover();
  size_t WorkerOf(const ModelKey& key) const;
  Worker& WorkerFor(const ModelKey& key) { return *workers[WorkerOf(key)]; }
  /// The answer to what a worker's queue did not take.
  IngestOutcome QueueRefuses() const;
  void Stop();

  /// Refuses one more model or version than there may be.
  absl::Status CheckModels(const ModelKey& key);
  /// Stores a baseline under its next number. `control_mutex` is held.
  absl::StatusOr<BaselineInfo> StoreBaseline(profile::Baseline baseline, const ModelKey& key,
                                             bool keep_inactive)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(control_mutex);
  /// Makes `baseline` the live one of `key`: new windows, the same sequence marks, and only alerts
  /// that do not go by windows.
  absl::Status Activate(const ModelKey& key, std::shared_ptr<const profile::Baseline> baseline)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(control_mutex);
  /// The golden rows of a baseline; nullptr if it has none.
  absl::StatusOr<std::shared_ptr<const profile::GoldenBook>> LoadGolden(const ModelKey& key,
                                                                        uint64_t number) const;
  /// The slices of a baseline that the policy asks for, from its row sample; nullptr: none.
  absl::StatusOr<std::shared_ptr<const profile::Slicing>> LoadSlicing(
      const ModelKey& key, const profile::Baseline& baseline, const checks::Policy& policy) const;
  /// What training was by the policy's season; nullptr: it has none. Errors: as CheckSeason, naming
  /// the model.
  absl::StatusOr<std::shared_ptr<const profile::SeasonalTraining>> LoadSeason(
      const ModelKey& key, uint64_t baseline_number, profile::Season season) const;
  /// Puts these in the place of those that it has; nullptr: none.
  absl::Status ReplaceGolden(const ModelKey& key, uint64_t number,
                             std::shared_ptr<const profile::GoldenBook> book)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(control_mutex);
  /// To the microsecond, as the store keeps times.
  absl::Time StoredNow() const { return absl::FromUnixMicros(absl::ToUnixMicros(clock->Now())); }
  /// Runs `change` on a live model, at a time as the store keeps it; what it did is durable, told
  /// and shown when this returns. Errors: those of `change`; NotFound.
  absl::Status ChangeLive(const ModelKey& key,
                          absl::FunctionRef<absl::Status(LiveModel*, absl::Time)> change)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(control_mutex);
  /// What belongs together of the alerts of a model.
  std::vector<checks::Incident> IncidentsOf(const ModelKey& key, uint64_t baseline_number,
                                            const std::vector<checks::Alert>& alerts) const;
  enum class Extent { kLive, kWhole };  // without chunks and row sample; all
  absl::StatusOr<std::shared_ptr<const profile::Baseline>> LoadBaseline(const ModelKey& key,
                                                                        uint64_t number,
                                                                        Extent extent) const;
  absl::StatusOr<std::shared_ptr<const profile::Baseline>> LoadBaseline(
      const ModelKey& key, uint64_t number, Extent extent,
      storage::v1::BaselineRecord* record) const;

  const EngineOptions options;
  storage::Store* const store;
  base::Clock* const clock;

  Catalog catalog;
  Board board;
  std::atomic<bool> stopping{false};
  std::atomic<uint64_t> unknown_model_batches{0};
  std::array<std::atomic<uint64_t>, kIngestReasons> reasons{};
  QuotaBook quota_book;
  SparePanes spare_panes;  // lends to what workers have in their queues
  /// One change of the catalog at a time.
  base::Mutex control_mutex;
  // In this order: workers hand over to the committer, which calls back into them.
  std::vector<std::unique_ptr<Worker>> workers;
  std::unique_ptr<Committer> committer;
  std::unique_ptr<ProfileBook> profiles;

  base::Mutex recovery_mutex;
  base::CondVar recovery_wake;
  bool recovery_over ABSL_GUARDED_BY(recovery_mutex) = false;
  std::thread recovery;
};

}  // namespace plumbline::engine

#endif  // PLUMBLINE_SERVER_ENGINE_ENGINE_IMPL_H_
