// The control plane of the engine: what lies beside a baseline.
#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/engine/engine.h"
#include "server/engine/engine_impl.h"

namespace plumbline::engine {

absl::StatusOr<uint64_t> Engine::RecordSplit(absl::string_view model, absl::string_view version,
                                             uint64_t number,
                                             const storage::v1::SplitRecord& split) {
  base::MutexLock lock(&impl_->control_mutex);
  const auto key = impl_->catalog.Resolve(model, version);
  if (!key.ok()) return key.status();
  const auto info = GetBaselineInfo(*key, number);
  if (!info.ok()) return info.status();
  const auto stored = impl_->store->ListSplits(key->model, key->version, info->number);
  if (!stored.ok()) return stored.status();
  const bool is_new = std::none_of(stored->begin(), stored->end(),
                                   [&](const auto& other) { return other.name() == split.name(); });
  if (is_new && stored->size() >= kMaxSplits) {
    return absl::FailedPreconditionError(absl::StrCat(key->InWords(), ": baseline ", info->number,
                                                      " has ", stored->size(),
                                                      " splits already; delete one first"));
  }
  storage::Store::Batch batch;
  batch.PutSplit(key->model, key->version, info->number, split);
  if (absl::Status written = impl_->committer->Write(std::move(batch)); !written.ok()) {
    return written;
  }
  return info->number;
}

absl::StatusOr<std::vector<storage::v1::SplitRecord>> Engine::ListSplits(absl::string_view model,
                                                                         absl::string_view version,
                                                                         uint64_t number) {
  const auto key = impl_->catalog.Resolve(model, version);
  if (!key.ok()) return key.status();
  const auto info = GetBaselineInfo(*key, number);
  if (!info.ok()) return info.status();
  return impl_->store->ListSplits(key->model, key->version, info->number);
}

absl::Status Engine::DeleteSplit(absl::string_view model, absl::string_view version,
                                 uint64_t number, absl::string_view name) {
  base::MutexLock lock(&impl_->control_mutex);
  const auto key = impl_->catalog.Resolve(model, version);
  if (!key.ok()) return key.status();
  const auto info = GetBaselineInfo(*key, number);
  if (!info.ok()) return info.status();
  const auto stored = impl_->store->ListSplits(key->model, key->version, info->number);
  if (!stored.ok()) return stored.status();
  const bool is_there = std::any_of(stored->begin(), stored->end(),
                                    [&](const auto& split) { return split.name() == name; });
  if (!is_there) {
    return absl::NotFoundError(
        absl::StrCat(key->InWords(), ": baseline ", info->number, " has no split \"", name, "\""));
  }
  storage::Store::Batch batch;
  batch.DeleteSplit(key->model, key->version, info->number, name);
  return impl_->committer->Write(std::move(batch));
}

}  // namespace plumbline::engine
