#include "server/engine/label_join.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "server/profile/byte_io.h"
#include "server/profile/performance_metrics.h"

namespace plumbline::engine {
namespace {

constexpr int64_t kFirst = std::numeric_limits<int64_t>::min();
constexpr int64_t kLast = std::numeric_limits<int64_t>::max();
// A commit lets so many rows expire, and twice as many as it adds.
constexpr size_t kExpireAtOnce = 4096;

constexpr uint8_t kHasOutcome = 1;
constexpr uint8_t kHasLabel = 2;
constexpr uint8_t kTimed = 4;
constexpr uint8_t kLabelTimed = 8;

// The mean loss in training, so that the losses of a regression are about 1.
double LossScale(const profile::Baseline& baseline) {
  const profile::PerformanceTask& task = *baseline.task;
  if (task.kind != profile::TaskKind::kRegression || baseline.performance.empty()) return 1;
  const auto counts = profile::DecodePerformance(baseline, task, baseline.performance);
  if (!counts.ok()) return 1;
  const auto mae = stats::MeanAbsoluteError(counts->errors);
  return mae.has_value() && mae->value > 0 ? mae->value : 1;
}

}  // namespace

LabelJoin::LabelJoin(ModelKey key, std::shared_ptr<const profile::Baseline> baseline,
                     const storage::Store* store, size_t max_rows)
    : baseline_(std::move(baseline)),
      home_{key.model, key.version, baseline_->number},
      store_(store),
      max_rows_(max_rows),
      counter_(*baseline_, *baseline_->task),
      slices_(baseline_, home_, store),
      loss_scale_(LossScale(*baseline_)),
      oldest_micros_(kLast) {}

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

void LabelJoin::Load(const std::vector<absl::uint128>& ids) {
  found_.clear();
  if (!stored_) return;
  std::vector<absl::uint128> absent;
  for (const absl::uint128 id : ids) {
    if (!changed_.contains(id) && !in_flight_.contains(id)) absent.push_back(id);
  }
  if (absent.empty()) return;
  const auto rows = store_->GetJoinRows(home_, absent);
  if (!rows.ok()) {
    ++unreadable_;
    return;
  }
  for (size_t i = 0; i < absent.size(); ++i) {
    if (!(*rows)[i].has_value()) continue;
    auto row = Decode(*(*rows)[i]);
    if (row.ok()) {
      found_[absent[i]] = *std::move(row);
    } else {
      ++unreadable_;
    }
  }
}

LabelJoin::Row LabelJoin::Find(absl::uint128 id) const {
  for (const Rows* rows : {&changed_, &in_flight_, &found_}) {
    if (const auto it = rows->find(id); it != rows->end()) return it->second;
  }
  return {};
}

void LabelJoin::Replace(absl::uint128 id, const Row& before, Row after) {
  if (!before.empty() && (after.empty() || before.micros != after.micros)) {
    stale_times_.emplace_back(before.micros, id);
  }
  const auto waits = [](const Row& row) {
    return !row.outcome.has_value() && row.label.has_value() ? 1 : 0;
  };
  // Where the store has lost something, what is counted may be less than what is there.
  const auto change = [](int by, uint64_t* count) {
    if (by > 0 || *count > 0) *count += by;
  };
  change((after.empty() ? 0 : 1) - (before.empty() ? 0 : 1), &counts_.kept);
  change(waits(after) - waits(before), &counts_.waiting);
  if (!after.empty()) oldest_micros_ = std::min(oldest_micros_, after.micros);
  changed_[id] = std::move(after);
  dirty_ = true;
}

bool LabelJoin::ComeAgain(const LabelRows& rows) {
  if (!rows.has_ids || rows.rows.empty() || rows.unusable_predictions > 0) return false;
  std::vector<absl::uint128> ids;
  for (const LabelRow& row : rows.rows) ids.push_back(row.id);
  Load(ids);
  return std::all_of(rows.rows.begin(), rows.rows.end(), [&](const LabelRow& read) {
    const Row known = Find(read.id);
    return read.outcome.has_value() && known.outcome == read.outcome &&
           known.timed == read.event_micros.has_value() &&
           (!known.timed || known.micros == *read.event_micros);
  });
}

void LabelJoin::Add(const LabelRows& rows, int64_t now_micros) {
  counts_.unusable_predictions += rows.unusable_predictions;
  counts_.unusable_labels += rows.unusable_labels;
  dirty_ = true;
  if (rows.has_ids) {
    std::vector<absl::uint128> ids;
    ids.reserve(rows.rows.size());
    for (const LabelRow& row : rows.rows) ids.push_back(row.id);
    Load(ids);
  }
  for (const LabelRow& read : rows.rows) {
    const int64_t micros = read.event_micros.value_or(now_micros);
    if (!rows.has_ids) {
      AddAlone(read, micros);
      continue;
    }
    const Row before = Find(read.id);
    Row row = before;
    if (read.outcome.has_value()) TakePrediction(read, micros, rows.labels_only, &row);
    if (read.label.has_value()) {
      const bool together = read.outcome.has_value();
      const auto own = rows.labels_only && !together ? read.event_micros : std::nullopt;
      TakeLabel(*read.label, own, together && before.empty() ? micros : own.value_or(now_micros),
                &row);
    }
    Replace(read.id, before, std::move(row));
  }
  found_.clear();
}

void LabelJoin::AddAlone(const LabelRow& read, int64_t micros) {
  if (!read.outcome.has_value()) return;
  newest_micros_ = std::max(newest_micros_.value_or(micros), micros);
  profile::PerformanceCounts* slice = slices_.Change(micros);
  counter_.AddPrediction(*read.outcome, slice);
  if (!read.label.has_value()) return;
  if (!counter_.IsUsable(*read.outcome, *read.label)) {
    ++counts_.unusable_labels;
    return;
  }
  counter_.AddLabel(*read.outcome, *read.label, slice);
  ++counts_.joined;
  WatchLoss(counter_.LossOf(*read.outcome, *read.label));
}

void LabelJoin::TakePrediction(const LabelRow& read, int64_t micros, bool labels_only, Row* row) {
  if (row->outcome.has_value()) {
    const bool both_timed = row->timed && read.event_micros.has_value();
    if (*row->outcome == *read.outcome &&
        (labels_only || !both_timed || row->micros == *read.event_micros)) {
      ++counts_.repeated_predictions;
      return;
    }
    *row = {};  // the id is used anew; what was joined to the earlier one stays
  }
  row->outcome = read.outcome;
  row->micros = micros;
  row->timed = read.event_micros.has_value();
  newest_micros_ = std::max(newest_micros_.value_or(micros), micros);
  counter_.AddPrediction(*row->outcome, slices_.Change(micros));
  if (row->label.has_value()) Join(*row, /*first=*/true);
}

void LabelJoin::TakeLabel(double label, std::optional<int64_t> own_micros, int64_t micros,
                          Row* row) {
  const bool first = !row->label.has_value();
  if (!first && *row->label == label) {
    ++counts_.duplicates;
    return;
  }
  if (!first) {
    const bool told =
        own_micros.has_value() && row->label_timed && *own_micros != row->label_micros;
    ++(told ? counts_.changed : counts_.contradictions);
    if (told && *own_micros < row->label_micros) return;  // the later one came first
    if (row->outcome.has_value()) Part(*row);
  }
  row->label = label;
  row->label_micros = micros;
  row->label_timed = own_micros.has_value();
  if (row->outcome.has_value()) {
    Join(*row, first);
  } else {
    row->micros = micros;
  }
}

void LabelJoin::Join(const Row& row, bool first) {
  if (!counter_.IsUsable(*row.outcome, *row.label)) {
    ++counts_.unusable_labels;
    return;
  }
  profile::PerformanceCounts* slice = slices_.Change(row.micros);
  counter_.AddLabel(*row.outcome, *row.label, slice);
  slice->delays.Add(static_cast<double>(row.label_micros - row.micros) / 1e6);
  if (!first) return;
  ++counts_.joined;
  WatchLoss(counter_.LossOf(*row.outcome, *row.label));
}

void LabelJoin::Part(const Row& row) {
  if (!counter_.IsUsable(*row.outcome, *row.label)) return;
  profile::PerformanceCounts* slice = slices_.Change(row.micros);
  counter_.RemoveLabel(*row.outcome, *row.label, slice);
  slice->delays.Remove(static_cast<double>(row.label_micros - row.micros) / 1e6);
}

void LabelJoin::WatchLoss(double loss) {
  const double scaled = loss / loss_scale_;
  recent_loss_.Add(loss);
  if (adwin_.Add(scaled) && adwin_.mean() > adwin_.mean_before()) {
    Alarm("adwin", adwin_.mean_before() * loss_scale_);
  }
  if (page_hinkley_.Add(scaled)) {
    Alarm("page_hinkley", page_hinkley_.mean() * loss_scale_);
  }
}

void LabelJoin::Alarm(const std::string& detector, double before) {
  alarms_[detector] = {counts_.joined, before, recent_loss_.Value()};
}

void LabelJoin::Expire(storage::Store::Batch* batch) {
  const int64_t wait = absl::ToInt64Microseconds(wait_);
  const int64_t horizon = newest_micros_.has_value() ? *newest_micros_ - wait : kFirst;
  const size_t crowd = counts_.kept > max_rows_ ? counts_.kept - max_rows_ : 0;
  if (!stored_ || (crowd == 0 && oldest_micros_ >= horizon)) return;
  const size_t limit = kExpireAtOnce + 2 * changed_.size();
  const auto times = store_->ListJoinTimes(home_, crowd > 0 ? kLast : horizon, limit);
  if (!times.ok()) {
    ++unreadable_;
    return;
  }
  oldest_micros_ = times->size() < limit ? horizon : oldest_micros_;
  std::vector<absl::uint128> ids;
  for (const auto& [micros, id] : *times) ids.push_back(id);
  Load(ids);
  size_t crowded_out = 0;
  for (const auto& [micros, id] : *times) {
    const bool old = micros < horizon;
    if (!old && crowded_out >= crowd) break;
    const Row row = Find(id);
    if (row.empty() || row.micros != micros) {
      batch->DeleteJoinTime(home_, micros, id);
      continue;
    }
    if (!row.outcome.has_value()) ++counts_.expired_labels;
    if (!row.label.has_value()) ++counts_.expired_predictions;
    if (!old) ++counts_.crowded_out;
    ++crowded_out;
    Replace(id, row, {});
  }
  found_.clear();
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
  }
  in_flight_ = std::exchange(changed_, {});
  slices_.Commit(batch);
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
  if (newest_micros_.has_value()) record->set_newest_micros(*newest_micros_);
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
             record.crowded_out()};
  if (record.has_newest_micros()) newest_micros_ = record.newest_micros();
  absl::Status parts = adwin_.Restore(record.adwin());
  parts.Update(page_hinkley_.Restore(record.page_hinkley()));
  parts.Update(recent_loss_.Restore(record.recent_loss()));
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
  oldest_micros_ = kFirst;
  return slices_.Restore();
}

}  // namespace plumbline::engine
