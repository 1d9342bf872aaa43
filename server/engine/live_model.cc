#include "server/engine/live_model.h"

#include <algorithm>
#include <limits>
#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/engine/records.h"

namespace plumbline::engine {
namespace {

constexpr int64_t kNever = std::numeric_limits<int64_t>::min();

IngestOutcome Refused(absl::Status error) {
  return {IngestOutcome::Result::kRefused, 0, 0, std::move(error)};
}

}  // namespace

LiveModel::LiveModel(ModelKey key, std::shared_ptr<const profile::Baseline> baseline,
                     checks::Policy policy, uint64_t generation, absl::Time now,
                     const storage::Store* store, const Quotas& quotas)
    : key_(std::move(key)),
      baseline_(std::move(baseline)),
      policy_(std::move(policy)),
      generation_(generation),
      window_(baseline_, {store, key_, generation_}, policy_.pane, policy_.window_panes),
      sources_(quotas.max_sources_per_model),
      producers_(quotas.max_producers_per_model),
      environments_(baseline_->environment),
      last_block_since_(kNever),
      gathering_since_(kNever),
      active_since_(now) {}

absl::StatusOr<std::unique_ptr<LiveModel>> LiveModel::Load(
    ModelKey key, std::shared_ptr<const profile::Baseline> baseline, checks::Policy policy,
    const storage::v1::ModelStateRecord& state, const storage::Store& store, const Quotas& quotas,
    std::shared_ptr<const profile::GoldenBook> golden) {
  auto model = std::make_unique<LiveModel>(
      std::move(key), std::move(baseline), std::move(policy), state.generation(),
      absl::FromUnixMicros(state.active_since_micros()), &store, quotas);
  model->rows_ = state.rows();
  model->late_rows_ = state.late_rows();
  model->batches_ = {state.batches(), state.duplicate_batches(), state.refused_batches(), 0};
  if (state.has_clock_micros()) {
    model->time_ = ListeningTime(
        {absl::FromUnixMicros(state.clock_micros()), absl::FromUnixMicros(state.heard_micros())});
  }
  if (state.has_last_batch_micros()) {
    const absl::Time clock = absl::FromUnixMicros(state.last_batch_micros());
    model->last_batch_ = {clock, state.has_last_batch_heard_micros()
                                     ? absl::FromUnixMicros(state.last_batch_heard_micros())
                                     : clock};
  }
  model->sources_.FromRecord(state);
  const int64_t closed_until =
      state.has_closed_until_micros() ? state.closed_until_micros() : kNever;
  absl::Status restored = model->window_.Restore(closed_until);
  if (!restored.ok()) return restored;
  if (absl::Status status = model->producers_.Restore(model->key_, store, state); !status.ok()) {
    return status;
  }
  model->golden_ = GoldenWatch(std::move(golden));
  absl::Status results = model->golden_.Restore(model->key_, model->baseline_->number, store);
  if (!results.ok()) return results;
  if (absl::Status status = model->environments_.Restore(model->key_, store); !status.ok()) {
    return status;
  }
  if (model->time_.last().has_value()) {
    model->loss_ = model->producers_.Loss(model->time_.last()->heard, model->policy_);
  }
  model->block_number_ = state.block_number();
  if (state.has_gathering_since_micros()) {
    model->gathering_since_ = state.gathering_since_micros();
    profile::Pane gathered =
        model->window_.SumOfClosed(model->gathering_since_, std::numeric_limits<int64_t>::max());
    if (!gathered.empty()) model->gathering_ = std::move(gathered);
  }
  if (state.has_last_block_since_micros()) {
    model->last_block_since_ = state.last_block_since_micros();
  }
  const auto alerts = store.ListAlerts(model->key_.model, model->key_.version);
  if (!alerts.ok()) return alerts.status();
  std::vector<checks::Alert> book;
  for (const storage::v1::AlertRecord& record : *alerts) {
    auto alert = FromRecord(record);
    if (!alert.ok()) return alert.status();
    book.push_back(*std::move(alert));
  }
  model->alerts_.Restore(std::move(book));
  model->state_dirty_ = false;
  return model;
}

IngestOutcome LiveModel::Ingest(const IngestBatch& batch, absl::Time clock) {
  const Moment now = time_.Look(clock);
  news_ = true;
  IngestOutcome outcome;
  if (!batch.number.producer.empty()) {
    const Claim claim = producers_.Take(batch.number.producer, batch.number.epoch,
                                        batch.number.sequence, now.heard);
    if (claim == Claim::kDuplicate) {
      ++batches_.duplicate;
      state_dirty_ = true;
      outcome.result = IngestOutcome::Result::kDuplicate;
      return outcome;
    }
    if (claim != Claim::kNew) {
      ++batches_.refused;
      state_dirty_ = true;
      const std::string number =
          absl::StrCat(key_.InWords(), ", producer \"", batch.number.producer, "\", epoch ",
                       batch.number.epoch, ", sequence ", batch.number.sequence, ": ");
      return Refused(
          claim == Claim::kForgotten
              ? absl::FailedPreconditionError(absl::StrCat(
                    number, "the epoch has expired; whether the batch was counted is not known"))
              : absl::InvalidArgumentError(absl::StrCat(
                    number, "not a number of this epoch (0, or beyond its declared end)")));
    }
  }
  ++batches_.counted;
  last_batch_ = now;
  state_dirty_ = true;
  judge_dirty_ = true;
  (void)golden_.Add(batch.golden);
  if (batch.counted.has_value()) {
    Add(*batch.counted, now, &outcome);
  } else {
    Count(batch, now, &outcome);
  }
  ClosePanes(now);
  return outcome;
}

int64_t LiveModel::TimeOf(std::optional<int64_t> event_micros, const Moment& now) const {
  return event_micros.value_or(std::max(absl::ToUnixMicros(now.clock), window_.closed_until()));
}

void LiveModel::Add(const CountedRows& counted, const Moment& now, IngestOutcome* outcome) {
  const uint64_t rows = counted.pane.rows;
  const int64_t start = window_.PaneStart(TimeOf(counted.event_micros, now));
  profile::Pane* pane = PaneFor(start, rows, outcome);
  if (pane != nullptr) pane->Merge(counted.pane);
  sources_.See(counted.source, counted.event_micros, rows, now);
}

void LiveModel::Count(const IngestBatch& batch, const Moment& now, IngestOutcome* outcome) {
  const profile::BatchView& view = batch.view;
  const profile::PreparedBatch prepared(*baseline_, view);
  if (view.row_event_micros.empty()) {
    const std::pair<uint32_t, uint32_t> all(0, view.rows);
    CountRows(prepared, window_.PaneStart(TimeOf(view.event_micros, now)), {&all, 1}, outcome);
    sources_.See(view.source, view.event_micros, view.rows, now);
    return;
  }
  // Oldest pane first: within a batch no row makes another late.
  const std::map<int64_t, RowsOfPane> panes = ByPane(view);
  for (const auto& [start, rows] : panes) {
    const uint64_t count = CountRows(prepared, start, rows.ranges, outcome);
    sources_.See(view.source, rows.newest_micros, count, now);
    // A batch of long history passes many panes: each is closed, and judged, when its time has
    // come.
    if (panes.size() > 1) ClosePanes(now);
  }
}

std::map<int64_t, LiveModel::RowsOfPane> LiveModel::ByPane(const profile::BatchView& view) const {
  std::map<int64_t, RowsOfPane> panes;
  for (uint32_t begin = 0; begin < view.rows;) {
    const int64_t start = window_.PaneStart(view.row_event_micros[begin]);
    RowsOfPane& pane = panes[start];
    uint32_t end = begin;
    while (end < view.rows && window_.PaneStart(view.row_event_micros[end]) == start) {
      pane.newest_micros = std::max(pane.newest_micros, view.row_event_micros[end++]);
    }
    pane.ranges.emplace_back(begin, end);
    begin = end;
  }
  return panes;
}

uint64_t LiveModel::CountRows(const profile::PreparedBatch& prepared, int64_t pane_start,
                              absl::Span<const RowRange> ranges, IngestOutcome* outcome) {
  uint64_t rows = 0;
  for (const auto& [begin, end] : ranges) rows += end - begin;
  profile::Pane* pane = PaneFor(pane_start, rows, outcome);
  if (pane == nullptr) return rows;
  for (const auto& [begin, end] : ranges) prepared.Count(begin, end, pane);
  return rows;
}

profile::Pane* LiveModel::PaneFor(int64_t pane_start, uint64_t rows, IngestOutcome* outcome) {
  if (window_.IsLate(pane_start)) {
    outcome->rows_late += rows;
    late_rows_ += rows;
    return nullptr;
  }
  outcome->rows_counted += rows;
  rows_ += rows;
  return window_.Open(pane_start);
}

void LiveModel::ClosePanes(const Moment& now) {
  const std::optional<int64_t> watermark =
      sources_.Advance(now, policy_.allowed_lateness, policy_.source_idle_timeout);
  if (!watermark.has_value()) return;
  while (const std::optional<int64_t> start = window_.NextToClose(*watermark)) {
    const int64_t keep = last_block_since_ != kNever  ? last_block_since_
                         : gathering_since_ != kNever ? gathering_since_
                                                      : *start;
    Gather(*start, window_.Close(*start, std::min(keep, *start)));
    state_dirty_ = true;
    Judge(now);
  }
}

void LiveModel::Gather(int64_t start, profile::Pane pane) {
  if (gathering_since_ == kNever) gathering_since_ = start;
  if (gathering_.variables.empty()) {
    gathering_ = std::move(pane);
  } else {
    gathering_.Merge(pane);
  }
  if (gathering_.rows < policy_.min_rows_drift) return;
  evidence_ = checks::WeighBlock(*baseline_, gathering_);
  gathering_ = profile::Pane();
  last_block_since_ = gathering_since_;
  gathering_since_ = window_.closed_until();
  ++block_number_;
}

IngestOutcome LiveModel::Note(const IngestNote& note, absl::Time clock) {
  const absl::Time now = time_.Look(clock).heard;
  const std::string who =
      absl::StrCat(key_.InWords(), ", producer \"", note.producer, "\", epoch ", note.epoch, ": ");
  state_dirty_ = true;
  judge_dirty_ = true;
  news_ = true;
  switch (note.kind) {
    case IngestNote::Kind::kRefused:
      ++batches_.refused;
      if (!note.producer.empty()) {
        producers_.Skip(note.producer, note.epoch, note.first, note.first, now);
      }
      return Refused(note.refusal);
    case IngestNote::Kind::kSkip:
      if (note.first == 0 || note.last < note.first) {
        return Refused(absl::InvalidArgumentError(
            absl::StrCat(who, note.first, " to ", note.last, " is not a range of numbers")));
      }
      if (!producers_.Skip(note.producer, note.epoch, note.first, note.last, now)) {
        return Refused(absl::FailedPreconditionError(absl::StrCat(who, "the epoch has expired")));
      }
      return {};
    case IngestNote::Kind::kEnd:
      return End(note, who, now);
    case IngestNote::Kind::kEnvironment:
      environments_.Declare(note.producer, note.epoch, note.source, *note.environment, now);
      return {};
  }
  return {};
}

IngestOutcome LiveModel::End(const IngestNote& note, const std::string& who, absl::Time now) {
  switch (producers_.End(note.producer, note.epoch, note.last, now)) {
    case Claim::kForgotten:
      return Refused(absl::FailedPreconditionError(absl::StrCat(who, "the epoch has expired")));
    case Claim::kInvalid:
      return Refused(absl::InvalidArgumentError(
          absl::StrCat(who, note.last, " is not its last number: a higher one is known")));
    default:
      return {};
  }
}

void LiveModel::Tick(absl::Time clock) {
  const Moment now = time_.Look(clock);
  ClosePanes(now);
  window_.Cool();
  producers_.Advance(now.heard, policy_);
  if (environments_.Expire(now.heard, policy_.epoch_expiry, producers_)) judge_dirty_ = true;
  LossSummary loss = producers_.Loss(now.heard, policy_);
  const bool silent =
      last_batch_.has_value() && now.heard - last_batch_->heard > policy_.no_data_after;
  const bool lost = loss.lost != loss_.lost || loss.unended != loss_.unended;
  loss_ = std::move(loss);
  if (judge_dirty_ || alert_waits_ || silent || lost) Judge(now);
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

checks::EvaluationInput LiveModel::InputOf(const Moment& now, const profile::Pane& window) {
  const LossSummary loss = producers_.Loss(now.heard, policy_);
  if (block_number_ > 0 && evidence_.empty()) {  // loaded
    evidence_ =
        checks::WeighBlock(*baseline_, window_.SumOfClosed(last_block_since_, gathering_since_));
  }
  const std::vector<checks::EnvironmentSummary> environments = environments_.Summaries();
  std::optional<absl::Time> last_batch;
  if (last_batch_.has_value()) last_batch = last_batch_->heard;
  return {.window = window,
          .block = block_number_ > 0 ? &evidence_ : nullptr,
          .block_number = block_number_,
          .now = now.heard,
          .last_batch = last_batch,
          .lost_batches = loss.lost,
          .lost_detail = loss.lost_detail,
          .abandoned_batches = loss.abandoned,
          .unended_epochs = loss.unended,
          .unended_detail = loss.unended_detail,
          .environments = environments,
          .golden = Golden(environments)};
}

void LiveModel::Judge(const Moment& now) {
  const profile::Pane window = window_.Sum();
  statistics_.resize(baseline_->variables.size());
  for (size_t i = 0; i < statistics_.size(); ++i) {
    statistics_[i] = profile::CompareToBaseline(baseline_->variables[i], window.variables[i]);
  }
  window_rows_ = window.rows;
  const std::vector<checks::Finding> findings =
      checks::EvaluateForAlerts(*baseline_, policy_, InputOf(now, window), statistics_, alerts_);
  std::vector<checks::Alert> changed = alerts_.Advance(findings, policy_, now.clock, block_number_);
  for (checks::Alert& alert : changed) {
    changes_.push_back({key_, baseline_->number, alert});
    changed_alerts_.push_back(std::move(alert));
  }
  alert_waits_ = false;
  for (const checks::Alert& alert : alerts_.alerts()) {
    if (alert.state != checks::AlertState::kPending) continue;
    const checks::CheckSettings settings = policy_.Settings(alert.key.check, alert.key.variable);
    if (settings.for_duration > absl::ZeroDuration()) alert_waits_ = true;
  }
  ++evaluations_;
  judge_dirty_ = false;
  news_ = true;
}

std::vector<ModelAlert> LiveModel::TakeChanges() { return std::exchange(changes_, {}); }

bool LiveModel::dirty() const {
  return state_dirty_ || window_.dirty() || producers_.dirty() || environments_.dirty() ||
         golden_.dirty() || !changed_alerts_.empty();
}

void LiveModel::Commit(storage::Store::Batch* batch) {
  window_.Commit(batch);
  for (const checks::Alert& alert : changed_alerts_) {
    if (alert.state == checks::AlertState::kInactive) {
      batch->DeleteAlert(key_.model, key_.version, checks::CheckName(alert.key.check),
                         alert.key.variable, alert.key.source);
    } else {
      batch->PutAlert(key_.model, key_.version, ToRecord(alert, baseline_->number));
    }
  }
  changed_alerts_.clear();
  storage::v1::ModelStateRecord record;
  producers_.Commit(key_, batch, &record);
  environments_.Commit(key_, batch);
  golden_.Commit(key_, baseline_->number, batch);
  record.set_active_baseline(baseline_->number);
  record.set_generation(generation_);
  record.set_rows(rows_);
  record.set_batches(batches_.counted);
  record.set_late_rows(late_rows_);
  record.set_duplicate_batches(batches_.duplicate);
  record.set_refused_batches(batches_.refused);
  if (last_batch_.has_value()) {
    record.set_last_batch_micros(absl::ToUnixMicros(last_batch_->clock));
    record.set_last_batch_heard_micros(absl::ToUnixMicros(last_batch_->heard));
  }
  if (time_.last().has_value()) {
    record.set_clock_micros(absl::ToUnixMicros(time_.last()->clock));
    record.set_heard_micros(absl::ToUnixMicros(time_.last()->heard));
  }
  if (window_.closed_until() != kNever) record.set_closed_until_micros(window_.closed_until());
  sources_.ToRecord(&record);
  if (last_block_since_ != kNever) record.set_last_block_since_micros(last_block_since_);
  if (gathering_since_ != kNever) record.set_gathering_since_micros(gathering_since_);
  record.set_block_number(block_number_);
  record.set_active_since_micros(absl::ToUnixMicros(active_since_));
  batch->PutState(key_.model, key_.version, record);
  state_dirty_ = false;
}

void LiveModel::InheritProducers(LiveModel* from) {
  producers_ = std::move(from->producers_);
  environments_.TakeOver(&from->environments_);
  time_ = from->time_;
  loss_ = from->loss_;
}

void LiveModel::SetGolden(std::shared_ptr<const profile::GoldenBook> book) {
  golden_ = GoldenWatch(std::move(book));
  judge_dirty_ = true;
  news_ = true;
}

void LiveModel::SetPolicy(checks::Policy policy) {
  policy_ = std::move(policy);
  window_.set_panes(policy_.window_panes);
  judge_dirty_ = true;
}

Report LiveModel::MakeReport(absl::Time clock, std::optional<size_t> variable) {
  const Moment now = time_.Look(clock);
  producers_.Advance(now.heard, policy_);
  const profile::Pane window = window_.Sum();
  std::vector<profile::VariableStatistics> statistics;
  for (size_t i = 0; i < baseline_->variables.size(); ++i) {
    statistics.push_back(profile::CompareToBaseline(baseline_->variables[i], window.variables[i]));
  }
  Report report;
  report.key = key_;
  report.baseline_number = baseline_->number;
  if (const auto range = window_.Range(); range.has_value()) {
    report.start = absl::FromUnixMicros(range->first);
    report.end = absl::FromUnixMicros(range->second);
  }
  report.rows = window.rows;
  report.late_rows = late_rows_;
  report.findings = checks::Evaluate(*baseline_, policy_, InputOf(now, window), statistics);
  report.losses = producers_.Losses(now.heard, policy_);
  report.environments = environments_.Differing();
  SortWorstFirst(&report.findings);
  for (size_t i = 0; i < statistics.size(); ++i) {
    if (variable.has_value() && *variable != i) continue;
    const profile::VariableBaseline& trained = baseline_->variables[i];
    report.variables.push_back({trained.variable, std::move(statistics[i]),
                                profile::DescribeBaseline(trained),
                                profile::SideBySide(trained, window.variables[i])});
  }
  std::stable_sort(report.variables.begin(), report.variables.end(),
                   [](const VariableReport& a, const VariableReport& b) {
                     return a.live.psi_corrected.value_or(-1) > b.live.psi_corrected.value_or(-1);
                   });
  if (variable.has_value()) {
    report.losses.clear();
    report.environments.clear();
    const std::string& name = baseline_->variables[*variable].variable.name;
    std::erase_if(report.findings,
                  [&](const checks::Finding& finding) { return finding.variable != name; });
  }
  return report;
}

std::shared_ptr<const ModelSnapshot> LiveModel::Snapshot() {
  auto snapshot = std::make_shared<ModelSnapshot>();
  snapshot->key = key_;
  snapshot->baseline_number = baseline_->number;
  snapshot->rows = rows_;
  snapshot->late_rows = late_rows_;
  snapshot->batches = batches_;
  snapshot->losses = {loss_.lost, loss_.called_lost, loss_.cleared, loss_.unended};
  snapshot->window_rows = window_rows_;
  snapshot->open_panes = window_.open_panes();
  snapshot->unreadable_panes = window_.unreadable();
  snapshot->sources = sources_.size();
  snapshot->producers = producers_.size();
  if (golden_.book() != nullptr) {
    const checks::GoldenSummary golden = golden_.Summary("");
    snapshot->golden = {golden.rows - golden.seen(), golden.exact, golden.within, golden.different};
  }
  snapshot->environments = environments_.size();
  snapshot->environments_differing = environments_.differing();
  snapshot->rows_of_further_sources = sources_.rows_of_further();
  snapshot->producers_expired_early = producers_.expired_early();
  if (last_batch_.has_value()) snapshot->last_batch = last_batch_->clock;
  if (sources_.watermark()) snapshot->watermark = absl::FromUnixMicros(*sources_.watermark());
  if (statistics_.empty() && snapshot_ != nullptr) {
    snapshot->variables = snapshot_->variables;
  } else {
    statistics_.resize(baseline_->variables.size());  // before the first evaluation: none
    snapshot->variables.reserve(statistics_.size());
    for (size_t i = 0; i < statistics_.size(); ++i) {
      const profile::Variable& variable = baseline_->variables[i].variable;
      snapshot->variables.push_back(
          {variable.name, variable.role, variable.kind, std::move(statistics_[i])});
    }
    statistics_ = {};
  }
  snapshot->alerts = alerts_.alerts();
  snapshot_ = snapshot;
  return snapshot;
}

}  // namespace plumbline::engine
