// What is live becomes a baseline.
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/engine/engine_impl.h"

namespace plumbline::engine {

absl::StatusOr<BaselineInfo> Engine::BaselineFromWindow(absl::string_view model,
                                                        absl::string_view version,
                                                        std::string description,
                                                        bool keep_inactive) {
  base::MutexLock lock(&impl_->control_mutex);
  auto key = impl_->catalog.Resolve(model, version);
  if (!key.ok()) return key.status();
  const CatalogEntry entry = *impl_->catalog.Find(*key);
  const auto old = impl_->LoadBaseline(*key, entry.baseline->number, Impl::Extent::kWhole);
  if (!old.ok()) return old.status();
  std::optional<LiveWindow> window;
  absl::Status done =
      impl_->WorkerFor(*key).Run([&](Worker::Models* models, storage::Store::Batch*) {
        const auto it = models->live.find(*key);
        if (it != models->live.end()) window = it->second->CopyWindow();
      });
  if (!done.ok()) return done;
  if (!window.has_value()) {
    return absl::NotFoundError(absl::StrCat(key->InWords(), " does not exist"));
  }
  if (window->sum.rows < entry.policy.min_rows_drift) {
    return absl::FailedPreconditionError(
        absl::StrCat(key->InWords(), ": the window has ", window->sum.rows, " rows, fewer than ",
                     entry.policy.min_rows_drift, " (min_rows_drift)"));
  }
  auto baseline = profile::BaselineOfWindow(**old, window->sum, window->parts);
  if (!baseline.ok()) {
    return absl::Status(baseline.status().code(),
                        absl::StrCat(key->InWords(), ": ", baseline.status().message()));
  }
  baseline->task = profile::FindTask(*baseline);
  baseline->description = description.empty()
                              ? absl::StrCat("from the window, after baseline ", (*old)->number)
                              : std::move(description);
  // The model is the same, and so is what it was trained in, and what it is expected to answer.
  baseline->environment = (*old)->environment;
  auto golden = impl_->LoadGolden(*key, (*old)->number);
  if (!golden.ok()) return golden.status();
  auto info = impl_->StoreBaseline(*std::move(baseline), *key, keep_inactive);
  if (!info.ok() || *golden == nullptr) return info;
  absl::Status kept = impl_->ReplaceGolden(*key, info->number, *std::move(golden));
  if (!kept.ok()) return kept;
  return info;
}

}  // namespace plumbline::engine
