#include "server/engine/closed_panes.h"

#include <iterator>
#include <optional>
#include <tuple>

namespace plumbline::engine {

ClosedPanes::ClosedPanes(std::shared_ptr<const profile::Baseline> baseline, PaneHome home,
                         int64_t length)
    : baseline_(std::move(baseline)), home_(std::move(home)) {
  for (int64_t& width : width_) {
    width = length;
    length *= kFanOut;
  }
}

int64_t ClosedPanes::BlockStart(uint32_t level, int64_t start) const {
  const int64_t width = width_[level];
  const int64_t block = start / width * width;
  return block > start ? block - width : block;
}

void ClosedPanes::Add(int64_t start, const profile::Pane& pane) {
  const std::optional<int64_t> last = empty() ? std::nullopt : std::optional(newest());
  Put({0, start}, pane);
  if (!last.has_value()) return;
  // The blocks that the pane before was in, and this one is not, are complete.
  for (uint32_t level = 1; level < kLevels; ++level) {
    const int64_t block = BlockStart(level, *last);
    if (block != BlockStart(level, start)) MakeBlock(level, block);
  }
}

void ClosedPanes::MakeBlock(uint32_t level, int64_t start) {
  const int64_t end = start + width_[level];
  const auto first = rows_[0].lower_bound(start);
  if (std::distance(first, rows_[0].lower_bound(end)) < 2) return;
  const uint64_t unreadable = unreadable_;
  const profile::Pane sum = Sum(start, end);
  // Without its block the parts are read each time.
  if (unreadable_ == unreadable) Put({level, start}, sum);
}

void ClosedPanes::Put(Slot slot, const profile::Pane& pane) {
  rows_[slot.first][slot.second] = pane.rows;
  pending_[slot] = {profile::EncodePane(pane), 0};
}

void ClosedPanes::Remove(Slot slot) {
  const auto it = pending_.find(slot);
  const bool never_written = it != pending_.end() && it->second.commit == 0;
  if (it != pending_.end()) pending_.erase(it);
  if (!never_written) to_delete_.push_back(slot);
}

void ClosedPanes::DropBefore(int64_t start) {
  for (uint32_t level = 0; level < kLevels; ++level) {
    auto& rows = rows_[level];
    while (!rows.empty() && rows.begin()->first < start) {
      Remove({level, rows.begin()->first});
      rows.erase(rows.begin());
    }
  }
}

profile::Pane ClosedPanes::Sum(int64_t from, int64_t until) {
  profile::Pane sum(*baseline_);
  const auto& panes = rows_[0];
  for (auto it = panes.lower_bound(from); it != panes.end() && it->first < until;) {
    // The widest block that begins at or before this pane and holds nothing from outside.
    Slot slot(0, it->first);
    for (uint32_t level = kLevels - 1; level > 0; --level) {
      const int64_t block = BlockStart(level, it->first);
      if (block < from || block > until - width_[level] || !rows_[level].contains(block)) continue;
      slot = {level, block};
      break;
    }
    Merge(slot, &sum);
    it = panes.lower_bound(slot.second + width_[slot.first]);
  }
  return sum;
}

void ClosedPanes::Merge(Slot slot, profile::Pane* sum) {
  auto pane = Read(slot);
  if (pane.ok()) {
    sum->Merge(*pane);
  } else {
    ++unreadable_;
  }
}

absl::StatusOr<profile::Pane> ClosedPanes::Read(Slot slot) const {
  if (const auto it = pending_.find(slot); it != pending_.end()) {
    return profile::DecodePane(*baseline_, it->second.bytes);
  }
  const auto& [level, start] = slot;
  const auto bytes =
      level == 0 ? home_.store->GetPane(home_.key.model, home_.key.version, home_.generation, start)
                 : home_.store->GetPaneBlock(home_.key.model, home_.key.version, home_.generation,
                                             level, start);
  if (!bytes.ok()) return bytes.status();
  return profile::DecodePane(*baseline_, *bytes);
}

void ClosedPanes::ForEach(int64_t from, int64_t until,
                          absl::FunctionRef<void(int64_t start, uint64_t rows)> use) const {
  for (auto it = rows_[0].lower_bound(from); it != rows_[0].end() && it->first < until; ++it) {
    use(it->first, it->second);
  }
}

uint64_t ClosedPanes::Rows(int64_t from) const {
  uint64_t rows = 0;
  for (auto it = rows_[0].lower_bound(from); it != rows_[0].end(); ++it) rows += it->second;
  return rows;
}

void ClosedPanes::Commit(storage::Store::Batch* batch) {
  const auto& [model, version] = std::tie(home_.key.model, home_.key.version);
  for (const auto& [level, start] : to_delete_) {
    if (level == 0) {
      batch->DeletePane(model, version, home_.generation, start);
    } else {
      batch->DeletePaneBlock(model, version, home_.generation, level, start);
    }
  }
  to_delete_.clear();
  ++commits_;
  for (auto it = pending_.begin(); it != pending_.end();) {
    const auto& [level, start] = it->first;
    Pending& pending = it->second;
    if (pending.commit != 0) {
      it = pending_.erase(it);
      continue;
    }
    pending.commit = commits_;
    if (level == 0) {
      batch->PutPane(model, version, home_.generation, start, pending.bytes);
    } else {
      batch->PutPaneBlock(model, version, home_.generation, level, start, pending.bytes);
    }
    ++it;
  }
}

void ClosedPanes::ToRecord(storage::v1::WindowRecord* record) const {
  for (const auto& level : rows_) {
    storage::v1::PaneIndexRecord* const index = record->add_levels();
    for (const auto& [start, rows] : level) {
      index->add_starts(start);
      index->add_rows(rows);
    }
  }
}

absl::Status ClosedPanes::FromRecord(const storage::v1::WindowRecord& record) {
  if (record.levels_size() > static_cast<int>(kLevels)) {
    return absl::DataLossError("the window has more kinds of blocks than this program knows");
  }
  for (int level = 0; level < record.levels_size(); ++level) {
    const storage::v1::PaneIndexRecord& index = record.levels(level);
    if (index.starts_size() != index.rows_size()) {
      return absl::DataLossError("the window does not have one number of rows a pane");
    }
    for (int i = 0; i < index.starts_size(); ++i) {
      rows_[static_cast<size_t>(level)][index.starts(i)] = index.rows(i);
    }
  }
  return absl::OkStatus();
}

}  // namespace plumbline::engine
