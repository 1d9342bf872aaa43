#include "server/engine/slice.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace plumbline::engine {
namespace {

// So many times the rows that a verdict needs are a source's first ones, which later ones are held
// against.
constexpr uint64_t kFirstBlocks = 10;

}  // namespace

uint64_t Slice::FirstRows(Of of, const checks::Policy& policy) {
  if (of != Of::kSource) return 0;
  return kFirstBlocks * std::max<uint64_t>(1, policy.min_rows_drift);
}

Slice::Slice(std::shared_ptr<const profile::Baseline> baseline, PaneHome home,
             const checks::Policy& policy, Of of)
    : baseline_(baseline),
      window_(std::move(baseline), std::move(home), policy.pane, policy.window_panes,
              FirstRows(of, policy)),
      watch_(baseline_.get()),
      last_block_since_(kNever),
      gathering_since_(kNever) {
  if (of == Of::kAllRows) clocks_.emplace(*baseline_);
}

void Slice::ClosePane(int64_t pane_start, uint64_t min_rows) {
  const int64_t keep = last_block_since_ != kNever  ? last_block_since_
                       : gathering_since_ != kNever ? gathering_since_
                                                    : pane_start;
  profile::Pane pane = window_.Close(pane_start, std::min(keep, pane_start));
  changes_.reset();
  if (clocks_.has_value()) {
    clocks_->Close(pane, pane_start, pane_start + absl::ToInt64Microseconds(window_.length()));
  }
  if (gathering_since_ == kNever) gathering_since_ = pane_start;
  if (gathering_.variables.empty()) {
    gathering_ = std::move(pane);
  } else {
    gathering_.Merge(pane);
  }
  if (gathering_.rows < min_rows) return;
  watch_.Observe(gathering_, TimesOf(gathering_since_, window_.closed_until()));
  policy_block_.reset();
  gathering_ = profile::Pane();
  last_block_since_ = gathering_since_;
  gathering_since_ = window_.closed_until();
  ++block_number_;
}

const std::vector<checks::VariableEvidence>* Slice::Changes(const checks::Policy& policy,
                                                            size_t slices) {
  if (block_number_ == 0) return nullptr;
  if (changes_.has_value() && weighed_slices_ == slices) return &*changes_;
  const double alarm =
      policy.BlocksPerFalseAlarm(policy.pane) * static_cast<double>(std::max<size_t>(1, slices));
  changes_ = watch_.Weigh(std::log(alarm));
  weighed_slices_ = slices;
  if (policy_block_.has_value()) {
    checks::KeepActive(*baseline_, alerts_, &*changes_);
  }
  const auto latest = [&](uint32_t panes) { return SumOfLatest(panes, blocks_until()); };
  if (season_ == nullptr) {
    checks::LookBack(*baseline_, policy, latest, &*changes_);
    return &*changes_;
  }
  std::optional<profile::SeasonalBaseline> trained;  // made where there is something to look at
  const auto at = [&](uint32_t panes) -> const profile::Baseline& {
    if (!trained.has_value()) trained.emplace(baseline_.get(), season_);
    const int64_t length = int64_t{panes} * absl::ToInt64Microseconds(window_.length());
    return trained->At(TimesOf(blocks_until() - length, blocks_until()));
  };
  checks::LookBack(policy, latest, at, &*changes_);
  return &*changes_;
}

profile::BucketRows Slice::TimesOf(int64_t from, int64_t until) const {
  if (season_ == nullptr) return {};
  profile::BucketRows times(season_->buckets());
  window_.ForEachClosed(
      from, until, [&](int64_t start, uint64_t rows) { times[season_->BucketOf(start)] += rows; });
  return times;
}

void Slice::SetSeason(std::shared_ptr<const profile::SeasonalTraining> season) {
  if (season == season_) return;
  season_ = std::move(season);
  in_season_.reset();
  if (season_ != nullptr) in_season_.emplace(baseline_.get(), season_);
  watch_ = checks::ChangeWatch(baseline_.get(), season_);
  changes_.reset();
  if (block_number_ > 0) window_.TouchRecord();
}

