#include "server/engine/backtest_rows.h"

#include <algorithm>
#include <utility>

namespace plumbline::engine {

void TimedRows::Merge(const TimedRows& other) {
  pane.Merge(other.pane);
  for (size_t i = 0; i < times.size(); ++i) times[i] += other.times[i];
}

BacktestRows::BacktestRows(std::shared_ptr<const profile::Baseline> trained,
                           std::shared_ptr<const profile::SeasonalTraining> season, bool encodes,
                           uint64_t first_rows)
    : trained_(std::move(trained)),
      season_(std::move(season)),
      encodes_(encodes),
      first_rows_(first_rows),
      watch_(trained_.get(), season_) {
  if (season_ != nullptr) in_season_.emplace(trained_.get(), season_);
  if (first_rows_ > 0) first_ = profile::Pane(*trained_);
}

TimedRows BacktestRows::NoRows() const {
  return {profile::Pane(*trained_),
          profile::BucketRows(season_ == nullptr ? 0 : season_->buckets())};
}

BacktestRows::Encoded BacktestRows::Encode(TimedRows rows) {
  if (rows.pane.empty()) return {"", std::move(rows.times)};
  return {profile::EncodePane(rows.pane), std::move(rows.times)};
}

TimedRows BacktestRows::Decode(const Encoded& encoded) const {
  if (encoded.bytes.empty()) return NoRows();
  // This encoded them.
  return {profile::DecodePane(*trained_, encoded.bytes).value(), encoded.times};
}

TimedRows BacktestRows::Take(Part* part) const {
  return part->rows.has_value() ? *std::exchange(part->rows, std::nullopt) : Decode(part->encoded);
}

BacktestRows::Part BacktestRows::Rest(TimedRows rows) const {
  if (encodes_) return {std::nullopt, Encode(std::move(rows))};
  return {std::move(rows), {}};
}

void BacktestRows::Close() {
  if (!open_.has_value()) return;
  if (open_part_ >= parts_.size()) parts_.resize(open_part_ + 1);
  parts_[open_part_] = Rest(*std::exchange(open_, std::nullopt));
}

TimedRows* BacktestRows::Open(size_t part) {
  if (open_.has_value() && open_part_ == part) return &*open_;
  Close();
  open_part_ = part;
  return &open_.emplace(NoRows());
}

void BacktestRows::PairParts() {
  Close();
  std::vector<Part> pairs((parts_.size() + 1) / 2);
  for (size_t i = 0; i < parts_.size(); ++i) {
    if (parts_[i].empty()) continue;
    Part& pair = pairs[i / 2];
    if (pair.empty()) {
      pair = std::move(parts_[i]);
      continue;
    }
    TimedRows sum = Take(&pair);
    sum.Merge(Take(&parts_[i]));
    pair = Rest(std::move(sum));
  }
  parts_ = std::move(pairs);
}

void BacktestRows::KeepFirst(const profile::Pane& part) {
  if (first_.rows < first_rows_) first_.Merge(part);
}

void BacktestRows::EndChunk(size_t first_half, const checks::Policy& policy) {
  Close();
  TimedRows first = NoRows(), second = NoRows();
  for (size_t i = 0; i < parts_.size(); ++i) {
    if (parts_[i].empty()) continue;
    const TimedRows part = Take(&parts_[i]);
    KeepFirst(part.pane);
    (i < first_half ? first : second).Merge(part);
  }
  parts_.clear();
  chunk_ = first;
  chunk_.Merge(second);
  latest_.push_front(Encode(chunk_));
  if (latest_.size() > policy.window_panes) latest_.pop_back();
  had_rows_ = !chunk_.pane.empty();
  observed_ = had_rows_ && chunk_.pane.rows >= policy.min_rows_drift;
  if (!observed_) return;
  for (const TimedRows* half : {&first, &second}) {
    if (half->pane.empty()) continue;
    watch_.Observe(half->pane, half->times);
    ++block_number_;
  }
}

const profile::Baseline* BacktestRows::InSeason() {
  return in_season_.has_value() ? &in_season_->At(chunk_.times) : nullptr;
}

std::vector<profile::VariableStatistics> BacktestRows::Describe() {
  const profile::Baseline* const in_season = InSeason();
  const profile::Baseline& held = in_season != nullptr ? *in_season : *trained_;
  std::vector<profile::VariableStatistics> statistics;
  for (size_t i = 0; i < held.variables.size(); ++i) {
    statistics.push_back(profile::CompareToBaseline(held.variables[i], chunk_.pane.variables[i]));
  }
  return statistics;
}

const std::vector<checks::VariableEvidence>* BacktestRows::Changes(const checks::Policy& policy,
                                                                   double log_alarm) {
  if (!observed_) return nullptr;
  changes_ = watch_.Weigh(log_alarm);
  const auto latest = [this](uint32_t chunks) { return SumOfLatest(chunks); };
  if (season_ == nullptr) {
    checks::LookBack(*trained_, policy, latest, &changes_);
    return &changes_;
  }
  profile::SeasonalBaseline trained(trained_.get(), season_);
  const auto at = [&](uint32_t chunks) -> const profile::Baseline& {
    return trained.At(TimesOfLatest(chunks));
  };
  checks::LookBack(policy, latest, at, &changes_);
  return &changes_;
}

profile::BucketRows BacktestRows::TimesOfLatest(uint32_t chunks) const {
  profile::BucketRows times(season_->buckets());
  for (size_t i = 0; i < std::min<size_t>(chunks, latest_.size()); ++i) {
    for (size_t bucket = 0; bucket < times.size(); ++bucket) {
      times[bucket] += latest_[i].times[bucket];
    }
  }
  return times;
}

profile::Pane BacktestRows::SumOfLatest(uint32_t chunks) const {
  profile::Pane sum(*trained_);
  for (size_t i = 0; i < std::min<size_t>(chunks, latest_.size()); ++i) {
    if (!latest_[i].bytes.empty()) sum.Merge(Decode(latest_[i]).pane);
  }
  return sum;
}

std::optional<profile::Pane> BacktestRows::First() const {
  if (first_rows_ == 0 || first_.rows < first_rows_) return std::nullopt;
  return first_;
}

std::vector<checks::Alert> BacktestRows::Advance(const std::vector<checks::Finding>& findings,
                                                 const checks::Policy& policy, absl::Time now) {
  std::vector<checks::Alert> changed = alerts_.Advance(findings, policy, now, block_number_);
  for (const checks::Alert& alert : changed) {
    if (alert.is_open()) continue;
    const std::optional<size_t> variable = trained_->schema.Find(alert.key.variable);
    if (variable.has_value()) (void)watch_.Reset(alert.key.check, *variable);
  }
  return changed;
}

}  // namespace plumbline::engine
