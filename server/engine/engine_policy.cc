// The control plane of the engine: policies.
#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "server/engine/engine.h"
#include "server/engine/engine_impl.h"
#include "server/engine/records.h"
#include "server/profile/performance_metrics.h"

namespace plumbline::engine {
namespace {

// What decides performance, and its limits, must be metrics of what the baseline lets compare.
absl::Status CheckMetrics(const ModelKey& key, const profile::Baseline& baseline,
                          const checks::Policy& policy) {
  if (!baseline.task.has_value()) return absl::OkStatus();
  const auto possible = profile::MetricsOf(*baseline.task);
  const auto refusal = [&](absl::string_view field, profile::PerformanceMetric metric) {
    if (std::find(possible.begin(), possible.end(), metric) != possible.end()) {
      return absl::OkStatus();
    }
    const auto append = [](std::string* out, profile::PerformanceMetric one) {
      absl::StrAppend(out, profile::MetricName(one));
    };
    return absl::InvalidArgumentError(absl::StrCat(
        "policy field ", field, ": ", key.InWords(), " has a ",
        profile::TaskKindName(baseline.task->kind), " task: ", profile::MetricName(metric),
        " does not fit, these do: ", absl::StrJoin(possible, ", ", append)));
  };
  absl::Status fit;
  if (policy.performance_metric.has_value()) {
    fit.Update(refusal("performance_metric", *policy.performance_metric));
  }
  for (const auto& [metric, limit] : policy.performance_limits) {
    fit.Update(refusal("performance_limits", metric));
  }
  return fit;
}

}  // namespace

absl::Status CheckSliceVariables(const ModelKey& key, const profile::Baseline& baseline,
                                 const checks::Policy& policy) {
  for (const std::string& name : policy.slice_variables) {
    const std::optional<size_t> index = baseline.schema.Find(name);
    absl::string_view wrong;
    if (!index.has_value()) {
      wrong = "is not one of its variables";
    } else if (baseline.variables[*index].is_numeric()) {
      wrong = "is numeric: slices are values of a category";
    } else if (baseline.variables[*index].variable.role == profile::Role::kLabel) {
      wrong = "is a label, which live rows do not have";
    } else {
      continue;
    }
    return absl::InvalidArgumentError(
        absl::StrCat("policy field slice_variables: ", key.InWords(), ": \"", name, "\" ", wrong));
  }
  return absl::OkStatus();
}

absl::StatusOr<storage::v1::PolicyRecord> Engine::GetStoredPolicy(absl::string_view model,
                                                                  absl::string_view version) const {
  auto key = impl_->catalog.Resolve(model, version);
  if (!key.ok()) return key.status();
  return impl_->catalog.Find(*key).value_or(CatalogEntry()).stored_policy;
}

absl::StatusOr<checks::Policy> Engine::GetPolicy(absl::string_view model,
                                                 absl::string_view version) const {
  auto key = impl_->catalog.Resolve(model, version);
  if (!key.ok()) return key.status();
  const std::optional<CatalogEntry> entry = impl_->catalog.Find(*key);
  return entry.has_value() ? entry->policy : checks::DefaultPolicy();
}

absl::StatusOr<checks::Policy> Engine::SetPolicy(absl::string_view model, absl::string_view version,
                                                 const storage::v1::PolicyRecord& record) {
  base::MutexLock lock(&impl_->control_mutex);
  auto key = impl_->catalog.Resolve(model, version);
  if (!key.ok()) return key.status();
  auto policy = EffectivePolicy(record);
  if (!policy.ok()) return policy.status();
  CatalogEntry entry = *impl_->catalog.Find(*key);
  for (const auto& [name, own] : policy->variables) {
    if (!entry.baseline->schema.Find(name).has_value()) {
      return absl::InvalidArgumentError(absl::StrCat("policy field variables: ", key->InWords(),
                                                     " has no variable \"", name, "\""));
    }
  }
  for (const auto& [name, own] : policy->variables) {
    for (const std::string& alias : own.aliases) {
      if (!entry.baseline->schema.Find(alias).has_value()) continue;
      return absl::InvalidArgumentError(absl::StrCat("policy field variables[", name,
                                                     "].aliases: \"", alias, "\" is a variable of ",
                                                     key->InWords(), " itself"));
    }
  }
  if (absl::Status fit = CheckMetrics(*key, *entry.baseline, *policy); !fit.ok()) return fit;
  if (absl::Status fit = CheckSliceVariables(*key, *entry.baseline, *policy); !fit.ok()) return fit;
  if (policy->slice_variables != entry.policy.slice_variables) {
    auto slicing = impl_->LoadSlicing(*key, *entry.baseline, *policy);
    if (!slicing.ok()) return slicing.status();
    entry.slicing = *std::move(slicing);
  }
  if (policy->season != entry.policy.season) {
    auto season = impl_->LoadSeason(*key, entry.baseline->number, policy->season);
    if (!season.ok()) return season.status();
    entry.season = *std::move(season);
  }
  const absl::Time now = impl_->StoredNow();
  absl::Status done =
      impl_->workers[entry.worker]->Run([&](Worker::Models* models, storage::Store::Batch* batch) {
        batch->PutPolicy(key->model, key->version, record);
        std::unique_ptr<LiveModel>& slot = models->live[*key];
        if (slot->policy().pane == policy->pane) {
          slot->ChangePolicy(*policy, entry.slicing, entry.season, now);
        } else {
          auto fresh =
              std::make_unique<LiveModel>(*key, slot->baseline(), *policy, slot->generation() + 1,
                                          now, impl_->store, impl_->options.quotas);
          slot->Delete(batch);
          fresh->InheritProducers(slot.get());
          fresh->InheritGolden(slot.get());
          fresh->SetSlicing(entry.slicing);
          fresh->SetSeason(entry.season);
          fresh->InheritAlerts(slot.get(), now);
          slot = std::move(fresh);
        }
        impl_->board.Post(slot->Snapshot());
        impl_->board.Tell(slot->TakeChanges());
      });
  if (!done.ok()) return done;
  entry.stored_policy = record;
  entry.policy = *policy;
  impl_->catalog.Put(*key, std::move(entry));
  return policy;
}

}  // namespace plumbline::engine
