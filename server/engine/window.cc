#include "server/engine/window.h"

#include <algorithm>
#include <limits>

#include "absl/strings/str_cat.h"

namespace plumbline::engine {
namespace {

// The memory of a smaller change is given back at the commit: many models with few rows each need
// it one after the other, not all at once.
constexpr uint64_t kKeepChangeRows = 1024;
// Calls of Cool, one a second: a model that sends once a second, as well as it can, does not rest.
constexpr int kLooksAtRest = 3;
}  // namespace

Window::Window(std::shared_ptr<const profile::Baseline> baseline, PaneHome home,
               absl::Duration length, uint32_t panes, uint64_t first_rows)
    : baseline_(std::move(baseline)),
      home_(std::move(home)),
      length_(absl::ToInt64Microseconds(length)),
      panes_(panes),
      closed_until_(kNever),
      reached_(kNever),
      first_rows_(first_rows),
      closed_(baseline_, home_, length_),
      folded_from_(kNever),
      settled_from_(kNever) {}

int64_t Window::PaneStart(int64_t micros, absl::Duration length) {
  const int64_t length_micros = absl::ToInt64Microseconds(length);
  int64_t start = micros / length_micros * length_micros;
  if (start > micros) start -= length_micros;
  return start;
}

profile::Pane* Window::Open(int64_t pane_start) {
  OpenPane& open = open_[pane_start];
  if (!open.change.has_value()) open.change.emplace(*baseline_);
  open.changed = true;
  open.looks_at_rest = 0;
  dirty_ = true;
  return &*open.change;
}

std::optional<int64_t> Window::NextToClose(int64_t watermark) const {
  if (open_.empty() || open_.begin()->first > watermark - length_) return std::nullopt;
  return open_.begin()->first;
}

profile::Pane Window::Decode(const std::string& bytes) const {
  if (bytes.empty()) return profile::Pane(*baseline_);
  // Bytes that this process encoded, or that Restore has checked.
  return profile::DecodePane(*baseline_, bytes).value();
}

void Window::Warm(OpenPane* open) {
  if (open->committed.has_value()) return;
  if (!open->compact.empty()) settled_.reset();  // it is in there
  open->committed = Decode(open->compact);
  open->compact = std::string();
}

void Window::Absorb(OpenPane* open) {
  if (!open->changed) return;
  Warm(open);
  open->committed->Merge(*open->change);
  open->rows = open->committed->rows;
  open->changed = false;
  if (open->change->rows < kKeepChangeRows) {
    open->change.reset();
  } else {
    open->change->Clear();
  }
}

void Window::Cool() {
  for (auto& [start, open] : open_) {
    if (open.changed || !open.committed.has_value()) continue;
    if (++open.looks_at_rest > kLooksAtRest) {
      if (settled_.has_value() && start >= settled_from_) settled_->Merge(*open.committed);
      open.compact = profile::EncodePane(*open.committed);
      open.committed.reset();
      open.change.reset();
    }
  }
}

profile::Pane Window::Close(int64_t pane_start, int64_t keep_from) {
  OpenPane open = std::move(open_.at(pane_start));
  Absorb(&open);
  const bool rests = !open.committed.has_value();
  profile::Pane pane = rests ? Decode(open.compact) : *std::move(open.committed);
  if (!rests && settled_.has_value() && pane_start >= settled_from_) settled_->Merge(pane);
  open_.erase(pane_start);
  closed_.Add(pane_start, pane);
  KeepFirst(pane);
  // Where panes leave it is summed anew anyway.
  fold_again_ = fold_again_ || closed_.HasAny(folded_from_, WindowStart());
  if (!fold_again_ && pane_start >= WindowStart()) {
    profile::Pane sum = Decode(closed_sum_);
    sum.Merge(pane);
    closed_sum_ = profile::EncodePane(sum);
  }
  closed_until_ = std::max(closed_until_, pane_start + length_);
  newly_closed_[pane_start] = open.next_delta > 0;
  dirty_ = true;

  closed_.DropBefore(std::min(keep_from, WindowStart()));
  return pane;
}

int64_t Window::newest() const {
  int64_t newest = reached_;
  if (!closed_.empty()) newest = std::max(newest, closed_.newest());
  if (!open_.empty()) newest = std::max(newest, open_.rbegin()->first);
  return newest;
}

int64_t Window::WindowStart() const {
  const int64_t last = newest();
  if (last == kNever) return kNever;
  return last - (int64_t{panes_} - 1) * length_;
}

void Window::KeepFirst(const profile::Pane& pane) {
  if (rows_of_first_ >= first_rows_) return;
  profile::Pane sum = Decode(first_);
  sum.Merge(pane);
  rows_of_first_ = sum.rows;
  first_ = profile::EncodePane(sum);
}

std::optional<profile::Pane> Window::First() const {
  if (first_rows_ == 0 || rows_of_first_ < first_rows_) return std::nullopt;
  return Decode(first_);
}

void Window::FoldClosed() {
  const int64_t from = WindowStart();
  // Panes that were in the sum and have left?
  const bool left = fold_again_ || closed_.HasAny(folded_from_, from);
  folded_from_ = from;
  fold_again_ = false;
  if (!left) return;
  settled_ = closed_.Sum(from, std::numeric_limits<int64_t>::max());
  closed_sum_ = profile::EncodePane(*settled_);
  AddResting();
}

void Window::AddResting() {
  settled_from_ = folded_from_;
  for (auto it = open_.lower_bound(settled_from_); it != open_.end(); ++it) {
    if (!it->second.compact.empty()) settled_->Merge(Decode(it->second.compact));
  }
}

void Window::Settle() {
  FoldClosed();
  // An open pane that rests may have left as well.
  const auto oldest = open_.lower_bound(settled_from_);
  if (oldest != open_.end() && oldest->first < folded_from_) settled_.reset();
  settled_from_ = folded_from_;
  if (settled_.has_value()) return;
  settled_ = Decode(closed_sum_);
  AddResting();
}

profile::Pane Window::Sum() {
  Settle();
  profile::Pane sum = *settled_;
  for (auto it = open_.lower_bound(settled_from_); it != open_.end(); ++it) {
    const OpenPane& open = it->second;
    if (open.committed.has_value()) sum.Merge(*open.committed);
    if (open.changed) sum.Merge(*open.change);
  }
  return sum;
}

std::optional<std::pair<int64_t, int64_t>> Window::Range() const {
  const int64_t from = WindowStart();
  if (from == kNever) return std::nullopt;
  return std::make_pair(from, from + int64_t{panes_} * length_);
}

uint64_t Window::rows() const {
  const int64_t from = WindowStart();
  uint64_t rows = closed_.Rows(from);
  for (auto it = open_.lower_bound(from); it != open_.end(); ++it) {
    rows += it->second.rows + (it->second.changed ? it->second.change->rows : 0);
  }
  return rows;
}

void Window::ForEachPane(UsePane use) const {
  const int64_t from = WindowStart();
  closed_.ForEach(from, std::numeric_limits<int64_t>::max(), use);
  for (auto it = open_.lower_bound(from); it != open_.end(); ++it) {
    use(it->first, it->second.rows + (it->second.changed ? it->second.change->rows : 0));
  }
}

void Window::set_panes(uint32_t panes) {
  panes_ = panes;
  fold_again_ = true;
}

void Window::Commit(storage::Store::Batch* batch, More more) {
  if (!dirty_) return;
  const std::string& model = home_.key.model;
  const std::string& version = home_.key.version;
  closed_.Commit(batch);
  for (const auto& [start, has_deltas] : newly_closed_) {
    if (has_deltas) batch->DeletePaneDeltas(model, version, home_.generation, start);
  }
  if (!newly_closed_.empty() || record_touched_) {
    FoldClosed();
    storage::v1::WindowRecord record;
    closed_.ToRecord(&record);
    record.set_sum(closed_sum_.empty() ? profile::EncodePane(profile::Pane(*baseline_))
                                       : closed_sum_);
    record.set_sum_from(folded_from_);
    if (!first_.empty()) record.set_first(first_);
    more(&record);
    batch->PutWindow(model, version, home_.generation, record);
    newly_closed_.clear();
    record_touched_ = false;
  }
  for (auto& [start, open] : open_) {
    if (!open.changed) continue;
    std::string bytes;
    // So that neither disk nor restart grows with a pane's length.
    if (open.next_delta != 0 && open.next_delta % storage::kDeltasPerFold == 0) {
      Absorb(&open);
      batch->DeletePaneDeltas(model, version, home_.generation, start);
      bytes = profile::EncodePane(*open.committed);
    } else {
      bytes = profile::EncodePane(*open.change);
      Absorb(&open);
    }
    batch->PutPaneDelta(model, version, home_.generation, start, open.next_delta++, bytes);
  }
  dirty_ = false;
}

absl::Status Window::RestoreClosed(ReadMore read_more) {
  auto record = home_.store->GetWindow(home_.key.model, home_.key.version, home_.generation);
  if (!record.ok()) return record.status();
  if (!record->has_value()) return absl::OkStatus();
  if (absl::Status index = closed_.FromRecord(**record); !index.ok()) return index;
  if (absl::Status more = read_more(**record); !more.ok()) return more;
  auto sum = profile::DecodePane(*baseline_, (*record)->sum());
  if (!sum.ok()) return sum.status();
  if (!(*record)->first().empty()) {
    const auto first = profile::DecodePane(*baseline_, (*record)->first());
    if (!first.ok()) return first.status();
    rows_of_first_ = first->rows;
    first_ = std::move(*(*record)->mutable_first());
  }
  closed_sum_ = std::move(*(*record)->mutable_sum());
  folded_from_ = (*record)->sum_from();
  settled_ = *std::move(sum);
  return absl::OkStatus();
}

absl::Status Window::RestoreOpen() {
  auto deltas = home_.store->ListPaneDeltas(home_.key.model, home_.key.version, home_.generation);
  if (!deltas.ok()) return deltas.status();
  for (const storage::StoredPaneDelta& stored : *deltas) open_[stored.start_micros];
  settled_from_ = WindowStart();
  for (auto stored = deltas->begin(); stored != deltas->end();) {
    const int64_t start = stored->start_micros;
    OpenPane& open = open_[start];
    const auto first = stored;
    profile::Pane sum;
    for (; stored != deltas->end() && stored->start_micros == start; ++stored) {
      auto pane = profile::DecodePane(*baseline_, stored->bytes);
      if (!pane.ok()) {
        return absl::DataLossError(absl::StrCat(
            "the pane of ", absl::FormatTime(absl::FromUnixMicros(start), absl::UTCTimeZone()),
            ": ", pane.status().message()));
      }
      open.next_delta = stored->number + 1;
      if (stored == first) {
        sum = *std::move(pane);
      } else {
        sum.Merge(*pane);
      }
    }
    open.rows = sum.rows;
    open.compact = std::next(first) == stored ? std::move(first->bytes) : profile::EncodePane(sum);
    if (settled_.has_value() && start >= settled_from_) settled_->Merge(sum);
  }
  return absl::OkStatus();
}

absl::Status Window::Restore(int64_t closed_until, ReadMore read_more) {
  closed_until_ = closed_until;
  for (const absl::Status& status : {RestoreClosed(read_more), RestoreOpen()}) {
    if (status.ok()) continue;
    return absl::Status(status.code(), absl::StrCat(home_.key.InWords(), ": the window cannot be ",
                                                    "read: ", status.message()));
  }
  // With another policy the sum may hold panes too few.
  fold_again_ = WindowStart() < folded_from_;
  dirty_ = false;
  return absl::OkStatus();
}

}  // namespace plumbline::engine
