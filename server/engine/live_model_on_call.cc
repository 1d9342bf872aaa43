// What people on call say of a live model's alerts, and what it does to them.
#include <algorithm>
#include <array>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/engine/list_in_words.h"
#include "server/engine/live_model.h"
#include "server/engine/on_call_record.h"
#include "server/engine/slice_alerts.h"

namespace plumbline::engine {
namespace {

// Of the model as a whole.
constexpr std::array kOfModel = {checks::CheckId::kNoData,      checks::CheckId::kRowsLost,
                                 checks::CheckId::kTailUnknown, checks::CheckId::kEnvironment,
                                 checks::CheckId::kGoldenRows,  checks::CheckId::kLoadMismatch};

// Nor are these asked of slices and sources.
constexpr std::array kOfAllRows = {checks::CheckId::kSilence, checks::CheckId::kPerformance,
                                   checks::CheckId::kPerformanceLimit,
                                   checks::CheckId::kConceptDrift, checks::CheckId::kLabelDrift};

template <size_t kSize>
bool Has(const std::array<checks::CheckId, kSize>& checks, checks::CheckId check) {
  return std::find(checks.begin(), checks.end(), check) != checks.end();
}

}  // namespace

absl::Status LiveModel::CheckVariable(checks::CheckId check, absl::string_view variable) const {
  if (variable.empty()) return absl::OkStatus();
  const auto names = [&] {
    return absl::StrCat(key_.InWords(), ": check ", checks::CheckName(check));
  };
  if (Has(kOfModel, check)) {
    return absl::InvalidArgumentError(absl::StrCat(
        names(), " is of the model as a whole, not of a variable such as \"", variable, "\""));
  }
  // Columns that the baseline does not know.
  if (check == checks::CheckId::kUnknownVariable) return absl::OkStatus();
  if (check == checks::CheckId::kPerformanceLimit) {
    if (profile::ParseMetric(variable).has_value()) return absl::OkStatus();
    return absl::NotFoundError(
        absl::StrCat(names(), " is of a metric, and \"", variable, "\" is none"));
  }
  if (baseline_->schema.Find(variable).has_value()) return absl::OkStatus();
  return absl::NotFoundError(absl::StrCat(key_.InWords(), " has no variable \"", variable, "\""));
}

absl::Status LiveModel::CheckSlice(checks::CheckId check, absl::string_view slice) const {
  if (slice.empty()) return absl::OkStatus();
  if (Has(kOfModel, check) || Has(kOfAllRows, check) ||
      check == checks::CheckId::kUnknownVariable) {
    return absl::InvalidArgumentError(absl::StrCat(key_.InWords(), ": check ",
                                                   checks::CheckName(check),
                                                   " is not of slices such as \"", slice, "\""));
  }
  return IsJudged({"", std::string(slice)});
}

absl::Status LiveModel::CheckSource(checks::CheckId check, absl::string_view source) const {
  if (source.empty()) return absl::OkStatus();
  if (check == checks::CheckId::kEnvironment) {
    std::vector<std::string> declared;
    for (const checks::EnvironmentSummary& summary : environments_.Summaries()) {
      if (summary.source == source) return absl::OkStatus();
      if (!summary.source.empty()) declared.push_back(summary.source);
    }
    return absl::NotFoundError(absl::StrCat(key_.InWords(), ": no source \"", source,
                                            "\" is known whose producers said what they run in",
                                            WhatThereIs(std::move(declared))));
  }
  if (Has(kOfModel, check) || Has(kOfAllRows, check)) {
    return absl::InvalidArgumentError(absl::StrCat(key_.InWords(), ": check ",
                                                   checks::CheckName(check),
                                                   " is not of sources such as \"", source, "\""));
  }
  return IsJudged({std::string(source), ""});
}

absl::Status LiveModel::ChangeOnCall(absl::Time clock,
                                     absl::FunctionRef<absl::Status(checks::OnCallBook*)> change) {
  auto book = std::make_shared<checks::OnCallBook>(*on_call_);
  book->Expire(clock);
  if (absl::Status changed = change(book.get()); !changed.ok()) {
    return absl::Status(changed.code(), absl::StrCat(key_.InWords(), ": ", changed.message()));
  }
  on_call_ = std::move(book);
  on_call_dirty_ = true;
  news_ = true;
  HoldAlerts();
  return absl::OkStatus();
}

void LiveModel::ExpireOnCall(absl::Time clock) {
  if (!on_call_->IsDue(clock)) return;
  ChangeOnCall(clock, [](checks::OnCallBook*) { return absl::OkStatus(); }).IgnoreError();
}

bool LiveModel::IsPrediction(absl::string_view variable) const {
  const std::optional<size_t> index = baseline_->schema.Find(variable);
  return index.has_value() &&
         baseline_->schema.variables()[*index].role == profile::Role::kPrediction;
}

void LiveModel::HoldAlerts() {
  std::vector<checks::Alert> changed;
  HoldBack(&all_.alerts(), &changed);
  for (const auto& [name, entry] : slices_.all()) HoldBack(&entry.slice->alerts(), &changed);
  Record(changed);
}

void LiveModel::HoldBack(checks::AlertBook* book, std::vector<checks::Alert>* changed) const {
  book->HoldBack(
      *on_call_, [this](absl::string_view name) { return IsPrediction(name); }, changed);
}

void LiveModel::NameIncidents(checks::AlertBook* book, std::vector<checks::Alert>* changed) const {
  if (changed->empty()) return;
  std::vector<const checks::AlertBook*> all = {&all_.alerts()};
  for (const auto& [name, entry] : slices_.all()) all.push_back(&entry.slice->alerts());
  engine::NameIncidents(all, policy_, book, changed);
}

void LiveModel::NameOldIncidents() {
  std::vector<std::pair<checks::AlertBook*, checks::Alert>> unnamed;
  const auto gather = [&](checks::AlertBook* book) {
    book->ForEachOpen([&](const checks::Alert& alert) {
      if (alert.incident.empty()) unnamed.emplace_back(book, alert);
    });
  };
  gather(&all_.alerts());
  for (const auto& [name, entry] : slices_.all()) gather(&entry.slice->alerts());
  std::stable_sort(unnamed.begin(), unnamed.end(), [](const auto& a, const auto& b) {
    return a.second.began() < b.second.began();
  });
  for (auto& [book, alert] : unnamed) {
    std::vector<checks::Alert> named = {std::move(alert)};
    NameIncidents(book, &named);
    changed_alerts_.push_back(std::move(named.front()));  // to store: nobody is told
  }
}

std::vector<checks::Alert> LiveModel::Acknowledge(
    const checks::AlertFilter& filter, const std::optional<checks::Signature>& signature) {
  std::vector<checks::Alert> matching = all_.alerts().Acknowledge(filter, signature);
  for (const auto& [name, entry] : slices_.all()) {
    for (checks::Alert& alert : entry.slice->alerts().Acknowledge(filter, signature)) {
      matching.push_back(std::move(alert));
    }
  }
  if (!matching.empty()) news_ = true;
  Record(matching);
  return matching;
}

void LiveModel::Record(const std::vector<checks::Alert>& changed) {
  for (const checks::Alert& alert : changed) {
    changes_.push_back({key_, baseline_->number, alert});
    changed_alerts_.push_back(alert);
  }
}

absl::Status LiveModel::RestoreOnCall(const storage::Store& store) {
  const auto record = store.GetOnCall(key_.model, key_.version);
  if (!record.ok()) return record.status();
  NameOldIncidents();
  if (!record->has_value()) return absl::OkStatus();
  auto book = FromRecord(**record);
  if (!book.ok()) return book.status();
  on_call_ = std::make_shared<const checks::OnCallBook>(*std::move(book));
  // Nobody is told: it was so before.
  std::vector<checks::Alert> as_before;
  HoldBack(&all_.alerts(), &as_before);
  for (const auto& [name, entry] : slices_.all()) HoldBack(&entry.slice->alerts(), &as_before);
  return absl::OkStatus();
}

}  // namespace plumbline::engine
