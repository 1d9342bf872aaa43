#include "server/engine/label_join.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "server/profile/performance_metrics.h"

namespace plumbline::engine {
namespace {

// Losses this many standard deviations above training's mean count as that: with heavy tails the
// sum would rise by single rows.
constexpr double kMostDeviations = 10;
// Of a loss of 0 or 1 that nothing is known of: the largest there is.
constexpr double kUnknownDeviation = 0.5;

// The same number, be it written as float32.
bool Alike(double a, double b) {
  constexpr double kLargest = 0x1.fffffep127;  // a cast from beyond is undefined
  if (!(std::abs(a) <= kLargest && std::abs(b) <= kLargest)) return a == b;
  return static_cast<float>(a) == static_cast<float>(b);
}

bool Alike(const profile::Outcome& a, const profile::Outcome& b) {
  return Alike(a.prediction, b.prediction) && Alike(a.score, b.score) &&
         std::equal(a.class_scores.begin(), a.class_scores.end(), b.class_scores.begin(),
                    b.class_scores.end(), [](double x, double y) { return Alike(x, y); });
}

std::vector<absl::uint128> IdsOf(const LabelRows& rows) {
  std::vector<absl::uint128> ids;
  ids.reserve(rows.rows.size());
  for (const LabelRow& row : rows.rows) {
    if (row.id.has_value()) ids.push_back(*row.id);
  }
  return ids;
}

}  // namespace

LossScale LossScale::Of(const profile::Baseline& baseline) {
  const profile::PerformanceTask& task = *baseline.task;
  const bool regression = task.kind == profile::TaskKind::kRegression;
  const LossScale unknown = {.unit = regression ? 1 : kUnknownDeviation};
  if (baseline.performance.empty()) return unknown;
  const auto counts = profile::DecodePerformance(baseline, task, baseline.performance);
  if (!counts.ok()) return unknown;
  double mean = 0, variance = 0;
  if (regression) {
    mean = counts->errors.Mean(stats::kAbsolute);
    variance = counts->errors.Mean(stats::kSquare) - mean * mean;
  } else if (const auto metrics = profile::MeasurePerformance(task, *counts); !metrics.empty()) {
    const auto* right = profile::FindMetric(metrics, profile::PerformanceMetric::kAccuracy);
    if (right == nullptr) return unknown;
    // One wrong row more: that training had none does not mean that there will be none.
    const auto rows = static_cast<double>(counts->labelled);
    mean = ((1 - right->estimate.value) * rows + 1) / (rows + 2);
    variance = mean * (1 - mean);
  }
  const double unit = variance > 0 ? std::sqrt(variance) : mean;
  if (!(unit > 0 && std::isfinite(unit))) return unknown;
  return {unit, mean + kMostDeviations * unit};
}

LabelJoin::LabelJoin(ModelKey key, std::shared_ptr<const profile::Baseline> baseline,
                     const storage::Store* store, size_t max_rows)
    : baseline_(std::move(baseline)),
      home_{key.model, key.version, baseline_->number},
      store_(store),
      max_rows_(max_rows),
      counter_(*baseline_, *baseline_->task),
      loss_scale_(LossScale::Of(*baseline_)),
      slices_(baseline_, home_, store) {
  for (Age* age : {&event_, &arrival_}) age->oldest_micros = std::numeric_limits<int64_t>::max();
}

void LabelJoin::set_wait(absl::Duration wait) {
  wait_ = wait;
  slices_.set_wait(wait);
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
  changed_[id] = std::move(after);
  dirty_ = true;
}

bool LabelJoin::ComeAgain(const LabelRows& rows) {
  if (!rows.has_ids || rows.rows.empty() || rows.unusable_predictions > 0) return false;
  const std::vector<absl::uint128> ids = IdsOf(rows);
  if (ids.size() < rows.rows.size()) return false;
  Load(ids);
  return std::all_of(rows.rows.begin(), rows.rows.end(), [&](const LabelRow& read) {
    const Row known = Find(*read.id);
    return read.outcome.has_value() && known.outcome.has_value() &&
           Alike(*known.outcome, *read.outcome) && known.timed == read.event_micros.has_value() &&
           (!known.timed || known.micros == *read.event_micros);
  });
}

void LabelJoin::Add(const LabelRows& rows, int64_t now_micros) {
  counts_.unusable_predictions += rows.unusable_predictions;
  counts_.unusable_labels += rows.unusable_labels;
  dirty_ = true;
  arrival_.newest_micros = std::max(arrival_.newest_micros.value_or(now_micros), now_micros);
  Load(IdsOf(rows));
  for (const LabelRow& read : rows.rows) {
    const int64_t micros = read.event_micros.value_or(now_micros);
    if (!read.id.has_value()) {
      counts_.without_id += rows.has_ids ? 1 : 0;
      AddAlone(read, micros);
      continue;
    }
    const Row before = Find(*read.id);
    Row row = before;
    if (read.outcome.has_value()) TakePrediction(read, micros, rows.labels_only, &row);
    if (read.label.has_value()) {
      const bool together = read.outcome.has_value();
      const auto own = rows.labels_only && !together ? read.event_micros : std::nullopt;
      TakeLabel(*read.label, own, together && before.empty() ? micros : own.value_or(now_micros),
                &row);
    }
    Replace(*read.id, before, std::move(row));
  }
  found_.clear();
}

void LabelJoin::AddAlone(const LabelRow& read, int64_t micros) {
  if (!read.outcome.has_value()) return;
  if (read.event_micros.has_value()) {
    event_.newest_micros = std::max(event_.newest_micros.value_or(micros), micros);
  }
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
    if (Alike(*row->outcome, *read.outcome) &&
        (labels_only || !both_timed || row->micros == *read.event_micros)) {
      ++counts_.repeated_predictions;
      return;
    }
    *row = {};  // the id is used anew; what was joined to the earlier one stays
  }
  row->outcome = read.outcome;
  row->micros = micros;
  row->timed = read.event_micros.has_value();
  if (row->timed) event_.newest_micros = std::max(event_.newest_micros.value_or(micros), micros);
  counter_.AddPrediction(*row->outcome, slices_.Change(micros));
  if (row->label.has_value()) Join(*row, /*first=*/true);
}

