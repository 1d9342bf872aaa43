#include "server/engine/producers.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "server/engine/records.h"

namespace plumbline::engine {

Producers::Epoch* Producers::Find(const std::string& producer, uint64_t epoch, absl::Time now) {
  const Key key(producer, epoch);
  auto it = epochs_.find(key);
  if (it == epochs_.end()) {
    const auto expired = expired_until_.find(producer);
    if (expired != expired_until_.end() && epoch <= expired->second) return nullptr;
    if (epochs_.size() >= kMaxProducers) {
      auto oldest = epochs_.end();
      for (auto candidate = epochs_.begin(); candidate != epochs_.end(); ++candidate) {
        if (candidate->second.expired) continue;
        if (oldest == epochs_.end() || candidate->second.last_seen < oldest->second.last_seen) {
          oldest = candidate;
        }
      }
      if (oldest != epochs_.end()) ExpireOne(oldest);
    }
    it = epochs_.try_emplace(key).first;
  }
  if (it->second.expired) return nullptr;
  it->second.last_seen = now;
  changed_.insert(key);
  return &it->second;
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

void Producers::ExpireOne(std::map<Key, Epoch>::iterator it) {
  const auto& [producer, epoch] = it->first;
  uint64_t& until = expired_until_[producer];
  // The producer's older tombstones are covered by this one.
  for (auto older = epochs_.lower_bound({producer, 0}); older != it;) {
    const bool covered = older->first.first == producer && older->second.expired;
    if (!covered) {
      ++older;
      continue;
    }
    removed_.insert(older->first);
    changed_.erase(older->first);
    older = epochs_.erase(older);
  }
  until = std::max(until, epoch);
  it->second.marks = SequenceMarks();
  it->second.expired = true;
  changed_.insert(it->first);
}

void Producers::Expire(absl::Time now, absl::Duration expiry) {
  for (auto it = epochs_.begin(); it != epochs_.end();) {
    const auto next = std::next(it);
    if (!it->second.expired && now - it->second.last_seen > expiry) ExpireOne(it);
    it = next;
  }
}

LossSummary Producers::Lost(absl::Time now, absl::Duration grace) const {
  LossSummary summary;
  std::vector<std::pair<uint64_t, std::string>> worst;
  for (const auto& [key, epoch] : epochs_) {
    if (epoch.expired) continue;
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
    const Epoch& epoch = epochs_.at(changed);
    storage::v1::ProducerRecord record;
    if (!epoch.expired) MarksToRecord(epoch.marks, &record);
    record.set_last_seen_micros(absl::ToUnixMicros(epoch.last_seen));
    record.set_expired(epoch.expired);
    batch->PutProducer(key.model, key.version, changed.first, changed.second, record);
  }
  changed_.clear();
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
    epochs_[{producer.producer, producer.epoch}] = {
        *std::move(marks), absl::FromUnixMicros(producer.record.last_seen_micros()),
        producer.record.expired()};
    if (producer.record.expired()) {
      uint64_t& until = expired_until_[producer.producer];
      until = std::max(until, producer.epoch);
    }
  }
  return absl::OkStatus();
}

}  // namespace plumbline::engine
