// How a join is stored: its rows, its state, and what a commit adds of both.
#include <algorithm>
#include <limits>
#include <utility>

#include "server/engine/label_join.h"
#include "server/profile/byte_io.h"

namespace plumbline::engine {
namespace {

constexpr uint8_t kHasOutcome = 1;
constexpr uint8_t kHasLabel = 2;
constexpr uint8_t kTimed = 4;
constexpr uint8_t kLabelTimed = 8;

}  // namespace

std::string LabelJoin::Encode(const Row& row) {
  profile::ByteWriter out;
  out.Byte((row.outcome.has_value() ? kHasOutcome : 0) | (row.label.has_value() ? kHasLabel : 0) |
           (row.timed ? kTimed : 0) | (row.label_timed ? kLabelTimed : 0));
  out.Bytes(static_cast<uint64_t>(row.micros), 8);
  if (row.outcome.has_value()) {
    out.Double(row.outcome->prediction);
    out.Double(row.outcome->score);
    out.Varint(row.outcome->class_scores.size());
    for (const double score : row.outcome->class_scores) out.Double(score);
  }
  if (row.label.has_value()) {
    out.Double(*row.label);
    out.Bytes(static_cast<uint64_t>(row.label_micros), 8);
  }
  return out.Take();
}

absl::StatusOr<LabelJoin::Row> LabelJoin::Decode(absl::string_view bytes) const {
  profile::ByteReader in(bytes);
  const auto time = [&] {
    uint64_t micros = 0;
    for (int i = 0; i < 8; ++i) micros |= uint64_t{in.Byte()} << (8 * i);
    return static_cast<int64_t>(micros);
  };
  const absl::Status damaged = absl::DataLossError("not a row of a prediction or a label");
  Row row;
  const uint8_t has = in.Byte();
  row.timed = (has & kTimed) != 0;
  row.label_timed = (has & kLabelTimed) != 0;
  row.micros = time();
  if ((has & kHasOutcome) != 0) {
    profile::Outcome& outcome = row.outcome.emplace();
    outcome.prediction = in.Double();
    outcome.score = in.Double();
    const uint64_t scores = in.Varint();
    if (!in.ok() || scores != baseline_->task->class_scores.size()) return damaged;
    for (uint64_t i = 0; i < scores; ++i) outcome.class_scores.push_back(in.Double());
  }
  if ((has & kHasLabel) != 0) {
    row.label = in.Double();
    row.label_micros = time();
  }
  if (!in.ok() || !in.AtEnd() || row.empty()) return damaged;
  return row;
}

void LabelJoin::Commit(storage::Store::Batch* batch) {
  if (!dirty()) return;
  stored_ = stored_ || committed_;
  committed_ = true;
  in_flight_.clear();
  Expire(batch);
  for (const auto& [micros, id] : std::exchange(stale_times_, {})) {
    batch->DeleteJoinTime(home_, micros, id);
  }
  for (const auto& [id, row] : changed_) {
    if (row.empty()) {
      batch->DeleteJoinRow(home_, id);
      continue;
    }
    batch->PutJoinRow(home_, id, Encode(row));
    batch->PutJoinTime(home_, row.micros, id);
    Age* const age = AgeOf(row);
    age->oldest_micros = std::min(age->oldest_micros, row.micros);
  }
  in_flight_ = std::exchange(changed_, {});
  slices_.Commit(batch);
  const PerformanceSlices::Dropped dropped = slices_.TakeDropped();
  counts_.forgotten_predictions += dropped.predictions;
  counts_.forgotten_labels += dropped.labelled;
  storage::v1::LabelStateRecord record;
  ToRecord(&record);
  batch->PutLabelState(home_, record);
  dirty_ = false;
}

void LabelJoin::ToRecord(storage::v1::LabelStateRecord* record) const {
  record->set_kept(counts_.kept);
  record->set_waiting(counts_.waiting);
  record->set_joined(counts_.joined);
  record->set_duplicates(counts_.duplicates);
  record->set_changed(counts_.changed);
  record->set_contradictions(counts_.contradictions);
  record->set_unusable_labels(counts_.unusable_labels);
  record->set_unusable_predictions(counts_.unusable_predictions);
  record->set_repeated_predictions(counts_.repeated_predictions);
  record->set_expired_predictions(counts_.expired_predictions);
  record->set_expired_labels(counts_.expired_labels);
  record->set_crowded_out(counts_.crowded_out);
  record->set_without_id(counts_.without_id);
  record->set_forgotten_predictions(counts_.forgotten_predictions);
  record->set_forgotten_labels(counts_.forgotten_labels);
  if (event_.newest_micros.has_value()) {
    record->set_newest_event_micros(*event_.newest_micros);
  }
  if (arrival_.newest_micros.has_value()) {
    record->set_newest_arrival_micros(*arrival_.newest_micros);
  }
  record->set_loss_unit(loss_scale_.unit);
  for (const double part : adwin_.Parts()) record->add_adwin(part);
  for (const double part : page_hinkley_.Parts()) record->add_page_hinkley(part);
  for (const double part : recent_loss_.Parts()) record->add_recent_loss(part);
  for (const auto& [detector, alarm] : alarms_) {
    storage::v1::LossAlarmRecord* added = record->add_alarms();
    added->set_detector(detector);
    added->set_joined(alarm.joined);
    added->set_before(alarm.before);
    added->set_after(alarm.after);
  }
}

absl::Status LabelJoin::FromRecord(const storage::v1::LabelStateRecord& record) {
  counts_ = {record.kept(),
             record.waiting(),
             record.joined(),
             record.duplicates(),
             record.changed(),
             record.contradictions(),
             record.unusable_labels(),
             record.unusable_predictions(),
             record.repeated_predictions(),
             record.expired_predictions(),
             record.expired_labels(),
             record.crowded_out(),
             record.without_id(),
             record.forgotten_predictions(),
             record.forgotten_labels()};
  if (record.has_newest_event_micros()) event_.newest_micros = record.newest_event_micros();
  if (record.has_newest_arrival_micros()) arrival_.newest_micros = record.newest_arrival_micros();
  absl::Status parts = recent_loss_.Restore(record.recent_loss());
  if (record.loss_unit() == loss_scale_.unit) {
    parts.Update(adwin_.Restore(record.adwin()));
    parts.Update(page_hinkley_.Restore(record.page_hinkley()));
  }
  if (!parts.ok()) return absl::DataLossError(parts.message());
  for (const storage::v1::LossAlarmRecord& alarm : record.alarms()) {
    alarms_[alarm.detector()] = {alarm.joined(), alarm.before(), alarm.after()};
  }
  return absl::OkStatus();
}

absl::Status LabelJoin::Restore() {
  const auto record = store_->GetLabelState(home_);
  if (!record.ok()) return record.status();
  if (!record->has_value()) return absl::OkStatus();
  if (absl::Status parts = FromRecord(**record); !parts.ok()) return parts;
  committed_ = true;
  stored_ = true;
  event_.oldest_micros = std::numeric_limits<int64_t>::min();
  arrival_.oldest_micros = std::numeric_limits<int64_t>::min();
  return slices_.Restore();
}

}  // namespace plumbline::engine
