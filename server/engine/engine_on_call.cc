// The control plane of the engine: what people on call say of alerts.
#include <algorithm>
#include <optional>
#include <utility>

#include "absl/functional/function_ref.h"
#include "absl/strings/str_cat.h"
#include "server/engine/engine.h"
#include "server/engine/engine_impl.h"
#include "server/engine/list_in_words.h"

namespace plumbline::engine {
namespace {

std::string FilterInWords(const checks::AlertFilter& filter) {
  std::string words;
  if (filter.check.has_value()) {
    absl::StrAppend(&words, " of check ", checks::CheckName(*filter.check));
  }
  if (filter.variable.has_value()) {
    absl::StrAppend(&words, " on ",
                    filter.variable->empty() ? "the model as a whole"
                                             : absl::StrCat("variable \"", *filter.variable, "\""));
  }
  if (filter.source.has_value()) {
    absl::StrAppend(&words, filter.source->empty()
                                ? " of all rows"
                                : absl::StrCat(" of source \"", *filter.source, "\""));
  }
  if (filter.slice.has_value()) {
    absl::StrAppend(&words, filter.slice->empty()
                                ? " of no slice"
                                : absl::StrCat(" of slice \"", *filter.slice, "\""));
  }
  if (filter.incident.has_value()) {
    absl::StrAppend(&words, " of incident \"", *filter.incident, "\"");
  }
  return words;
}

// Those that are, such as `drift of x from eu`.
std::vector<std::string> OpenAlerts(const std::vector<checks::Alert>& alerts) {
  std::vector<std::string> open;
  for (const checks::Alert& alert : alerts) {
    if (!alert.is_open()) continue;
    const checks::AlertKey& key = alert.key;
    open.push_back(absl::StrCat(checks::CheckName(key.check), key.variable.empty() ? "" : " of ",
                                key.variable, key.source.empty() ? "" : " from ", key.source,
                                key.slice.empty() ? "" : " in slice ", key.slice));
  }
  return open;
}

}  // namespace

absl::Status Engine::Impl::ChangeLive(
    const ModelKey& key, absl::FunctionRef<absl::Status(LiveModel*, absl::Time)> change) {
  absl::Status changed = absl::NotFoundError(absl::StrCat(key.InWords(), " does not exist"));
  const absl::Time now = StoredNow();
  absl::Status done = WorkerFor(key).Run([&](Worker::Models* models, storage::Store::Batch*) {
    const auto it = models->live.find(key);
    if (it == models->live.end()) return;
    changed = change(it->second.get(), now);
    if (!changed.ok()) return;
    // Who asks next, or is told, finds it on the board.
    board.Post(it->second->Snapshot());
    board.Tell(it->second->TakeChanges());
  });
  return changed.ok() ? done : changed;
}

absl::StatusOr<std::vector<ModelAlert>> Engine::AcknowledgeAlerts(
    absl::string_view model, absl::string_view version, const checks::AlertFilter& filter,
    std::optional<checks::Signature> signature) {
  base::MutexLock lock(&impl_->control_mutex);
  auto key = impl_->catalog.Resolve(model, version);
  if (!key.ok()) return key.status();
  if (signature.has_value()) {
    const absl::Status checked = CheckSignature(*signature);
    if (!checked.ok()) {
      return absl::InvalidArgumentError(absl::StrCat(key->InWords(), ": ", checked.message()));
    }
  }
  std::vector<ModelAlert> alerts;
  absl::Status done = impl_->ChangeLive(*key, [&](LiveModel* live, absl::Time now) -> absl::Status {
    if (signature.has_value()) signature->at = now;
    for (checks::Alert& alert : live->Acknowledge(filter, signature)) {
      alerts.push_back({*key, live->baseline()->number, std::move(alert)});
    }
    if (!alerts.empty()) return absl::OkStatus();
    return absl::NotFoundError(absl::StrCat(key->InWords(), ": no alert", FilterInWords(filter),
                                            " is pending or fires",
                                            WhatThereIs(OpenAlerts(live->alerts()))));
  });
  if (!done.ok()) return done;
  return alerts;
}

absl::StatusOr<std::pair<ModelKey, checks::Mute>> Engine::MuteCheck(absl::string_view model,
                                                                    absl::string_view version,
                                                                    checks::Mute mute,
                                                                    absl::Duration lasts) {
  base::MutexLock lock(&impl_->control_mutex);
  auto key = impl_->catalog.Resolve(model, version);
  if (!key.ok()) return key.status();
  absl::Status done = impl_->ChangeLive(*key, [&](LiveModel* live, absl::Time now) {
    absl::Status sound = live->CheckVariable(mute.check, mute.variable);
    if (sound.ok()) sound = live->CheckSlice(mute.check, mute.slice);
    if (sound.ok()) sound = live->CheckSource(mute.check, mute.source);
    if (!sound.ok()) return sound;
    mute.set.at = now;
    if (mute.until == absl::InfinitePast()) mute.until = now + lasts;
    return live->ChangeOnCall(now, [&](checks::OnCallBook* book) { return book->Add(mute); });
  });
  if (!done.ok()) return done;
  return std::make_pair(*std::move(key), std::move(mute));
}

absl::StatusOr<std::pair<ModelKey, checks::Mute>> Engine::UnmuteCheck(absl::string_view model,
                                                                      absl::string_view version,
                                                                      const checks::Mute& of,
                                                                      checks::Signature end) {
  base::MutexLock lock(&impl_->control_mutex);
  auto key = impl_->catalog.Resolve(model, version);
  if (!key.ok()) return key.status();
  checks::Mute mute;
  absl::Status done = impl_->ChangeLive(*key, [&](LiveModel* live, absl::Time now) {
    end.at = now;
    return live->ChangeOnCall(now, [&](checks::OnCallBook* book) {
      auto ended = book->EndMute(of, end);
      if (ended.ok()) mute = *std::move(ended);
      return ended.status();
    });
  });
  if (!done.ok()) return done;
  return std::make_pair(*std::move(key), std::move(mute));
}

absl::StatusOr<std::pair<ModelKey, checks::ExpectedChange>> Engine::DeclareChange(
    absl::string_view model, absl::string_view version, checks::ExpectedChange change,
    absl::Duration lasts) {
  base::MutexLock lock(&impl_->control_mutex);
  auto key = impl_->catalog.Resolve(model, version);
  if (!key.ok()) return key.status();
  absl::Status done = impl_->ChangeLive(*key, [&](LiveModel* live, absl::Time now) {
    for (const std::string& variable : change.variables) {
      if (live->baseline()->schema.Find(variable).has_value()) continue;
      return absl::NotFoundError(
          absl::StrCat(key->InWords(), " has no variable \"", variable, "\""));
    }
    change.set.at = now;
    if (change.from == absl::InfinitePast()) change.from = now;
    change.until = change.from + lasts;
    return live->ChangeOnCall(now, [&](checks::OnCallBook* book) { return book->Add(change); });
  });
  if (!done.ok()) return done;
  return std::make_pair(*std::move(key), std::move(change));
}

absl::StatusOr<std::pair<ModelKey, checks::ExpectedChange>> Engine::WithdrawChange(
    absl::string_view model, absl::string_view version, absl::string_view name,
    checks::Signature end) {
  base::MutexLock lock(&impl_->control_mutex);
  auto key = impl_->catalog.Resolve(model, version);
  if (!key.ok()) return key.status();
  checks::ExpectedChange change;
  absl::Status done = impl_->ChangeLive(*key, [&](LiveModel* live, absl::Time now) {
    end.at = now;
    return live->ChangeOnCall(now, [&](checks::OnCallBook* book) {
      auto ended = book->EndChange(name, end);
      if (ended.ok()) change = *std::move(ended);
      return ended.status();
    });
  });
  if (!done.ok()) return done;
  return std::make_pair(*std::move(key), std::move(change));
}

absl::StatusOr<std::vector<ModelOnCall>> Engine::ListOnCall(absl::string_view model,
                                                            absl::string_view version) const {
  if (!model.empty()) {
    const auto key = impl_->catalog.Resolve(model, version);
    if (!key.ok()) return key.status();
  }
  std::vector<ModelOnCall> found;
  for (const auto& snapshot : impl_->board.All()) {
    if (!model.empty() && snapshot->key.model != model) continue;
    if (!version.empty() && snapshot->key.version != version) continue;
    if (snapshot->on_call != nullptr) found.push_back({snapshot->key, snapshot->on_call});
  }
  std::sort(found.begin(), found.end(),
            [](const ModelOnCall& a, const ModelOnCall& b) { return a.key < b.key; });
  return found;
}

}  // namespace plumbline::engine
