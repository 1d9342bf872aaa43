#include "server/engine/performance_slices.h"

#include <algorithm>
#include <utility>

#include "server/engine/window.h"

namespace plumbline::engine {
namespace {

const int64_t kLengthMicros = absl::ToInt64Microseconds(PerformanceSlices::kLength);

}  // namespace

PerformanceSlices::PerformanceSlices(std::shared_ptr<const profile::Baseline> baseline,
                                     storage::LabelHome home, const storage::Store* store)
    : baseline_(std::move(baseline)), home_(std::move(home)), store_(store) {}

int64_t PerformanceSlices::StartOf(int64_t micros) { return Window::PaneStart(micros, kLength); }

void PerformanceSlices::set_wait(absl::Duration wait) {
  // Predictions with a time of their own and those without wait by different clocks.
  const int64_t slices = 2 * (wait / kLength + 2);
  max_slices_ = std::max(kLeastSlices, static_cast<size_t>(slices));
}

void PerformanceSlices::Note(Slice* slice) {
  predictions_ += slice->counts->predictions - slice->predictions;
  labelled_ += slice->counts->labelled - slice->labelled;
  slice->predictions = slice->counts->predictions;
  slice->labelled = slice->counts->labelled;
}

const profile::PerformanceCounts& PerformanceSlices::Counts(int64_t start, Slice* slice) {
  if (slice->counts != nullptr) return *slice->counts;
  slice->counts = std::make_unique<profile::PerformanceCounts>();
  loaded_.insert(start);
  const auto bytes = store_->GetPerformanceSlice(home_, start);
  auto counts = bytes.ok() ? profile::DecodePerformance(*baseline_, *baseline_->task, *bytes)
                           : absl::StatusOr<profile::PerformanceCounts>(bytes.status());
  if (counts.ok()) {
    *slice->counts = *std::move(counts);
  } else {
    ++unreadable_;
  }
  return *slice->counts;
}

profile::PerformanceCounts* PerformanceSlices::Change(int64_t micros) {
  if (open_ != nullptr) Note(open_);
  const int64_t start = StartOf(micros);
  const auto [it, is_new] = slices_.try_emplace(start);
  Slice& slice = it->second;
  if (is_new) {
    slice.counts = std::make_unique<profile::PerformanceCounts>();
    loaded_.insert(start);
  } else {
    Counts(start, &slice);
  }
  if (!std::exchange(slice.changed, true)) changed_.push_back(start);
  dirty_ = true;
  open_ = &slice;
  return &*slice.counts;
}

void PerformanceSlices::DropOldest() {
  while (slices_.size() > max_slices_) {
    const auto oldest = slices_.begin();
    predictions_ -= oldest->second.predictions;
    labelled_ -= oldest->second.labelled;
    lost_.predictions += oldest->second.predictions;
    lost_.labelled += oldest->second.labelled;
    dropped_.push_back(oldest->first);
    loaded_.erase(oldest->first);
    slices_.erase(oldest);
  }
}

void PerformanceSlices::Trim() {
  // The newest stay: they are judged.
  size_t kept = 0;
  std::vector<int64_t> rest;
  for (auto start = loaded_.rbegin(); start != loaded_.rend(); ++start) {
    const Slice& slice = slices_.at(*start);
    if (!slice.changed && !slice.in_flight && ++kept > kKept) rest.push_back(*start);
  }
  for (const int64_t start : rest) {
    slices_.at(start).counts.reset();
    loaded_.erase(start);
  }
}

profile::PerformanceCounts PerformanceSlices::Sum(int64_t from, int64_t until) {
  if (open_ != nullptr) Note(std::exchange(open_, nullptr));
  profile::PerformanceCounts sum;
  size_t read = 0;
  for (auto it = slices_.lower_bound(from); it != slices_.end() && it->first < until; ++it) {
    read += it->second.counts != nullptr ? 0 : 1;
    sum.Merge(Counts(it->first, &it->second));
    if (read > kKept) {
      Trim();
      read = 0;
    }
  }
  Trim();
  return sum;
}

std::optional<PerformanceSpan> PerformanceSlices::Newest(Counted counted, uint64_t rows,
                                                         absl::Duration window) {
  if (open_ != nullptr) Note(std::exchange(open_, nullptr));
  const auto rows_of = [&](const Slice& slice) {
    return counted == Counted::kLabelled ? slice.labelled : slice.predictions;
  };
  auto newest = slices_.rbegin();
  while (newest != slices_.rend() && rows_of(newest->second) == 0) ++newest;
  if (newest == slices_.rend()) return std::nullopt;
  PerformanceSpan span;
  span.end_micros = newest->first + kLengthMicros;
  span.start_micros = newest->first;
  const int64_t oldest = span.end_micros - absl::ToInt64Microseconds(window);
  uint64_t found = 0;
  for (auto it = newest; it != slices_.rend() && it->first >= oldest && found < rows; ++it) {
    found += rows_of(it->second);
    span.start_micros = it->first;
  }
  span.counts = Sum(span.start_micros, span.end_micros);
  return span;
}

std::vector<int64_t> PerformanceSlices::Starts() const {
  std::vector<int64_t> starts;
  starts.reserve(slices_.size());
  for (const auto& [start, slice] : slices_) starts.push_back(start);
  return starts;
}

void PerformanceSlices::Commit(storage::Store::Batch* batch) {
  if (open_ != nullptr) Note(std::exchange(open_, nullptr));
  for (const int64_t start : std::exchange(in_flight_, std::exchange(changed_, {}))) {
    if (const auto it = slices_.find(start); it != slices_.end()) it->second.in_flight = false;
  }
  DropOldest();
  Trim();
  for (const int64_t start : std::exchange(dropped_, {})) {
    batch->DeletePerformanceSlice(home_, start);
  }
  for (const int64_t start : in_flight_) {
    const auto it = slices_.find(start);
    if (it == slices_.end()) continue;
    it->second.changed = false;
    it->second.in_flight = true;
    batch->PutPerformanceSlice(home_, start, profile::EncodePerformance(*it->second.counts));
  }
  dirty_ = false;
}

absl::Status PerformanceSlices::Restore() {
  const auto stored = store_->ListPerformanceSlices(home_);
  if (!stored.ok()) return stored.status();
  for (const storage::StoredPane& slice : *stored) {
    auto counts = profile::DecodePerformance(*baseline_, *baseline_->task, slice.bytes);
    if (!counts.ok()) return counts.status();
    Slice& restored = slices_[slice.start_micros];
    restored.predictions = counts->predictions;
    restored.labelled = counts->labelled;
    predictions_ += restored.predictions;
    labelled_ += restored.labelled;
  }
  return absl::OkStatus();
}

}  // namespace plumbline::engine