const profile::Baseline* Slice::InSeason() {
  if (!in_season_.has_value()) return nullptr;
  profile::BucketRows times(season_->buckets());
  window_.ForEachPane(
      [&](int64_t start, uint64_t rows) { times[season_->BucketOf(start)] += rows; });
  return &in_season_->At(times);
}

profile::Pane Slice::SumOfLatest(uint32_t panes, int64_t until) {
  return window_.SumOfClosed(until - int64_t{panes} * absl::ToInt64Microseconds(window_.length()),
                             until);
}

void Slice::SetPolicy(const checks::Policy& policy) {
  window_.set_panes(policy.window_panes);
  changes_.reset();
  policy_block_ = block_number_;
}

std::vector<checks::Alert> Slice::Advance(const std::vector<checks::Finding>& findings,
                                          const checks::Policy& policy, absl::Time now,
                                          absl::string_view why) {
  std::vector<checks::Alert> changed = alerts_.Advance(findings, policy, now, block_number_, why);
  for (const checks::Alert& alert : changed) {
    if (alert.state == checks::AlertState::kPending || alert.state == checks::AlertState::kFiring) {
      continue;
    }
    const std::optional<size_t> variable = baseline_->schema.Find(alert.key.variable);
    if (!variable.has_value() || !watch_.Reset(alert.key.check, *variable)) continue;
    changes_.reset();
    window_.TouchRecord();
  }
  return changed;
}

const std::vector<profile::VariableStatistics>& Slice::Describe(const profile::Pane& window) {
  const profile::Baseline* const in_season = InSeason();
  const profile::Baseline& trained = in_season != nullptr ? *in_season : *baseline_;
  statistics_.resize(baseline_->variables.size());
  for (size_t i = 0; i < statistics_.size(); ++i) {
    statistics_[i] = profile::CompareToBaseline(trained.variables[i], window.variables[i]);
  }
  rows_described_ = window.rows;
  return statistics_;
}

void Slice::Commit(storage::Store::Batch* batch) {
  window_.Commit(batch, [this](storage::v1::WindowRecord* record) {
    if (clocks_.has_value()) record->set_arrival_clocks(clocks_->Encode());
    if (block_number_ == 0) return;
    record->set_change_evidence(watch_.Encode());
    if (season_ == nullptr) return;
    record->set_change_evidence_season(static_cast<uint32_t>(season_->season()));
  });
}

void Slice::ToRecord(storage::v1::SliceRecord* record) const {
  if (last_block_since_ != kNever) record->set_last_block_since_micros(last_block_since_);
  if (gathering_since_ != kNever) record->set_gathering_since_micros(gathering_since_);
  record->set_block_number(block_number_);
}

absl::Status Slice::Restore(const storage::v1::SliceRecord& record, int64_t closed_until) {
  // A window of before there were clocks, or evidence, has none.
  const auto read_more = [this](const storage::v1::WindowRecord& window) {
    const auto season = season_ == nullptr ? profile::Season::kNone : season_->season();
    const bool is_of_it = window.change_evidence_season() == static_cast<uint32_t>(season);
    if (!window.change_evidence().empty() && is_of_it) {
      absl::Status evidence = watch_.Decode(window.change_evidence());
      if (!evidence.ok()) return evidence;
    }
    if (!clocks_.has_value() || window.arrival_clocks().empty()) return absl::OkStatus();
    return clocks_->Decode(window.arrival_clocks());
  };
  if (absl::Status status = window_.Restore(closed_until, read_more); !status.ok()) {
    return status;
  }
  block_number_ = record.block_number();
  if (record.has_gathering_since_micros()) {
    gathering_since_ = record.gathering_since_micros();
    profile::Pane gathered =
        window_.SumOfClosed(gathering_since_, std::numeric_limits<int64_t>::max());
    if (!gathered.empty()) gathering_ = std::move(gathered);
  }
  if (record.has_last_block_since_micros()) {
    last_block_since_ = record.last_block_since_micros();
  }
  return absl::OkStatus();
}

}  // namespace plumbline::engine
