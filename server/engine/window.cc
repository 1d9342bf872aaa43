#include "server/engine/window.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "absl/strings/str_cat.h"

namespace plumbline::engine {
namespace {

// After so many deltas an open pane is written whole, so that neither disk nor restart grows with a
// pane's length.
constexpr uint64_t kFoldAfterDeltas = 256;
constexpr int64_t kNever = std::numeric_limits<int64_t>::min();

}  // namespace

Window::Window(std::shared_ptr<const profile::Baseline> baseline, absl::Duration length,
               uint32_t panes)
    : baseline_(std::move(baseline)),
      length_(absl::ToInt64Microseconds(length)),
      panes_(panes),
      closed_until_(kNever),
      closed_sum_(*baseline_),
      folded_from_(kNever) {}

int64_t Window::PaneStart(int64_t micros) const {
  int64_t start = micros / length_ * length_;
  if (start > micros) start -= length_;
  return start;
}

profile::Pane* Window::Open(int64_t pane_start) {
  auto it = open_.find(pane_start);
  if (it == open_.end()) {
    it = open_.try_emplace(pane_start).first;
    it->second.committed = profile::Pane(*baseline_);
    it->second.change = profile::Pane(*baseline_);
  }
  it->second.changed = true;
  dirty_ = true;
  return &it->second.change;
}

std::optional<int64_t> Window::NextToClose(int64_t watermark) const {
  if (open_.empty() || open_.begin()->first > watermark - length_) return std::nullopt;
  return open_.begin()->first;
}

const profile::Pane& Window::Close(int64_t pane_start, int64_t keep_from) {
  OpenPane open = std::move(open_.at(pane_start));
  open_.erase(pane_start);
  last_closed_ = std::move(open.committed);
  last_closed_.Merge(open.change);
  closed_[pane_start] = {profile::EncodePane(last_closed_), last_closed_.rows};
  if (pane_start >= WindowStart()) {
    closed_sum_.Merge(last_closed_);
  }
  closed_until_ = std::max(closed_until_, pane_start + length_);
  to_put_[pane_start] = open.next_delta > 0;
  dirty_ = true;

  const int64_t keep = std::min(keep_from, WindowStart());
  while (!closed_.empty() && closed_.begin()->first < keep) {
    fold_again_ = fold_again_ || closed_.begin()->first >= folded_from_;
    to_delete_.push_back(closed_.begin()->first);
    to_put_.erase(closed_.begin()->first);
    closed_.erase(closed_.begin());
  }
  return last_closed_;
}

int64_t Window::WindowStart() const {
  int64_t newest = kNever;
  if (!closed_.empty()) newest = closed_.rbegin()->first;
  if (!open_.empty()) newest = std::max(newest, open_.rbegin()->first);
  if (newest == kNever) return kNever;
  return newest - (int64_t{panes_} - 1) * length_;
}

void Window::FoldClosed() {
  const int64_t from = WindowStart();
  // Panes that were in the sum and have left?
  bool left = fold_again_;
  for (auto it = closed_.lower_bound(folded_from_); !left && it != closed_.end(); ++it) {
    if (it->first >= from) break;
    left = true;
  }
  folded_from_ = from;
  fold_again_ = false;
  if (left) closed_sum_ = SumOfClosed(from, std::numeric_limits<int64_t>::max());
}

profile::Pane Window::SumOfClosed(int64_t from, int64_t until) const {
  profile::Pane sum(*baseline_);
  for (auto it = closed_.lower_bound(from); it != closed_.end() && it->first < until; ++it) {
    // Bytes that this process encoded, or that Restore has checked.
    const auto pane = profile::DecodePane(*baseline_, it->second.bytes);
    if (pane.ok()) sum.Merge(*pane);
  }
  return sum;
}

profile::Pane Window::Sum() {
  FoldClosed();
  profile::Pane sum = closed_sum_;
  for (auto it = open_.lower_bound(WindowStart()); it != open_.end(); ++it) {
    sum.Merge(it->second.committed);
    if (it->second.changed) sum.Merge(it->second.change);
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
  uint64_t rows = 0;
  for (auto it = closed_.lower_bound(from); it != closed_.end(); ++it) rows += it->second.rows;
  for (auto it = open_.lower_bound(from); it != open_.end(); ++it) {
    rows += it->second.committed.rows + it->second.change.rows;
  }
  return rows;
}

void Window::set_panes(uint32_t panes) {
  panes_ = panes;
  fold_again_ = true;
}

void Window::Commit(const ModelKey& key, uint64_t generation, storage::Store::Batch* batch) {
  if (!dirty_) return;
  for (const int64_t start : to_delete_) {
    batch->DeletePane(key.model, key.version, generation, start);
    batch->DeletePaneDeltas(key.model, key.version, generation, start);
  }
  to_delete_.clear();
  for (const auto& [start, has_deltas] : to_put_) {
    batch->PutPane(key.model, key.version, generation, start, closed_.at(start).bytes);
    if (has_deltas) batch->DeletePaneDeltas(key.model, key.version, generation, start);
  }
  to_put_.clear();
  for (auto& [start, open] : open_) {
    if (!open.changed) continue;
    open.committed.Merge(open.change);
    std::string bytes;
    if (open.next_delta != 0 && open.next_delta % kFoldAfterDeltas == 0) {
      batch->DeletePaneDeltas(key.model, key.version, generation, start);
      bytes = profile::EncodePane(open.committed);
    } else {
      bytes = profile::EncodePane(open.change);
    }
    batch->PutPaneDelta(key.model, key.version, generation, start, open.next_delta++, bytes);
    open.change.Clear();
    open.changed = false;
  }
  dirty_ = false;
}

absl::Status Window::Restore(const ModelKey& key, uint64_t generation, int64_t closed_until,
                             const storage::Store& store) {
  const auto decode = [&](int64_t start, absl::string_view bytes) -> absl::StatusOr<profile::Pane> {
    auto pane = profile::DecodePane(*baseline_, bytes);
    if (pane.ok()) return pane;
    return absl::DataLossError(
        absl::StrCat(key.InWords(), ": the pane of ",
                     absl::FormatTime(absl::FromUnixMicros(start), absl::UTCTimeZone()),
                     " cannot be read: ", pane.status().message()));
  };
  closed_until_ = closed_until;
  const auto panes = store.ListPanes(key.model, key.version, generation);
  if (!panes.ok()) return panes.status();
  for (const storage::StoredPane& stored : *panes) {
    const auto pane = decode(stored.start_micros, stored.bytes);
    if (!pane.ok()) return pane.status();
    closed_[stored.start_micros] = {stored.bytes, pane->rows};
  }
  const auto deltas = store.ListPaneDeltas(key.model, key.version, generation);
  if (!deltas.ok()) return deltas.status();
  for (const storage::StoredPaneDelta& stored : *deltas) {
    const auto pane = decode(stored.start_micros, stored.bytes);
    if (!pane.ok()) return pane.status();
    Open(stored.start_micros);
    OpenPane& open = open_.at(stored.start_micros);
    open.committed.Merge(*pane);
    open.changed = false;
    open.next_delta = std::max(open.next_delta, stored.number + 1);
  }
  fold_again_ = true;
  dirty_ = false;
  return absl::OkStatus();
}

}  // namespace plumbline::engine
