#include "server/engine/catalog.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

namespace plumbline::engine {
namespace {

constexpr absl::string_view kFirstVersion = "default";

}  // namespace

absl::StatusOr<ModelKey> Catalog::Resolve(absl::string_view model,
                                          absl::string_view version) const {
  base::MutexLock lock(&mutex_);
  const auto it = models_.find(model);
  if (it == models_.end()) {
    return absl::NotFoundError(
        absl::StrCat("model \"", model, "\" does not exist: store a baseline for it first"));
  }
  ModelKey key{std::string(model),
               version.empty() ? it->second.default_version() : std::string(version)};
  if (!entries_.contains(key)) {
    return absl::NotFoundError(absl::StrCat("model \"", model, "\" has no version \"", key.version,
                                            "\": store a baseline for it first"));
  }
  return key;
}

ModelKey Catalog::ResolveNew(absl::string_view model, absl::string_view version) const {
  base::MutexLock lock(&mutex_);
  const auto it = models_.find(model);
  if (!version.empty()) return {std::string(model), std::string(version)};
  return {std::string(model),
          it == models_.end() ? std::string(kFirstVersion) : it->second.default_version()};
}

std::optional<CatalogEntry> Catalog::Find(const ModelKey& key) const {
  base::MutexLock lock(&mutex_);
  const auto it = entries_.find(key);
  if (it == entries_.end()) return std::nullopt;
  return it->second;
}

Catalog::Target Catalog::Active(const ModelKey& key) const {
  base::MutexLock lock(&mutex_);
  const auto it = entries_.find(key);
  if (it == entries_.end()) return {};
  const CatalogEntry& entry = it->second;
  return {entry.worker,  entry.baseline, entry.policy.pane, entry.policy.max_future_skew,
          entry.aliases, entry.golden,   entry.slicing};
}

void Catalog::Replace(Catalog&& other) {
  base::MutexLock theirs(&other.mutex_);
  base::MutexLock lock(&mutex_);
  models_ = std::move(other.models_);
  entries_ = std::move(other.entries_);
}

std::optional<storage::v1::ModelRecord> Catalog::FindModel(absl::string_view model) const {
  base::MutexLock lock(&mutex_);
  const auto it = models_.find(model);
  if (it == models_.end()) return std::nullopt;
  return it->second;
}

std::vector<std::pair<std::string, storage::v1::ModelRecord>> Catalog::Models() const {
  base::MutexLock lock(&mutex_);
  return {models_.begin(), models_.end()};
}

size_t Catalog::size() const {
  base::MutexLock lock(&mutex_);
  return entries_.size();
}

void Catalog::Put(const ModelKey& key, CatalogEntry entry) {
  entry.aliases = std::make_shared<const profile::Aliases>(
      entry.baseline == nullptr ? profile::Aliases()
                                : entry.policy.AliasesFor(entry.baseline->schema));
  base::MutexLock lock(&mutex_);
  entries_[key] = std::move(entry);
}

void Catalog::PutModel(const std::string& model, storage::v1::ModelRecord record) {
  base::MutexLock lock(&mutex_);
  models_[model] = std::move(record);
}

void Catalog::Remove(const ModelKey& key) {
  base::MutexLock lock(&mutex_);
  entries_.erase(key);
}

void Catalog::RemoveModel(const std::string& model) {
  base::MutexLock lock(&mutex_);
  models_.erase(model);
}

}  // namespace plumbline::engine
