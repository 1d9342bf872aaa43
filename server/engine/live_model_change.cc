// Another policy, another baseline: what a live model goes on with, and what becomes of its alerts.
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/engine/live_model.h"

namespace plumbline::engine {
namespace {

// What is judged by what a model keeps with its windows closed.
bool GoesOn(checks::CheckId check, bool same_baseline) {
  switch (check) {
    case checks::CheckId::kNoData:
    case checks::CheckId::kRowsLost:
    case checks::CheckId::kTailUnknown:
    case checks::CheckId::kLoadMismatch:
    case checks::CheckId::kEnvironment:
      return true;
    case checks::CheckId::kGoldenRows:
    case checks::CheckId::kPerformance:
    case checks::CheckId::kPerformanceLimit:
    case checks::CheckId::kConceptDrift:
    case checks::CheckId::kLabelDrift:
      return same_baseline;
    default:
      return false;
  }
}

}  // namespace

void LiveModel::InheritProducers(LiveModel* from) {
  producers_ = std::move(from->producers_);
  environments_.TakeOver(&from->environments_);
  loads_ = std::move(from->loads_);
  on_call_ = from->on_call_;
  on_call_dirty_ = from->on_call_dirty_;
  time_ = from->time_;
  last_batch_ = from->last_batch_;
  loss_ = from->loss_;
  if (from->baseline_->number == baseline_->number) {
    labels_ = std::move(from->labels_);
    if (labels_ != nullptr) labels_->set_wait(policy_.label_wait);
  }
}

void LiveModel::InheritAlerts(LiveModel* from, absl::Time clock) {
  const Moment now = time_.Look(clock);
  const bool same_baseline = from->baseline_->number == baseline_->number;
  const std::string why = same_baseline
                              ? absl::StrCat("the policy changed: its panes are ",
                                             absl::FormatDuration(policy_.pane), " long now")
                              : absl::StrCat("baseline ", baseline_->number, " became active");
  changes_ = from->TakeChanges();  // nobody was told of them yet
  checks::AlertBook book = from->all_.alerts();
  for (const auto& [name, entry] : from->slices_.all()) book.Add(entry.slice->alerts().alerts());
  std::vector<checks::Alert> known = book.alerts();
  // Names that clients made up are not kept for ever.
  std::erase_if(known, [](const checks::Alert& alert) {
    return alert.key.check == checks::CheckId::kUnknownVariable && !alert.is_open();
  });
  book.Restore(std::move(known));
  std::vector<checks::Alert> ended =
      book.End(now.clock, why, [same_baseline](const checks::Alert& alert) {
        return !GoesOn(alert.key.check, same_baseline);
      });
  HoldBack(&book, &ended);
  std::vector<checks::Alert> alerts = book.alerts();
  for (checks::Alert& alert : alerts) {
    alert.last_block = 0;              // they are counted anew
    changed_alerts_.push_back(alert);  // all were deleted with the other's windows
  }
  Record(ended);
  given_up_.Restore(Place(std::move(alerts)));
  Judge(now, why);
}

std::vector<checks::Alert> LiveModel::Place(std::vector<checks::Alert> alerts) {
  std::map<checks::AlertBook*, std::vector<checks::Alert>> places;
  std::vector<checks::Alert> rest;
  for (checks::Alert& alert : alerts) {
    const checks::AlertKey& key = alert.key;
    // Where producers run is judged for the model, whatever their source.
    const bool of_all =
        key.check == checks::CheckId::kEnvironment || (key.source.empty() && key.slice.empty());
    SliceBook::Entry* const slice = of_all ? nullptr : slices_.Find({key.source, key.slice});
    if ((slice == nullptr && !of_all) || !CheckVariable(key.check, key.variable).ok()) {
      rest.push_back(std::move(alert));
    } else {
      places[of_all ? &all_.alerts() : &slice->slice->alerts()].push_back(std::move(alert));
    }
  }
  for (auto& [book, placed] : places) book->Add(std::move(placed));
  return rest;
}

void LiveModel::GiveUp(std::vector<checks::Alert> alerts) {
  // Bounded: what was given up before is forgotten.
  for (checks::Alert& old : given_up_.alerts()) {
    old.state = checks::AlertState::kInactive;
    changed_alerts_.push_back(std::move(old));  // to delete: nobody is told
  }
  given_up_.Restore(std::move(alerts));
  End(&given_up_, "its variable, source or slice is no longer judged",
      [](const checks::Alert&) { return true; });
}

void LiveModel::TakeUp() {
  if (!given_up_.empty()) given_up_.Restore(Place(given_up_.alerts()));
}

void LiveModel::End(checks::AlertBook* book, absl::string_view why,
                    absl::FunctionRef<bool(const checks::Alert&)> ends) {
  const absl::Time now = time_.last().has_value() ? time_.last()->clock : active_since_;
  std::vector<checks::Alert> ended = book->End(now, why, ends);
  HoldBack(book, &ended);
  Record(ended);
}

void LiveModel::EndAlerts(absl::Time clock, absl::string_view why) {
  (void)time_.Look(clock);
  const auto all = [](const checks::Alert&) { return true; };
  End(&all_.alerts(), why, all);
  for (const auto& [name, entry] : slices_.all()) End(&entry.slice->alerts(), why, all);
}

void LiveModel::SetGolden(std::shared_ptr<const profile::GoldenBook> book) {
  golden_ = GoldenWatch(std::move(book));
  judge_dirty_ = true;
  news_ = true;
}

void LiveModel::SetSlicing(std::shared_ptr<const profile::Slicing> slicing) {
  if (slicing == slices_.slicing()) return;
  std::vector<checks::Alert> given_up = slices_.SetSlicing(std::move(slicing), policy_);
  TakeUp();
  if (!given_up.empty()) GiveUp(std::move(given_up));
  state_dirty_ = judge_dirty_ = news_ = true;
}

void LiveModel::SetSeason(std::shared_ptr<const profile::SeasonalTraining> season) {
  all_.SetSeason(season);
  slices_.SetSeason(std::move(season));
  judge_dirty_ = true;
}

void LiveModel::SetPolicy(checks::Policy policy) {
  policy_ = std::move(policy);
  aliases_ = policy_.AliasesFor(baseline_->schema);
  unknown_columns_ = {};
  all_.SetPolicy(policy_);
  slices_.SetPolicy(policy_);
  if (labels_ != nullptr) labels_->set_wait(policy_.label_wait);
  judge_dirty_ = true;
}

void LiveModel::ChangePolicy(checks::Policy policy, std::shared_ptr<const profile::Slicing> slicing,
                             std::shared_ptr<const profile::SeasonalTraining> season,
                             absl::Time clock) {
  const Moment now = time_.Look(clock);
  if (judge_dirty_) Judge(now);  // so that what ends below is the policy's doing
  const bool another_season = policy.season != policy_.season;
  SetPolicy(std::move(policy));
  SetSlicing(std::move(slicing));
  SetSeason(std::move(season));
  if (another_season) {
    constexpr absl::string_view kWhy = "the policy changed: it has another season";
    const auto drifts = [](const checks::Alert& alert) {
      return alert.key.check == checks::CheckId::kDrift;
    };
    End(&all_.alerts(), kWhy, drifts);
    for (const auto& [name, entry] : slices_.all()) {
      if (entry.trained == nullptr) End(&entry.slice->alerts(), kWhy, drifts);
    }
  }
  Judge(now, "the policy changed");
}

}  // namespace plumbline::engine
