// How rows that wait for their label or prediction expire, by time and by number.
#include <algorithm>
#include <limits>
#include <utility>

#include "server/engine/label_join.h"

namespace plumbline::engine {
namespace {

// A commit lets so many rows expire, and twice as many as it adds.
constexpr size_t kExpireAtOnce = 4096;

}  // namespace

std::optional<LabelJoin::Times> LabelJoin::OldestTimes(int64_t from, int64_t until, size_t limit) {
  auto times = store_->ListJoinTimes(home_, from, until, limit);
  if (!times.ok()) {
    ++unreadable_;
    return std::nullopt;
  }
  std::vector<absl::uint128> ids;
  for (const auto& [micros, id] : *times) ids.push_back(id);
  Load(ids);
  return *std::move(times);
}

std::optional<LabelJoin::Row> LabelJoin::Kept(int64_t micros, absl::uint128 id,
                                              storage::Store::Batch* batch) {
  Row row = Find(id);
  if (!row.empty() && row.micros == micros) return row;
  batch->DeleteJoinTime(home_, micros, id);
  return std::nullopt;
}

void LabelJoin::GiveUp(absl::uint128 id, const Row& row) {
  if (!row.outcome.has_value()) ++counts_.expired_labels;
  if (!row.label.has_value()) ++counts_.expired_predictions;
  Replace(id, row, {});
}

void LabelJoin::ExpireBy(Age* age, size_t limit, storage::Store::Batch* batch) {
  if (!age->newest_micros.has_value()) return;
  const int64_t horizon = *age->newest_micros - absl::ToInt64Microseconds(wait_);
  if (age->oldest_micros >= horizon) return;
  const std::optional<Times> times = OldestTimes(age->oldest_micros, horizon, limit);
  if (!times.has_value()) return;
  for (const auto& [micros, id] : *times) {
    const std::optional<Row> row = Kept(micros, id, batch);
    if (row.has_value() && AgeOf(*row) == age) GiveUp(id, *row);
  }
  // Rows that age otherwise lie between; what is as old as the last may not have been listed.
  age->oldest_micros =
      times->size() < limit ? horizon : std::max(times->back().first, age->oldest_micros + 1);
}

void LabelJoin::CrowdOut(size_t limit, storage::Store::Batch* batch) {
  if (counts_.kept <= max_rows_) return;
  const std::optional<Times> times =
      OldestTimes(std::numeric_limits<int64_t>::min(), std::numeric_limits<int64_t>::max(), limit);
  if (!times.has_value()) return;
  for (const auto& [micros, id] : *times) {
    if (counts_.kept <= max_rows_) return;
    const std::optional<Row> row = Kept(micros, id, batch);
    if (!row.has_value()) continue;
    ++counts_.crowded_out;
    GiveUp(id, *row);
  }
}

void LabelJoin::Expire(storage::Store::Batch* batch) {
  if (!stored_) return;
  const size_t limit = kExpireAtOnce + 2 * changed_.size();
  ExpireBy(&event_, limit, batch);
  ExpireBy(&arrival_, limit, batch);
  CrowdOut(limit, batch);
  found_.clear();
}

}  // namespace plumbline::engine
