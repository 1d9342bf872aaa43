// The control plane of the engine: what lies beside a baseline.
#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/engine/engine.h"
#include "server/engine/engine_impl.h"
#include "server/engine/golden_watch.h"

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

absl::StatusOr<std::shared_ptr<const profile::GoldenBook>> Engine::Impl::LoadGolden(
    const ModelKey& key, uint64_t number) const {
  const auto record = store->GetGoldenRows(key.model, key.version, number);
  if (!record.ok()) return record.status();
  if (!record->has_value()) return nullptr;
  auto rows = FromRecord(**record);
  auto book = rows.ok() ? profile::GoldenBook::Create(*std::move(rows)) : rows.status();
  if (!book.ok()) {
    return absl::DataLossError(
        absl::StrCat(key.InWords(), ", baseline ", number, ": ", book.status().message()));
  }
  return book;
}

absl::Status Engine::Impl::ReplaceGolden(const ModelKey& key, uint64_t number,
                                         std::shared_ptr<const profile::GoldenBook> book) {
  const auto write = [&](storage::Store::Batch* batch) {
    if (book == nullptr) {
      batch->DeleteGoldenRows(key.model, key.version, number);
    } else {
      batch->PutGoldenRows(key.model, key.version, number, ToRecord(book->rows()));
    }
  };
  std::optional<CatalogEntry> entry = catalog.Find(key);
  if (!entry.has_value() || entry->baseline->number != number) {
    storage::Store::Batch batch;
    write(&batch);
    return committer->Write(std::move(batch));
  }
  absl::Status done =
      workers[entry->worker]->Run([&](Worker::Models* models, storage::Store::Batch* batch) {
        write(batch);
        models->live[key]->SetGolden(book);
      });
  if (!done.ok()) return done;
  entry->golden = std::move(book);
  catalog.Put(key, *std::move(entry));
  return absl::OkStatus();
}

absl::StatusOr<uint64_t> Engine::RecordGolden(absl::string_view model, absl::string_view version,
                                              uint64_t number, profile::GoldenRows rows) {
  auto book = profile::GoldenBook::Create(std::move(rows));
  if (!book.ok()) return book.status();
  base::MutexLock lock(&impl_->control_mutex);
  const auto key = impl_->catalog.Resolve(model, version);
  if (!key.ok()) return key.status();
  const auto info = GetBaselineInfo(*key, number);
  if (!info.ok()) return info.status();
  absl::Status stored = impl_->ReplaceGolden(*key, info->number, *std::move(book));
  if (!stored.ok()) return stored;
  return info->number;
}

absl::StatusOr<Engine::Golden> Engine::GetGolden(absl::string_view model, absl::string_view version,
                                                 uint64_t number) {
  const auto key = impl_->catalog.Resolve(model, version);
  if (!key.ok()) return key.status();
  const auto info = GetBaselineInfo(*key, number);
  if (!info.ok()) return info.status();
  auto book = impl_->LoadGolden(*key, info->number);
  if (!book.ok()) return book.status();
  if (*book == nullptr) {
    return absl::NotFoundError(
        absl::StrCat(key->InWords(), ": baseline ", info->number, " has no golden rows"));
  }
  return Golden{*key, info->number, *std::move(book)};
}

absl::Status Engine::DeleteGolden(absl::string_view model, absl::string_view version,
                                  uint64_t number) {
  const auto golden = GetGolden(model, version, number);
  if (!golden.ok()) return golden.status();
  base::MutexLock lock(&impl_->control_mutex);
  return impl_->ReplaceGolden(golden->key, golden->number, nullptr);
}

}  // namespace plumbline::engine
