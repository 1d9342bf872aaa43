// How a live model is judged: findings on all rows and on each source, and what they move of
// alerts.
#include <algorithm>
#include <limits>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "server/checks/slice.h"
#include "server/checks/source.h"
#include "server/engine/live_model.h"
#include "server/engine/slice_alerts.h"

namespace plumbline::engine {

void LiveModel::Tick(absl::Time clock) {
  const Moment now = time_.Look(clock);
  ExpireOnCall(now.clock);
  ClosePanes(now);
  all_.window().Cool();
  slices_.Cool();
  producers_.Advance(now.heard, policy_);
  if (environments_.Expire(now.heard, policy_.epoch_expiry, producers_)) judge_dirty_ = true;
  LossSummary loss = producers_.Loss(now.heard, policy_);
  const bool silent =
      last_batch_.has_value() && now.heard - last_batch_->heard > policy_.no_data_after;
  const bool lost = loss.lost != loss_.lost || loss.unended != loss_.unended;
  loss_ = std::move(loss);
  const bool loads = loads_.Advance(now.heard, policy_);
  if (judge_dirty_ || alert_waits_ || silent || lost || loads) Judge(now);
}

std::optional<checks::GoldenSummary> LiveModel::Golden(
    const std::vector<checks::EnvironmentSummary>& environments) const {
  if (golden_.book() == nullptr) return std::nullopt;
  const std::vector<manifest::EnvironmentDifference>* worst = nullptr;
  for (const checks::EnvironmentSummary& summary : environments) {
    if (summary.differences == nullptr) continue;
    // A patch or an extra package explains nothing.
    if (summary.differences->front().weight < manifest::Weight::kWarning) continue;
    if (worst == nullptr || summary.differences->front().weight > worst->front().weight) {
      worst = summary.differences;
    }
  }
  constexpr size_t kNamed = 3;
  return golden_.Summary(worst == nullptr ? "" : InWords(*worst, kNamed));
}

checks::MissingRows LiveModel::Missing(const Moment& now) const {
  const auto range = all_.window().Range();
  const checks::MissingRows of_loads =
      loads_.Missing(range.has_value() ? range->first : std::numeric_limits<int64_t>::min());
  const absl::Duration window = policy_.pane * policy_.window_panes;
  const uint64_t batches = producers_.MissingSince(now.heard - window);
  if (batches == 0 || batches_.counted == 0) return of_loads;
  const double rows_a_batch = static_cast<double>(rows_) / static_cast<double>(batches_.counted);
  const auto rows = static_cast<uint64_t>(static_cast<double>(batches) * rows_a_batch);
  // They may be the same rows.
  if (rows <= of_loads.rows) return of_loads;
  return {rows, absl::StrFormat("%d missing %s of about %.0f rows", batches,
                                batches == 1 ? "batch" : "batches", rows_a_batch)};
}

checks::EvaluationInput LiveModel::InputOf(const Moment& now, const profile::Pane& window) {
  const LossSummary loss = producers_.Loss(now.heard, policy_);
  const std::vector<checks::EnvironmentSummary> environments = environments_.Summaries();
  std::optional<absl::Time> last_batch;
  if (last_batch_.has_value()) last_batch = last_batch_->heard;
  return {.window = window,
          .changes = all_.Changes(policy_, 1 + slices_.all().size()),
          .clocks = all_.clocks(),
          .now = now.heard,
          .last_batch = last_batch,
          .lost_batches = loss.lost,
          .lost_detail = loss.lost_detail,
          .lost_senders = {loss.losing, environments_.SourcesOf(loss.losing)},
          .abandoned_batches = loss.abandoned,
          .unended_epochs = loss.unended,
          .unended_detail = loss.unended_detail,
          .unended_senders = {loss.unending, environments_.SourcesOf(loss.unending)},
          .environments = environments,
          .golden = Golden(environments),
          .loads = loads_.Summary(),
          .missing = Missing(now),
          .sets = 1 + slices_.all().size(),
          .in_season = all_.InSeason()};
}

void LiveModel::Judge(const Moment& now, absl::string_view why) {
  TakeUp();  // a source may have come back
  const profile::Pane window = all_.window().Sum();
  const std::vector<profile::VariableStatistics>& statistics = all_.Describe(window);
  const checks::EvaluationInput input = InputOf(now, window);
  missing_share_ = input.missing.Share(window.rows);
  std::vector<checks::Finding> findings =
      checks::EvaluateForAlerts(*baseline_, policy_, input, statistics, all_.alerts());
  for (const auto& [name, entry] : slices_.all()) {
    JudgeSlice(name, entry, window, findings, now, why);
  }
  NameSlices(&findings);
  NameRenames(&findings);
  if (labels_ != nullptr) {
    for (checks::Finding& finding : labels_->Judge(policy_)) findings.push_back(std::move(finding));
  }
  Change(&all_, findings, now, why);
  alert_waits_ = false;
  for (const checks::Alert& alert : alerts()) {
    if (alert.state != checks::AlertState::kPending) continue;
    const checks::CheckSettings settings = policy_.Settings(alert.key.check, alert.key.variable);
    if (settings.for_duration > absl::ZeroDuration()) alert_waits_ = true;
  }
  ++evaluations_;
  judge_dirty_ = false;
  news_ = true;
}

std::vector<checks::Finding> LiveModel::FindingsOf(
    const SliceName& name, const SliceBook::Entry& entry, const profile::Pane& window,
    const profile::Pane& all, const std::vector<profile::VariableStatistics>& statistics,
    const std::vector<checks::Finding>& of_all, const checks::AlertBook* alerts) {
  Slice* const slice = entry.slice.get();
  const size_t sets = 1 + slices_.all().size();
  const std::vector<checks::VariableEvidence>* const changes = slice->Changes(policy_, sets);
  if (entry.trained != nullptr) {
    return checks::EvaluateSlice(
        *baseline_, policy_,
        {.slice = name.slice,
         .trained = *entry.trained,
         .window = window,
         .changes = changes,
         .statistics = statistics,
         .all = all,
         .latest = [&](uint32_t panes) { return all_.SumOfLatest(panes, slice->blocks_until()); },
         .of_all = of_all,
         .sets = sets,
         .trained_share = static_cast<double>(entry.trained->rows) /
                          static_cast<double>(slices_.slicing()->sample_rows)},
        alerts);
  }
  return checks::EvaluateSource(*baseline_, policy_,
                                {.source = name.source,
                                 .window = window,
                                 .changes = changes,
                                 .statistics = statistics,
                                 .all = all,
                                 .of_all = of_all,
                                 .first = [slice] { return slice->window().First(); },
                                 .sets = sets,
                                 .in_season = slice->InSeason()},
                                alerts);
}

void LiveModel::JudgeSlice(const SliceName& name, const SliceBook::Entry& entry,
                           const profile::Pane& all, const std::vector<checks::Finding>& of_all,
                           const Moment& now, absl::string_view why) {
  Slice* const slice = entry.slice.get();
  slice->window().Reach(all_.window().newest());
  const profile::Pane window = slice->window().Sum();
  const auto& statistics = slice->Describe(window);
  // Without a row left there is nothing to say of it.
  if (window.empty()) return Change(slice, {}, now, why);
  Change(slice, FindingsOf(name, entry, window, all, statistics, of_all, &slice->alerts()), now,
         why);
}

void LiveModel::NameSlices(std::vector<checks::Finding>* findings) const {
  std::vector<SliceAlerts> slices;
  for (const auto& [name, entry] : slices_.all()) {
    slices.emplace_back(&name, &entry.slice->alerts());
  }
  engine::NameSlices(slices, sources_.size(), findings);
}

void LiveModel::NameRenames(std::vector<checks::Finding>* findings) const {
  if (unknown_columns_.empty()) return;
  for (checks::Finding& finding : *findings) {
    if (finding.check != checks::CheckId::kAbsentVariable ||
        finding.status != checks::Status::kFiring) {
      continue;
    }
    const std::optional<size_t> index = baseline_->schema.Find(finding.variable);
    if (!index.has_value()) continue;
    finding.rename = profile::GuessRename(*baseline_, *index, unknown_columns_);
    if (!finding.rename.has_value()) continue;
    const profile::RenameGuess& guess = *finding.rename;
    const bool name = guess.name_similarity >= profile::kAlikeName;
    const bool values = guess.distance <= profile::kAlikeDistance;
    absl::StrAppendFormat(&finding.reason, "; may be `%s` now: %s (%s %.2f)", guess.name,
                          name && values ? "the name is alike, so are the values"
                          : name         ? "the name is alike, the values are not"
                          : values       ? "the values are alike, the name is not"
                                         : "neither the name nor the values are alike",
                          baseline_->variables[*index].is_numeric() ? "ks" : "tvd", guess.distance);
  }
}

void LiveModel::Change(Slice* slice, const std::vector<checks::Finding>& findings,
                       const Moment& now, absl::string_view why) {
  std::vector<checks::Alert> changed = slice->Advance(findings, policy_, now.clock, why);
  HoldBack(&slice->alerts(), &changed);
  NameIncidents(&slice->alerts(), &changed);
  Record(changed);
}

std::vector<checks::Alert> LiveModel::alerts() const {
  std::vector<checks::Alert> alerts = all_.alerts().alerts();
  for (checks::Alert& alert : given_up_.alerts()) alerts.push_back(std::move(alert));
  for (const auto& [name, entry] : slices_.all()) {
    for (checks::Alert& alert : entry.slice->alerts().alerts()) {
      alerts.push_back(std::move(alert));
    }
  }
  return alerts;
}

}  // namespace plumbline::engine
