#include "server/engine/live_model.h"

#include <algorithm>
#include <limits>
#include <map>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/engine/on_call_record.h"
#include "server/engine/records.h"

namespace plumbline::engine {
namespace {

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
      aliases_(policy_.AliasesFor(baseline_->schema)),
      generation_(generation),
      all_(baseline_, {store, key_, generation_}, policy_, Slice::Of::kAllRows),
      slices_(baseline_, {store, key_, generation_}, quotas.max_judged_sources),
      sources_(quotas.max_sources_per_model),
      producers_(quotas.max_producers_per_model),
      environments_(baseline_->environment),
      active_since_(now) {
  if (!baseline_->task.has_value()) return;
  labels_ = std::make_unique<LabelWatch>(key_, baseline_, store, quotas.max_label_rows_per_model);
  labels_->set_wait(policy_.label_wait);
}

absl::StatusOr<std::unique_ptr<LiveModel>> LiveModel::Load(
    ModelKey key, std::shared_ptr<const profile::Baseline> baseline, checks::Policy policy,
    const storage::v1::ModelStateRecord& state, const storage::Store& store, const Quotas& quotas,
    std::shared_ptr<const profile::GoldenBook> golden,
    std::shared_ptr<const profile::Slicing> slicing,
    std::shared_ptr<const profile::SeasonalTraining> season) {
  auto model = std::make_unique<LiveModel>(
      std::move(key), std::move(baseline), std::move(policy), state.generation(),
      absl::FromUnixMicros(state.active_since_micros()), &store, quotas);
  model->SetSeason(std::move(season));
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
  storage::v1::SliceRecord all;
  all.set_block_number(state.block_number());
  if (state.has_gathering_since_micros()) {
    all.set_gathering_since_micros(state.gathering_since_micros());
  }
  if (state.has_last_block_since_micros()) {
    all.set_last_block_since_micros(state.last_block_since_micros());
  }
  for (const absl::Status& status :
       {model->all_.Restore(all, closed_until),
        model->slices_.Restore(state, closed_until, model->policy_, std::move(slicing)),
        model->producers_.Restore(model->key_, store, state), model->RestoreAlerts(store),
        model->RestoreOnCall(store),
        model->labels_ != nullptr ? model->labels_->Restore() : absl::OkStatus()}) {
    if (!status.ok()) return status;
  }
  model->golden_ = GoldenWatch(std::move(golden));
  absl::Status results = model->golden_.Restore(model->key_, model->baseline_->number, store);
  if (!results.ok()) return results;
  if (absl::Status status = model->environments_.Restore(model->key_, store); !status.ok()) {
    return status;
  }
  if (absl::Status status = model->loads_.Restore(model->key_, store); !status.ok()) return status;
  if (model->time_.last().has_value()) {
    model->loads_.Advance(model->time_.last()->heard, model->policy_);
    model->loss_ = model->producers_.Loss(model->time_.last()->heard, model->policy_);
  }
  model->state_dirty_ = false;
  return model;
}

absl::Status LiveModel::RestoreAlerts(const storage::Store& store) {
  const auto records = store.ListAlerts(key_.model, key_.version);
  if (!records.ok()) return records.status();
  std::vector<checks::Alert> alerts;
  for (const storage::v1::AlertRecord& record : *records) {
    auto alert = FromRecord(record);
    if (!alert.ok()) return alert.status();
    alerts.push_back(*std::move(alert));
  }
  std::vector<checks::Alert> rest = Place(std::move(alerts));
  if (!rest.empty()) GiveUp(std::move(rest));
  return absl::OkStatus();
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
  state_dirty_ = true;
  judge_dirty_ = true;
  if (batch.load.has_value()) {
    const int64_t newest = batch.load->newest_micros;
    loads_.Arrive(batch.load->name, batch.load->rows,
                  newest == kNever ? absl::ToUnixMicros(now.clock) : newest, now);
  }
  if (labels_ != nullptr && TakeLabels(batch, now, &outcome)) return outcome;
  last_batch_ = now;
  (void)golden_.Add(batch.golden);
  if (batch.counted.has_value()) {
    Add(*batch.counted, now, &outcome);
  } else {
    Count(batch, now, &outcome);
  }
  ClosePanes(now);
  return outcome;
}

bool LiveModel::TakeLabels(const IngestBatch& batch, const Moment& now, IngestOutcome* outcome) {
  std::optional<LabelRows> read;
  if (!batch.labels.has_value() && !batch.counted.has_value()) {
    read = ReadLabelRows(baseline_, aliases_, batch.view);
  }
  const std::optional<LabelRows>& rows = batch.labels.has_value() ? batch.labels : read;
  if (!rows.has_value() || !labels_->Take(*rows, now.clock)) return false;
  outcome->rows_counted = rows->batch_rows;
  return true;
}

int64_t LiveModel::TimeOf(std::optional<int64_t> event_micros, const Moment& now) const {
  return event_micros.value_or(
      std::max(absl::ToUnixMicros(now.clock), all_.window().closed_until()));
}

void LiveModel::Add(const CountedRows& counted, const Moment& now, IngestOutcome* outcome) {
  const uint64_t rows = counted.pane->rows;
  const int64_t start = all_.window().PaneStart(TimeOf(counted.event_micros, now));
  sources_.See(counted.source, counted.event_micros, rows, now);
  profile::Pane* const pane = PaneFor(start, rows, outcome);
  if (pane == nullptr) return;
  unknown_columns_.Merge(counted.unknown_columns);
  pane->Merge(*counted.pane);
  if (profile::Pane* const own = PaneOfSource(counted.source, rows, start))
    own->Merge(*counted.pane);
  for (const auto& [slice, rows_of_slice] : counted.slices) {
    slices_.OfValue(slice)->window().Open(start)->Merge(rows_of_slice);
  }
}

profile::Pane* LiveModel::PaneOfSource(absl::string_view source, uint64_t rows,
                                       int64_t pane_start) {
  if (sources_.size() < 2 || source.empty()) return nullptr;  // a single one is all rows
  SliceBook::Entry* const own = slices_.OpenSource(source, all_.window().newest(), policy_);
  if (own == nullptr) {
    rows_not_judged_apart_ += rows;
    return nullptr;
  }
  return own->slice->window().Open(pane_start);
}

void LiveModel::Count(const IngestBatch& batch, const Moment& now, IngestOutcome* outcome) {
  const profile::BatchView& view = batch.view;
  const profile::PreparedBatch prepared(*baseline_, view, aliases_);
  unknown_columns_.See(*baseline_, aliases_, view);
  if (view.row_event_micros.empty()) {
    const std::pair<uint32_t, uint32_t> all(0, view.rows);
    sources_.See(view.source, view.event_micros, view.rows, now);
    CountRows(prepared, view.source, all_.window().PaneStart(TimeOf(view.event_micros, now)),
              {&all, 1}, outcome);
    return;
  }
  // Oldest pane first: within a batch no row makes another late.
  const std::map<int64_t, RowsOfPane> panes = ByPane(view);
  for (const auto& [start, rows] : panes) {
    uint64_t count = 0;
    for (const auto& [begin, end] : rows.ranges) count += end - begin;
    sources_.See(view.source, rows.newest_micros, count, now);
    CountRows(prepared, view.source, start, rows.ranges, outcome);
    // A batch of long history passes many panes: each is closed, and judged, when its time has
    // come.
    if (panes.size() > 1) ClosePanes(now);
  }
}

std::map<int64_t, LiveModel::RowsOfPane> LiveModel::ByPane(const profile::BatchView& view) const {
  std::map<int64_t, RowsOfPane> panes;
  for (uint32_t begin = 0; begin < view.rows;) {
    const int64_t start = all_.window().PaneStart(view.row_event_micros[begin]);
    RowsOfPane& pane = panes[start];
    uint32_t end = begin;
    while (end < view.rows && all_.window().PaneStart(view.row_event_micros[end]) == start) {
      pane.newest_micros = std::max(pane.newest_micros, view.row_event_micros[end++]);
    }
    pane.ranges.emplace_back(begin, end);
    begin = end;
  }
  return panes;
}

void LiveModel::CountRows(const profile::PreparedBatch& prepared, absl::string_view source,
                          int64_t pane_start, absl::Span<const RowRange> ranges,
                          IngestOutcome* outcome) {
  uint64_t rows = 0;
  for (const auto& [begin, end] : ranges) rows += end - begin;
  profile::Pane* const pane = PaneFor(pane_start, rows, outcome);
  if (pane == nullptr) return;
  for (const auto& [begin, end] : ranges) prepared.Count(begin, end, pane);
  if (profile::Pane* const own = PaneOfSource(source, rows, pane_start)) {
    for (const auto& [begin, end] : ranges) prepared.Count(begin, end, own);
  }
  if (slices_.slicing() == nullptr) return;
  profile::CountSlices(*baseline_, *slices_.slicing(), prepared, ranges, [&](uint32_t slice) {
    return slices_.OfValue(slice)->window().Open(pane_start);
  });
}

profile::Pane* LiveModel::PaneFor(int64_t pane_start, uint64_t rows, IngestOutcome* outcome) {
  if (all_.window().IsLate(pane_start)) {
    outcome->rows_late += rows;
    late_rows_ += rows;
    return nullptr;
  }
  outcome->rows_counted += rows;
  rows_ += rows;
  return all_.window().Open(pane_start);
}

void LiveModel::ClosePanes(const Moment& now) {
  const std::optional<int64_t> watermark =
      sources_.Advance(now, policy_.allowed_lateness, policy_.source_idle_timeout);
  if (!watermark.has_value()) return;
  while (const std::optional<int64_t> start = all_.window().NextToClose(*watermark)) {
    all_.ClosePane(*start, policy_.min_rows_drift);
    slices_.ClosePane(*start, all_.window().newest(), policy_.min_rows_drift);
    state_dirty_ = true;
    Judge(now);
  }
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

absl::StatusOr<DeclaredLoad> LiveModel::Declare(const LoadDeclaration& declaration,
                                                absl::Time clock) {
  const Moment now = time_.Look(clock);
  if (absl::Status declared = loads_.Declare(declaration, now); !declared.ok()) {
    return absl::Status(declared.code(), absl::StrCat(key_.InWords(), ": ", declared.message()));
  }
  loads_.Advance(now.heard, policy_);
  state_dirty_ = judge_dirty_ = news_ = true;
  return *loads_.Find(declaration.name);
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

void LiveModel::Delete(storage::Store::Batch* batch) const {
  batch->DeleteGeneration(key_.model, key_.version, generation_);
  slices_.Delete(batch);
  for (const checks::Alert& alert : alerts()) {
    DeleteAlert(key_, alert.key, batch);
  }
}

std::vector<ModelAlert> LiveModel::TakeChanges() { return std::exchange(changes_, {}); }

bool LiveModel::dirty() const {
  return state_dirty_ || all_.window().dirty() || slices_.dirty() || producers_.dirty() ||
         environments_.dirty() || loads_.dirty() || golden_.dirty() || !changed_alerts_.empty() ||
         on_call_dirty_ || (labels_ != nullptr && labels_->dirty());
}

void LiveModel::Commit(storage::Store::Batch* batch) {
  all_.Commit(batch);
  if (labels_ != nullptr) labels_->Commit(batch);
  for (const checks::Alert& alert : changed_alerts_) {
    if (alert.state == checks::AlertState::kInactive) {
      DeleteAlert(key_, alert.key, batch);
    } else {
      batch->PutAlert(key_.model, key_.version, ToRecord(alert, baseline_->number));
    }
  }
  changed_alerts_.clear();
  if (on_call_dirty_) batch->PutOnCall(key_.model, key_.version, ToRecord(*on_call_));
  on_call_dirty_ = false;
  storage::v1::ModelStateRecord record;
  slices_.Commit(batch, &record);
  producers_.Commit(key_, batch, &record);
  environments_.Commit(key_, batch);
  loads_.Commit(key_, batch);
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
  const int64_t closed_until = all_.window().closed_until();
  if (closed_until != kNever) record.set_closed_until_micros(closed_until);
  sources_.ToRecord(&record);
  storage::v1::SliceRecord all;
  all_.ToRecord(&all);
  if (all.has_last_block_since_micros()) {
    record.set_last_block_since_micros(all.last_block_since_micros());
  }
  if (all.has_gathering_since_micros()) {
    record.set_gathering_since_micros(all.gathering_since_micros());
  }
  record.set_block_number(all.block_number());
  record.set_active_since_micros(absl::ToUnixMicros(active_since_));
  batch->PutState(key_.model, key_.version, record);
  state_dirty_ = false;
}

}  // namespace plumbline::engine