void LabelJoin::TakeLabel(double label, std::optional<int64_t> own_micros, int64_t micros,
                          Row* row) {
  const bool first = !row->label.has_value();
  if (!first && Alike(*row->label, label)) {
    ++counts_.duplicates;
    if (own_micros.has_value() && row->label_timed && *own_micros > row->label_micros) {
      Confirm(*own_micros, row);
    }
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

void LabelJoin::Confirm(int64_t micros, Row* row) {
  if (!row->outcome.has_value()) {
    row->micros = micros;
  } else if (counter_.IsUsable(*row->outcome, *row->label)) {
    profile::DelayHistogram& delays = slices_.Change(row->micros)->delays;
    delays.Remove(static_cast<double>(row->label_micros - row->micros) / 1e6);
    delays.Add(static_cast<double>(micros - row->micros) / 1e6);
  }
  row->label_micros = micros;
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
  const double unit = loss_scale_.unit;
  const double scaled = std::min(loss, loss_scale_.most) / unit;
  recent_loss_.Add(loss);
  if (adwin_.Add(scaled) && adwin_.mean() > adwin_.mean_before()) {
    Alarm("adwin", adwin_.mean_before() * unit);
  }
  if (page_hinkley_.Add(scaled)) {
    Alarm("page_hinkley", page_hinkley_.mean() * unit);
  }
}

void LabelJoin::Alarm(const std::string& detector, double before) {
  alarms_[detector] = {counts_.joined, before, recent_loss_.Value()};
}

}  // namespace plumbline::engine
