// The control plane of the engine: models and baselines.
#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/engine/engine.h"
#include "server/engine/engine_impl.h"
#include "server/profile/seasonal_training.h"
#include "server/storage/baseline_record.h"

namespace plumbline::engine {
namespace {

// Stored baselines travel as one message: see ExportBaseline.
constexpr size_t kMaxBaselineBytes = 31u << 20;

VersionInfo Describe(const std::string& version, const storage::v1::ModelRecord& record,
                     const std::optional<CatalogEntry>& entry,
                     const std::shared_ptr<const ModelSnapshot>& snapshot) {
  VersionInfo info;
  info.version = version;
  info.is_default = version == record.default_version();
  if (entry.has_value()) info.active_baseline = entry->baseline->number;
  if (snapshot == nullptr) return info;
  info.rows = snapshot->rows;
  info.last_batch = snapshot->last_batch;
  info.watermark = snapshot->watermark;
  for (const checks::Alert& alert : snapshot->alerts) {
    if (alert.fires()) ++info.firing_alerts;
  }
  return info;
}

// A baseline that is to become active must be one that the policy's season can compare with.
absl::Status FitSeason(const ModelKey& key, const profile::Baseline& baseline,
                       const checks::Policy& policy) {
  absl::Status fit = profile::CheckSeason(baseline, policy.season);
  if (fit.ok()) return fit;
  return absl::Status(fit.code(),
                      absl::StrCat("policy field season: ", key.InWords(), ", ", fit.message(),
                                   ", or set the season to none before, or keep the baseline "
                                   "inactive"));
}

}  // namespace

absl::StatusOr<std::unique_ptr<BaselineSession>> Engine::BeginBaseline(BaselineRequest request) {
  const Quotas& quotas = impl_->options.quotas;
  const ModelKey key = impl_->catalog.ResolveNew(request.model, request.version);
  if (absl::Status free = impl_->CheckModels(key); !free.ok()) return free;
  auto spool = storage::Spool::Create(impl_->options.data_dir, quotas.max_spool_bytes);
  if (!spool.ok()) return spool.status();
  if (!impl_->quota_book.BeginSession(quotas.max_baseline_sessions)) {
    return impl_->quota_book.Refuse(
        Quota::kBaselineSessions, quotas.max_baseline_sessions,
        absl::StrCat(quotas.max_baseline_sessions, " baselines are being made already"));
  }
  return std::make_unique<BaselineSession>(std::move(request), *std::move(spool), quotas,
                                           &impl_->quota_book);
}

absl::Status Engine::Impl::CheckModels(const ModelKey& key) {
  const size_t models = catalog.size();
  if (catalog.Find(key).has_value() || models < options.quotas.max_models) {
    return absl::OkStatus();
  }
  return quota_book.Refuse(Quota::kModels, options.quotas.max_models,
                           absl::StrCat("there are ", models, " models and versions already"));
}

absl::StatusOr<BaselineInfo> Engine::CommitBaseline(std::unique_ptr<BaselineSession> session,
                                                    uint64_t expected_rows) {
  auto baseline = session->Build(expected_rows);
  if (!baseline.ok()) return baseline.status();
  const BaselineRequest& request = session->request();
  baseline->description = request.description;
  baseline->environment = request.environment;
  base::MutexLock lock(&impl_->control_mutex);
  const ModelKey key = impl_->catalog.ResolveNew(request.model, request.version);
  return impl_->StoreBaseline(*std::move(baseline), key, request.keep_inactive);
}

absl::StatusOr<BaselineInfo> Engine::ImportBaseline(profile::Baseline baseline,
                                                    bool keep_inactive) {
  base::MutexLock lock(&impl_->control_mutex);
  const ModelKey key = impl_->catalog.ResolveNew(baseline.model, baseline.version);
  return impl_->StoreBaseline(std::move(baseline), key, keep_inactive);
}

absl::StatusOr<BaselineInfo> Engine::Impl::StoreBaseline(profile::Baseline baseline,
                                                         const ModelKey& key, bool keep_inactive) {
  storage::v1::ModelRecord model =
      catalog.FindModel(key.model).value_or(storage::v1::ModelRecord());
  const bool is_first = !catalog.Find(key).has_value();
  if (absl::Status free = CheckModels(key); !free.ok()) return free;
  if (baseline.schema.size() > options.quotas.max_variables) {  // an imported one
    return quota_book.Refuse(
        Quota::kVariables, options.quotas.max_variables,
        absl::StrCat("the baseline has ", baseline.schema.size(), " variables"));
  }
  if (model.default_version().empty()) model.set_default_version(key.version);
  if (std::find(model.versions().begin(), model.versions().end(), key.version) ==
      model.versions().end()) {
    model.add_versions(key.version);
  }
  baseline.model = key.model;
  baseline.version = key.version;
  baseline.number = ++(*model.mutable_last_baselines())[key.version];
  baseline.created_at = clock->Now();

  storage::v1::BaselineRecord record = storage::ToRecord(baseline);
  if (record.ByteSizeLong() > kMaxBaselineBytes) {  // what not every policy asks for goes first
    baseline.seasons.clear();
    record.clear_seasons();
  }
  if (record.ByteSizeLong() > kMaxBaselineBytes) {
    return absl::InvalidArgumentError(
        absl::StrCat("the baseline takes ", record.ByteSizeLong(), " bytes; at most ",
                     kMaxBaselineBytes, ": leave out variables with many long categories"));
  }
  const bool active = is_first || !keep_inactive;
  const auto entry = catalog.Find(key);
  if (active && entry.has_value()) {
    if (absl::Status fit = FitSeason(key, baseline, entry->policy); !fit.ok()) return fit;
  }
  BaselineInfo info{key, baseline.number, active, storage::HeadOf(baseline)};
  storage::Store::Batch batch;
  batch.PutBaseline(key.model, key.version, baseline.number, std::move(record), info.head);
  batch.PutModel(key.model, model);
  if (absl::Status written = committer->Write(std::move(batch)); !written.ok()) return written;
  catalog.PutModel(key.model, std::move(model));
  if (!info.active) return info;
  // Live batches do not need them, and they are most of it.
  baseline.chunks = {};
  baseline.sample = {};
  baseline.seasons = {};
  absl::Status activated =
      Activate(key, std::make_shared<const profile::Baseline>(std::move(baseline)));
  if (!activated.ok()) return activated;
  return info;
}

absl::Status Engine::Impl::Activate(const ModelKey& key,
                                    std::shared_ptr<const profile::Baseline> baseline) {
  CatalogEntry entry = catalog.Find(key).value_or(CatalogEntry());
  if (entry.baseline == nullptr) {
    entry.worker = WorkerOf(key);
    entry.policy = checks::DefaultPolicy();
  }
  entry.baseline = baseline;
  auto golden = LoadGolden(key, baseline->number);
  if (!golden.ok()) return golden.status();
  entry.golden = *golden;
  auto slicing = LoadSlicing(key, *baseline, entry.policy);
  if (!slicing.ok()) return slicing.status();
  entry.slicing = *slicing;
  auto season = LoadSeason(key, baseline->number, entry.policy.season);
  if (!season.ok()) return season.status();
  entry.season = *std::move(season);
  const absl::Time now = StoredNow();
  absl::Status done =
      workers[entry.worker]->Run([&](Worker::Models* models, storage::Store::Batch* batch) {
        std::unique_ptr<LiveModel>& slot = models->live[key];
        const uint64_t generation = slot == nullptr ? 1 : slot->generation() + 1;
        auto fresh = std::make_unique<LiveModel>(key, baseline, entry.policy, generation, now,
                                                 store, options.quotas);
        if (slot != nullptr) {
          slot->Delete(batch);
          if (slot->baseline()->number != baseline->number) {
            batch->DeleteLabels({key.model, key.version, slot->baseline()->number});
          }
          fresh->InheritProducers(slot.get());
        }
        // It is replayed anew.
        batch->DeleteGoldenResults(key.model, key.version, baseline->number);
        fresh->SetGolden(*golden);
        fresh->SetSlicing(entry.slicing);
        fresh->SetSeason(entry.season);
        if (slot != nullptr) fresh->InheritAlerts(slot.get(), now);
        slot = std::move(fresh);
        board.Post(slot->Snapshot());
        board.Tell(slot->TakeChanges());
      });
  if (!done.ok()) return done;
  catalog.Put(key, std::move(entry));
  return absl::OkStatus();
}

absl::StatusOr<std::shared_ptr<const profile::Baseline>> Engine::GetBaseline(
    absl::string_view model, absl::string_view version, uint64_t number) {
  auto key = impl_->catalog.Resolve(model, version);
  if (!key.ok()) return key.status();
  const std::optional<CatalogEntry> entry = impl_->catalog.Find(*key);
  if (entry.has_value() && (number == 0 || number == entry->baseline->number)) {
    return entry->baseline;
  }
  return impl_->LoadBaseline(*key, number, Impl::Extent::kLive);
}

absl::StatusOr<std::shared_ptr<const profile::Baseline>> Engine::GetWholeBaseline(
    absl::string_view model, absl::string_view version, uint64_t number) {
  auto key = impl_->catalog.Resolve(model, version);
  if (!key.ok()) return key.status();
  if (number == 0) {
    const std::optional<CatalogEntry> entry = impl_->catalog.Find(*key);
    if (entry.has_value()) number = entry->baseline->number;
  }
  return impl_->LoadBaseline(*key, number, Impl::Extent::kWhole);
}

absl::StatusOr<BaselineInfo> Engine::GetBaselineInfo(const ModelKey& key, uint64_t number) {
  const std::optional<CatalogEntry> entry = impl_->catalog.Find(key);
  const auto heads = impl_->store->ListBaselineHeads(key.model, key.version);
  if (!heads.ok()) return heads.status();
  const uint64_t active = entry.has_value() ? entry->baseline->number : 0;
  if (number == 0) number = active;
  for (const auto& [stored, head] : *heads) {
    if (stored == number) return BaselineInfo{key, number, number == active, head};
  }
  return absl::NotFoundError(absl::StrCat(key.InWords(), " has no baseline ", number));
}

absl::StatusOr<std::vector<BaselineInfo>> Engine::ListBaselines(absl::string_view model,
                                                                absl::string_view version) {
  if (!model.empty() && !impl_->catalog.FindModel(model).has_value()) {
    return absl::NotFoundError(absl::StrCat("model \"", model, "\" does not exist"));
  }
  std::vector<BaselineInfo> infos;
  for (const auto& [name, record] : impl_->catalog.Models()) {
    if (!model.empty() && name != model) continue;
    for (const std::string& each : record.versions()) {
      if (!version.empty() && each != version) continue;
      const ModelKey key{name, each};
      const auto heads = impl_->store->ListBaselineHeads(name, each);
      if (!heads.ok()) return heads.status();
      const std::optional<CatalogEntry> entry = impl_->catalog.Find(key);
      for (const auto& [number, head] : *heads) {
        const bool active = entry.has_value() && entry->baseline->number == number;
        infos.push_back({key, number, active, head});
      }
    }
  }
  return infos;
}

absl::StatusOr<BaselineInfo> Engine::ActivateBaseline(absl::string_view model,
                                                      absl::string_view version, uint64_t number) {
  base::MutexLock lock(&impl_->control_mutex);
  auto key = impl_->catalog.Resolve(model, version);
  if (!key.ok()) return key.status();
  auto info = GetBaselineInfo(*key, number);
  if (!info.ok() || info->active) return info;
  auto baseline = impl_->LoadBaseline(*key, number, Impl::Extent::kLive);
  if (!baseline.ok()) return baseline.status();
  if (absl::Status status = impl_->Activate(*key, *std::move(baseline)); !status.ok()) {
    return status;
  }
  info->active = true;
  return info;
}

absl::Status Engine::DeleteBaseline(absl::string_view model, absl::string_view version,
                                    uint64_t number) {
  base::MutexLock lock(&impl_->control_mutex);
  auto key = impl_->catalog.Resolve(model, version);
  if (!key.ok()) return key.status();
  const auto info = GetBaselineInfo(*key, number);
  if (!info.ok()) return info.status();
  if (info->active) {
    return absl::FailedPreconditionError(absl::StrCat(key->InWords(), ": baseline ", info->number,
                                                      " is active; activate another one first"));
  }
  storage::Store::Batch batch;
  batch.DeleteBaseline(key->model, key->version, number);
  return impl_->committer->Write(std::move(batch));
}

std::vector<ModelInfo> Engine::ListModels() const {
  std::vector<ModelInfo> infos;
  for (const auto& [name, record] : impl_->catalog.Models()) {
    ModelInfo& info = infos.emplace_back();
    info.name = name;
    for (const std::string& version : record.versions()) {
      const ModelKey key{name, version};
      info.versions.push_back(
          Describe(version, record, impl_->catalog.Find(key), impl_->board.Find(key)));
    }
  }
  return infos;
}

absl::StatusOr<ModelInfo> Engine::GetModel(absl::string_view model) const {
  for (ModelInfo& info : ListModels()) {
    if (info.name == model) return std::move(info);
  }
  return absl::NotFoundError(absl::StrCat("model \"", model, "\" does not exist"));
}

absl::Status Engine::DeleteModel(absl::string_view model, absl::string_view version) {
  base::MutexLock lock(&impl_->control_mutex);
  std::optional<storage::v1::ModelRecord> record = impl_->catalog.FindModel(model);
  if (!record.has_value()) {
    return absl::NotFoundError(absl::StrCat("model \"", model, "\" does not exist"));
  }
  std::vector<std::string> versions(record->versions().begin(), record->versions().end());
  if (!version.empty()) {
    if (std::find(versions.begin(), versions.end(), version) == versions.end()) {
      return absl::NotFoundError(
          absl::StrCat("model \"", model, "\" has no version \"", version, "\""));
    }
    if (version == record->default_version() && versions.size() > 1) {
      return absl::FailedPreconditionError(absl::StrCat("version \"", version,
                                                        "\" is the default one of model \"", model,
                                                        "\"; make another one the default first"));
    }
    versions = {std::string(version)};
  }
  const std::string name(model);
  const absl::Time now = impl_->StoredNow();
  const bool whole = versions.size() == static_cast<size_t>(record->versions_size());
  for (size_t i = 0; i < versions.size(); ++i) {
    const ModelKey key{name, versions[i]};
    const bool last = i + 1 == versions.size();
    auto* kept = record->mutable_versions();
    kept->erase(std::find(kept->begin(), kept->end(), versions[i]));
    record->mutable_last_baselines()->erase(versions[i]);
    // Batches find no such model from here on; those already queued are refused by the worker.
    impl_->catalog.Remove(key);
    absl::Status done =
        impl_->WorkerFor(key).Run([&](Worker::Models* models, storage::Store::Batch* batch) {
          std::vector<ModelAlert> ended;
          if (const auto live = models->live.find(key); live != models->live.end()) {
            live->second->EndAlerts(now, "the model was deleted");
            ended = live->second->TakeChanges();
            models->live.erase(live);
          }
          batch->DeleteVersion(key.model, key.version);
          if (last && whole) {
            batch->DeleteModel(name);
          } else {
            batch->PutModel(name, *record);
          }
          impl_->board.Remove(key);
          impl_->board.Tell(ended);
        });
    if (!done.ok()) return done;
  }
  if (whole) {
    impl_->catalog.RemoveModel(name);
  } else {
    impl_->catalog.PutModel(name, *record);
  }
  return absl::OkStatus();
}

absl::Status Engine::SetDefaultVersion(absl::string_view model, absl::string_view version) {
  base::MutexLock lock(&impl_->control_mutex);
  auto key = impl_->catalog.Resolve(model, version);
  if (!key.ok()) return key.status();
  storage::v1::ModelRecord record = *impl_->catalog.FindModel(model);
  record.set_default_version(key->version);
  storage::Store::Batch batch;
  batch.PutModel(model, record);
  absl::Status written = impl_->committer->Write(std::move(batch));
  if (written.ok()) impl_->catalog.PutModel(key->model, std::move(record));
  return written;
}

absl::StatusOr<std::optional<manifest::EnvironmentComparison>> Engine::DeclareEnvironment(
    IngestNote declaration) {
  const ModelKey key = declaration.key;
  std::shared_ptr<const profile::Baseline> baseline;
  base::MutexLock lock(&impl_->control_mutex);
  const absl::Time now = impl_->clock->Now();
  absl::Status done =
      impl_->WorkerFor(key).Run([&](Worker::Models* models, storage::Store::Batch*) {
        const auto it = models->live.find(key);
        if (it == models->live.end()) return;
        baseline = it->second->baseline();
        it->second->Note(declaration, now);
      });
  if (!done.ok()) return done;
  if (baseline == nullptr)
    return absl::NotFoundError(absl::StrCat(key.InWords(), " does not exist"));
  if (baseline->environment.empty()) return std::nullopt;
  return CompareEnvironments(baseline->environment, *declaration.environment);
}

absl::StatusOr<DeclaredLoad> Engine::DeclareLoad(const ModelKey& key,
                                                 const LoadDeclaration& declaration) {
  absl::StatusOr<DeclaredLoad> load =
      absl::NotFoundError(absl::StrCat(key.InWords(), " does not exist"));
  base::MutexLock lock(&impl_->control_mutex);
  const absl::Time now = impl_->clock->Now();
  absl::Status done =
      impl_->WorkerFor(key).Run([&](Worker::Models* models, storage::Store::Batch*) {
        const auto it = models->live.find(key);
        if (it != models->live.end()) load = it->second->Declare(declaration, now);
      });
  if (!done.ok()) return done;
  return load;
}

ProfileBook& Engine::profiles() { return *impl_->profiles; }

}  // namespace plumbline::engine
