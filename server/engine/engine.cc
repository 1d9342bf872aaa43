#include "server/engine/engine.h"

#include <algorithm>
#include <atomic>
#include <thread>
#include <tuple>
#include <utility>

#include "absl/hash/hash.h"
#include "absl/strings/str_cat.h"
#include "server/engine/arrival.h"
#include "server/engine/engine_impl.h"
#include "server/engine/records.h"
#include "server/stats/hash.h"
#include "server/storage/baseline_record.h"
#include "server/storage/spool.h"

namespace plumbline::engine {
namespace {

// The first column whose role is not the baseline's.
std::optional<profile::FieldViolation> CheckRoles(const profile::Baseline& baseline,
                                                  const profile::BatchView& batch) {
  profile::SchemaWalk walk(baseline.schema);
  for (size_t i = 0; i < batch.columns.size(); ++i) {
    const profile::ColumnView& column = batch.columns[i];
    if (!column.role.has_value()) continue;
    const std::optional<size_t> index = walk.Find(column.name);
    if (!index.has_value()) continue;
    const profile::Role role = baseline.schema.variables()[*index].role;
    if (role == *column.role) continue;
    return profile::FieldViolation{absl::StrCat("batch.columns[", i, "].role"),
                                   absl::StrCat("variable \"", column.name, "\" is sent as a ",
                                                profile::RoleName(*column.role), ", but is a ",
                                                profile::RoleName(role), " in the baseline")};
  }
  return std::nullopt;
}

// Labels alone need something by which they find their predictions.
std::optional<profile::FieldViolation> CheckLabels(const profile::Baseline& baseline,
                                                   const profile::Aliases& aliases,
                                                   const profile::BatchView& batch) {
  if (!IsLabelsOnly(baseline, aliases, batch)) return std::nullopt;
  if (!baseline.task.has_value()) {
    return profile::FieldViolation{
        "batch.columns",
        "there are labels and no features, but the baseline has no prediction that they could be "
        "compared with"};
  }
  const bool has_ids = !batch.string_row_ids.empty() || !batch.int_row_ids.empty();
  if (has_ids ||
      profile::OutcomeReader(baseline, *baseline.task, aliases, batch).has_predictions()) {
    return std::nullopt;
  }
  return profile::FieldViolation{"batch.row_ids",
                                 "there are labels alone; without row ids they find no prediction"};
}

// Without, a batch is of labels, or of features whose predictions are sent apart.
bool HasPredictions(const profile::GoldenBook& book, const profile::GoldenBook::Columns& columns) {
  for (size_t i = 0; i < columns.size(); ++i) {
    if (columns[i] == nullptr) continue;
    if (book.rows().columns[i].role == profile::Role::kPrediction) return true;
  }
  return false;
}

}  // namespace

Engine::Impl::Impl(const EngineOptions& options, storage::Store* store, base::Clock* clock)
    : options(options), store(store), clock(clock) {
  committer = std::make_unique<Committer>(store, options.durability);
  for (size_t i = 0; i < std::max<size_t>(1, options.workers); ++i) {
    workers.push_back(std::make_unique<Worker>(
        Worker::Options{options.queue_capacity, options.evaluation_interval,
                        options.commit_interval},
        committer.get(), &board, clock));
  }
  profiles =
      std::make_unique<ProfileBook>(store, committer.get(), clock, options.quotas, &quota_book);
}

size_t Engine::Impl::WorkerOf(const ModelKey& key) const {
  return stats::HashBytes(absl::StrCat(key.model, std::string(1, '\0'), key.version)) %
         workers.size();
}

absl::StatusOr<Engine::Impl::LoadedModels> Engine::Impl::LoadAll(Catalog* into) const {
  const auto models = store->ListModels();
  if (!models.ok()) return models.status();
  std::vector<ModelKey> keys;
  for (const auto& [name, record] : *models) {
    into->PutModel(name, record);
    for (const std::string& version : record.versions()) keys.push_back({name, version});
  }
  LoadedModels loaded(workers.size());
  base::Mutex mutex;  // of `loaded` and `failed`
  absl::Status failed;
  std::atomic<size_t> next{0};
  const auto load = [&] {
    storage::v1::BaselineRecord record;
    for (size_t i = next++; i < keys.size(); i = next++) {
      auto entry = LoadVersion(keys[i], &record);
      base::MutexLock lock(&mutex);
      failed.Update(entry.status());
      if (!failed.ok()) return;
      if (entry->live == nullptr) continue;
      loaded[entry->catalog.worker].push_back(std::move(entry->live));
      into->Put(keys[i], std::move(entry->catalog));
    }
  };
  std::vector<std::thread> threads;
  for (size_t i = 1; i < std::min(workers.size(), keys.size()); ++i) threads.emplace_back(load);
  load();
  for (std::thread& thread : threads) thread.join();
  if (!failed.ok()) return failed;
  return loaded;
}

absl::StatusOr<Engine::Impl::LoadedVersion> Engine::Impl::LoadVersion(
    const ModelKey& key, storage::v1::BaselineRecord* record) const {
  LoadedVersion loaded;
  const auto state = store->GetState(key.model, key.version);
  if (!state.ok()) return state.status();
  if (!state->has_value() || (*state)->active_baseline() == 0) return loaded;
  auto baseline = LoadBaseline(key, (*state)->active_baseline(), Extent::kLive, record);
  if (!baseline.ok()) return baseline.status();
  const auto stored_policy = store->GetPolicy(key.model, key.version);
  if (!stored_policy.ok()) return stored_policy.status();
  CatalogEntry& entry = loaded.catalog;
  entry.worker = WorkerOf(key);
  entry.baseline = *baseline;
  if (stored_policy->has_value()) entry.stored_policy = **stored_policy;
  auto policy = EffectivePolicy(entry.stored_policy);
  if (!policy.ok()) return policy.status();
  entry.policy = *policy;
  auto golden = LoadGolden(key, (*state)->active_baseline());
  if (!golden.ok()) return golden.status();
  entry.golden = *golden;
  auto slicing = LoadSlicing(key, **baseline, *policy);
  if (!slicing.ok()) return slicing.status();
  entry.slicing = *slicing;
  auto season = LoadSeason(key, (*baseline)->number, policy->season);
  if (!season.ok()) return season.status();
  entry.season = *season;
  auto live = LiveModel::Load(key, *baseline, *policy, **state, *store, options.quotas,
                              *std::move(golden), *std::move(slicing), *std::move(season));
  if (!live.ok()) return live.status();
  loaded.live = *std::move(live);
  return loaded;
}

absl::StatusOr<std::shared_ptr<const profile::Slicing>> Engine::Impl::LoadSlicing(
    const ModelKey& key, const profile::Baseline& baseline, const checks::Policy& policy) const {
  if (policy.slice_variables.empty()) return nullptr;
  const auto whole = LoadBaseline(key, baseline.number, Extent::kWhole);
  if (!whole.ok()) return whole.status();
  return std::make_shared<const profile::Slicing>(
      profile::MakeSlicing(**whole, policy.slice_variables, options.quotas.max_judged_slices));
}

absl::StatusOr<std::shared_ptr<const profile::SeasonalTraining>> Engine::Impl::LoadSeason(
    const ModelKey& key, uint64_t baseline_number, profile::Season season) const {
  if (season == profile::Season::kNone) return nullptr;
  const auto whole = LoadBaseline(key, baseline_number, Extent::kWhole);
  if (!whole.ok()) return whole.status();
  auto loaded = profile::SeasonalTraining::Load(**whole, season);
  if (loaded.ok()) return loaded;
  return absl::Status(loaded.status().code(), absl::StrCat("policy field season: ", key.InWords(),
                                                           ", ", loaded.status().message()));
}

absl::StatusOr<std::shared_ptr<const profile::Baseline>> Engine::Impl::LoadBaseline(
    const ModelKey& key, uint64_t number, Extent extent) const {
  storage::v1::BaselineRecord record;
  return LoadBaseline(key, number, extent, &record);
}

absl::StatusOr<std::shared_ptr<const profile::Baseline>> Engine::Impl::LoadBaseline(
    const ModelKey& key, uint64_t number, Extent extent,
    storage::v1::BaselineRecord* record) const {
  absl::Status got = store->GetBaseline(key.model, key.version, number, record);
  if (got.ok() && (extent == Extent::kWhole || !storage::HasNaturalVariation(*record))) {
    got = store->GetWholeBaseline(key.model, key.version, number, record);
  }
  if (!got.ok()) return got;
  auto baseline = storage::FromRecord(*record);
  if (!baseline.ok()) {
    return absl::DataLossError(absl::StrCat(key.InWords(), ", baseline ", number,
                                            " cannot be read: ", baseline.status().message()));
  }
  if (extent == Extent::kLive) {
    baseline->chunks = {};
    baseline->sample = {};
    baseline->seasons = {};
  }
  return std::make_shared<const profile::Baseline>(*std::move(baseline));
}

IngestOutcome Engine::Impl::QueueRefuses() const {
  if (stopping.load()) {
    return RetryOutcome(IngestReason::kShuttingDown, absl::UnavailableError("shutting down"));
  }
  return RetryOutcome(IngestReason::kQueueFull,
                      absl::ResourceExhaustedError("too many batches are waiting"));
}

void Engine::Impl::Stop() {
  if (stopping.exchange(true)) return;
  {
    base::MutexLock lock(&recovery_mutex);
    recovery_over = true;
    recovery_wake.NotifyAll();
  }
  if (recovery.joinable()) recovery.join();
  for (auto& worker : workers) worker->Stop();
  committer->Stop();
}

Engine::Engine(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Engine::~Engine() { Stop(); }

absl::StatusOr<std::unique_ptr<Engine>> Engine::Start(const EngineOptions& options,
                                                      storage::Store* store, base::Clock* clock) {
  storage::Spool::RemoveAbandoned(options.data_dir);
  auto impl = std::make_unique<Impl>(options, store, clock);
  auto loaded = impl->LoadAll(&impl->catalog);
  if (!loaded.ok()) return loaded.status();
  for (size_t i = 0; i < impl->workers.size(); ++i) {
    impl->workers[i]->Start(std::move((*loaded)[i]));
  }
  impl->recovery = std::thread([impl = impl.get()] { impl->Supervise(); });
  return std::unique_ptr<Engine>(new Engine(std::move(impl)));
}

void Engine::Stop() { impl_->Stop(); }

absl::StatusOr<ModelKey> Engine::Resolve(absl::string_view model, absl::string_view version) const {
  auto key = impl_->catalog.Resolve(model, version);
  if (!key.ok()) impl_->unknown_model_batches.fetch_add(1, std::memory_order_relaxed);
  return key;
}

void Engine::Ingest(IngestBatch batch) {
  const Catalog::Target target = impl_->catalog.Active(batch.key);
  if (target.baseline == nullptr) {
    impl_->unknown_model_batches.fetch_add(1, std::memory_order_relaxed);
    batch.done(UnknownOutcome(batch.key));
    return;
  }
  if (impl_->committer->failed()) {
    batch.done(RetryOutcome(IngestReason::kNotWritable,
                            absl::UnavailableError("the data folder cannot be written")));
    return;
  }
  auto wrong = CheckRoles(*target.baseline, batch.view);
  if (!wrong.has_value()) wrong = CheckLabels(*target.baseline, *target.aliases, batch.view);
  if (wrong.has_value()) {
    // Recorded as refused, so that its number is not a hole.
    absl::Status why =
        absl::InvalidArgumentError(absl::StrCat(batch.key.InWords(), ": ", wrong->description));
    IngestNote note{.key = std::move(batch.key),
                    .kind = IngestNote::Kind::kRefused,
                    .producer = std::move(batch.number.producer),
                    .epoch = batch.number.epoch,
                    .first = batch.number.sequence,
                    .last = batch.number.sequence,
                    .done = std::move(batch.done),
                    .refusal = std::move(why),
                    .reason = wrong->field == "batch.row_ids" || wrong->field == "batch.columns"
                                  ? IngestReason::kBadContract
                                  : IngestReason::kRole,
                    .violations = {*std::move(wrong)}};
    Note(std::move(note));
    return;
  }
  Worker& worker = *impl_->workers[target.worker];
  if (worker.queue_depth() >= worker.queue_capacity()) {
    batch.done(impl_->QueueRefuses());
    return;
  }
  if (target.golden != nullptr) {
    const auto columns = target.golden->Align(batch.view, *target.aliases, target.baseline->schema);
    if (HasPredictions(*target.golden, columns)) {
      batch.golden = {target.golden, target.golden->Find(batch.view, columns)};
    }
  }
  CountAtArrival(target.baseline, *target.aliases, target.slicing, target.pane_length,
                 &impl_->spare_panes, &batch);
  if (!worker.TryPush(std::move(batch))) batch.done(impl_->QueueRefuses());
}

void Engine::Note(IngestNote note) {
  const Catalog::Target target = impl_->catalog.Active(note.key);
  if (target.baseline == nullptr) {
    if (note.done) note.done(UnknownOutcome(note.key));
    return;
  }
  if (!impl_->workers[target.worker]->TryPush(std::move(note)) && note.done) {
    note.done(impl_->QueueRefuses());
  }
}

void Engine::CountAnswer(const IngestOutcome& outcome) {
  if (outcome.reason == IngestReason::kNone) return;
  impl_->reasons[static_cast<size_t>(outcome.reason)].fetch_add(1, std::memory_order_relaxed);
}

QuotaBook* Engine::quota_book() { return &impl_->quota_book; }

absl::Duration Engine::MaxFutureSkew(const ModelKey& key) const {
  const Catalog::Target target = impl_->catalog.Active(key);
  return target.baseline == nullptr ? checks::Policy().max_future_skew : target.max_future_skew;
}

std::vector<ModelAlert> Engine::ListAlerts(absl::string_view model, absl::string_view version,
                                           bool include_resolved) const {
  std::vector<ModelAlert> alerts;
  for (const auto& snapshot : impl_->board.All()) {
    if (!model.empty() && snapshot->key.model != model) continue;
    if (!version.empty() && snapshot->key.version != version) continue;
    for (const checks::Alert& alert : snapshot->alerts) {
      const bool open =
          alert.state == checks::AlertState::kPending || alert.state == checks::AlertState::kFiring;
      if (open || include_resolved) {
        alerts.push_back({snapshot->key, snapshot->baseline_number, alert});
      }
    }
  }
  const auto rank = [](const ModelAlert& alert) {
    const int state = alert.alert.fires()                                 ? 0
                      : alert.alert.state == checks::AlertState::kFiring  ? 1  // held back
                      : alert.alert.state == checks::AlertState::kPending ? 2
                                                                          : 3;
    return std::make_tuple(state, -static_cast<int>(alert.alert.finding.severity),
                           alert.alert.firing_since.value_or(
                               alert.alert.pending_since.value_or(absl::InfiniteFuture())),
                           alert.key, alert.alert.key);
  };
  std::sort(alerts.begin(), alerts.end(),
            [&](const ModelAlert& a, const ModelAlert& b) { return rank(a) < rank(b); });
  return alerts;
}

uint64_t Engine::Watch(std::function<void(const ModelAlert&)> watcher) {
  return impl_->board.Watch(std::move(watcher));
}

void Engine::Unwatch(uint64_t id) { impl_->board.Unwatch(id); }

std::vector<std::shared_ptr<const ModelSnapshot>> Engine::ModelSnapshots() const {
  return impl_->board.All();
}

ServiceSnapshot Engine::ServiceState() const {
  ServiceSnapshot snapshot;
  impl_->committer->Describe(&snapshot);
  for (const auto& worker : impl_->workers) {
    snapshot.queue_depth += worker->queue_depth();
    snapshot.queue_capacity += worker->queue_capacity();
    snapshot.evaluations += worker->evaluations();
  }
  snapshot.unknown_model_batches = impl_->unknown_model_batches.load();
  for (size_t i = 0; i < kIngestReasons; ++i) snapshot.reasons[i] = impl_->reasons[i].load();
  snapshot.quota_refusals = impl_->quota_book.refused();
  return snapshot;
}

}  // namespace plumbline::engine
