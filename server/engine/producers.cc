#include "server/engine/producers.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "server/engine/records.h"

namespace plumbline::engine {

Producers::Epoch* Producers::Find(const std::string& producer, uint64_t epoch, absl::Time now) {
  if (last_ != nullptr && last_key_.second == epoch && last_key_.first == producer) {
    last_->last_seen = now;
    return last_;
  }
  const Key key(producer, epoch);
  auto it = epochs_.find(key);
  if (it == epochs_.end()) {
    const auto tombstone = tombstones_.find(producer);
    if (tombstone != tombstones_.end() && epoch <= tombstone->second.epoch) return nullptr;
    if (epochs_.size() >= kMaxProducers) {
      ExpireOne(std::min_element(epochs_.begin(), epochs_.end(), [](const auto& a, const auto& b) {
        return a.second.last_seen < b.second.last_seen;
      }));
    }
    it = epochs_.try_emplace(key).first;
  }
  it->second.last_seen = now;
  changed_.insert(key);
  last_key_ = key;
  last_ = &it->second;
  return last_;
}

Claim Producers::Take(const std::string& producer, uint64_t epoch, uint64_t sequence,
                      absl::Time now) {
  Epoch* found = Find(producer, epoch, now);
  return found == nullptr ? Claim::kForgotten : found->marks.Take(sequence, now);
}

bool Producers::Skip(const std::string& producer, uint64_t epoch, uint64_t first, uint64_t last,
                     absl::Time now) {
  if (first == 0 || last < first) return false;
  Epoch* found = Find(producer, epoch, now);
  if (found == nullptr) return false;
  found->marks.Skip(first, last, now);
  return true;
}

bool Producers::End(const std::string& producer, uint64_t epoch, uint64_t last, absl::Time now) {
  Epoch* found = Find(producer, epoch, now);
  if (found == nullptr) return false;
  found->marks.End(last, now);
  return true;
}

void Producers::Remove(const Key& key) {
  last_ = nullptr;
  changed_.erase(key);
  removed_.insert(key);
}

std::map<Producers::Key, Producers::Epoch>::iterator Producers::ExpireOne(
    std::map<Key, Epoch>::iterator it) {
  const Key key = it->first;
  const absl::Time last_seen = it->second.last_seen;
  const auto next = epochs_.erase(it);
  Remove(key);
  const auto [entry, is_first] =
      tombstones_.try_emplace(key.first, Tombstone{key.second, last_seen});
  Tombstone& tombstone = entry->second;
  if (!is_first && tombstone.epoch < key.second) {
    Remove({key.first, tombstone.epoch});
    tombstone.epoch = key.second;
  }
  tombstone.last_seen = std::max(tombstone.last_seen, last_seen);
  changed_.insert({key.first, tombstone.epoch});
  if (tombstones_.size() > kMaxTombstones) ForgetOldTombstones();
  return next;
}

void Producers::ForgetOldTombstones() {
  // A tenth at once, so that the search costs little for each.
  std::vector<std::pair<absl::Time, Key>> oldest;
  for (const auto& [producer, tombstone] : tombstones_) {
    oldest.push_back({tombstone.last_seen, {producer, tombstone.epoch}});
  }
  const size_t forgotten = oldest.size() / 10;
  std::nth_element(oldest.begin(), oldest.begin() + static_cast<ptrdiff_t>(forgotten),
                   oldest.end());
  oldest.resize(forgotten);
  for (const auto& [last_seen, key] : oldest) {
    tombstones_.erase(key.first);
    Remove(key);
  }
}

void Producers::Expire(absl::Time now, absl::Duration expiry) {
  for (auto it = epochs_.begin(); it != epochs_.end();) {
    it = now - it->second.last_seen > expiry ? ExpireOne(it) : std::next(it);
  }
}

LossSummary Producers::Lost(absl::Time now, absl::Duration grace) const {
  LossSummary summary;
  std::vector<std::pair<uint64_t, std::string>> worst;
  for (const auto& [key, epoch] : epochs_) {
    const uint64_t lost = epoch.marks.Lost(now, grace);
    if (lost == 0) continue;
    summary.lost_batches += lost;
    worst.emplace_back(lost, absl::StrCat("producer \"", key.first, "\" epoch ", key.second, ": ",
                                          lost, " of ", epoch.marks.highest()));
  }
  std::sort(worst.rbegin(), worst.rend());
  if (worst.size() > 3) worst.resize(3);
  summary.detail = absl::StrJoin(
      worst, "; ", [](std::string* out, const auto& entry) { absl::StrAppend(out, entry.second); });
  return summary;
}

void Producers::Commit(const ModelKey& key, storage::Store::Batch* batch) {
  for (const Key& removed : removed_) {
    batch->DeleteProducer(key.model, key.version, removed.first, removed.second);
  }
  removed_.clear();
  for (const Key& changed : changed_) {
    storage::v1::ProducerRecord record;
    absl::Time last_seen;
    if (const auto epoch = epochs_.find(changed); epoch != epochs_.end()) {
      MarksToRecord(epoch->second.marks, &record);
      last_seen = epoch->second.last_seen;
    } else {
      record.set_expired(true);
      last_seen = tombstones_.at(changed.first).last_seen;
    }
    record.set_last_seen_micros(absl::ToUnixMicros(last_seen));
    batch->PutProducer(key.model, key.version, changed.first, changed.second, record);
  }
  changed_.clear();
  last_ = nullptr;
}

absl::Status Producers::Restore(const ModelKey& key, const storage::Store& store) {
  const auto stored = store.ListProducers(key.model, key.version);
  if (!stored.ok()) return stored.status();
  for (const storage::StoredProducer& producer : *stored) {
    auto marks = MarksFromRecord(producer.record);
    if (!marks.ok()) {
      return absl::DataLossError(absl::StrCat(key.InWords(), ": producer \"", producer.producer,
                                              "\" epoch ", producer.epoch, ": ",
                                              marks.status().message()));
    }
    const absl::Time last_seen = absl::FromUnixMicros(producer.record.last_seen_micros());
    if (!producer.record.expired()) {
      epochs_[{producer.producer, producer.epoch}] = {*std::move(marks), last_seen};
      continue;
    }
    Tombstone& tombstone = tombstones_[producer.producer];
    tombstone = {std::max(tombstone.epoch, producer.epoch),
                 std::max(tombstone.last_seen, last_seen)};
  }
  return absl::OkStatus();
}

}  // namespace plumbline::engine
