#include "server/engine/producers.h"

#include <algorithm>
#include <iterator>
#include <limits>
#include <tuple>

#include "absl/strings/str_cat.h"
#include "server/engine/records.h"

namespace plumbline::engine {
namespace {

constexpr size_t kInWords = 3;  // epochs that a reason names

// Never less than either: a client may send any number.
uint64_t Sum(uint64_t a, uint64_t b) {
  return a > std::numeric_limits<uint64_t>::max() - b ? std::numeric_limits<uint64_t>::max()
                                                      : a + b;
}

// The epochs that rank highest come first, as many as are named.
template <class Rank, class Iterator>
void SortRanks(std::vector<std::pair<Rank, Iterator>>* ranked) {
  const size_t named = std::min(ranked->size(), std::max(kInWords, checks::Senders::kMost));
  std::partial_sort(ranked->begin(), ranked->begin() + static_cast<ptrdiff_t>(named), ranked->end(),
                    [](const auto& a, const auto& b) {
                      return a.first != b.first ? a.first > b.first
                                                : a.second->first < b.second->first;
                    });
}

// The producers of the first epochs.
template <class Rank, class Iterator>
std::vector<std::string> NamesOf(const std::vector<std::pair<Rank, Iterator>>& ranked) {
  std::vector<std::string> names;
  for (size_t i = 0; i < ranked.size() && i < checks::Senders::kMost; ++i) {
    names.push_back(ranked[i].second->first.first);
  }
  return names;
}

// The first epochs, each with what `say` says of it.
template <class Rank, class Iterator, class Say>
std::string RanksInWords(const std::vector<std::pair<Rank, Iterator>>& ranked, const Say& say) {
  std::string text;
  for (size_t i = 0; i < ranked.size() && i < kInWords; ++i) {
    const auto& [rank, epoch] = ranked[i];
    absl::StrAppend(&text, i == 0 ? "" : "; ", "producer \"", epoch->first.first, "\" epoch ",
                    epoch->first.second, ": ", say(rank, *epoch));
  }
  return text;
}

}  // namespace

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
    if (epochs_.size() >= max_epochs_) {
      ++expired_early_;
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
  if (found == nullptr) return Claim::kForgotten;
  const size_t holes = found->marks.holes();
  const Claim claim = found->marks.Take(sequence, now);
  BoundHoles(holes, found->marks.holes(), now);
  return claim;
}

bool Producers::Skip(const std::string& producer, uint64_t epoch, uint64_t first, uint64_t last,
                     absl::Time now) {
  if (first == 0 || last < first) return false;
  Epoch* found = Find(producer, epoch, now);
  if (found == nullptr) return false;
  const size_t holes = found->marks.holes();
  found->marks.Skip(first, last, now);
  BoundHoles(holes, found->marks.holes(), now);
  return true;
}

Claim Producers::End(const std::string& producer, uint64_t epoch, uint64_t last, absl::Time now) {
  Epoch* found = Find(producer, epoch, now);
  if (found == nullptr) return Claim::kForgotten;
  const size_t holes = found->marks.holes();
  const bool possible = found->marks.End(last, now);
  BoundHoles(holes, found->marks.holes(), now);
  return possible ? Claim::kNew : Claim::kInvalid;
}

void Producers::BoundHoles(size_t before, size_t after, absl::Time now) {
  holes_ = holes_ + after - before;
  while (holes_ > kMaxHoles) {
    const auto most =
        std::max_element(epochs_.begin(), epochs_.end(), [](const auto& a, const auto& b) {
          return a.second.marks.holes() < b.second.marks.holes();
        });
    SequenceMarks& marks = most->second.marks;
    holes_ -= marks.holes();
    marks.GiveUpHalf(now);
    holes_ += marks.holes();
    changed_.insert(most->first);
  }
}

void Producers::Remove(const Key& key) {
  last_ = nullptr;
  changed_.erase(key);
  removed_.insert(key);
}

Producers::Epochs::iterator Producers::ExpireOne(Epochs::iterator it) {
  const Key key = it->first;
  const absl::Time last_seen = it->second.last_seen;
  const SequenceMarks& marks = it->second.marks;
  // What is missing still will be refused from now on.
  retired_called_lost_ = Sum(retired_called_lost_, Sum(marks.called_lost(), marks.missing()));
  retired_cleared_ = Sum(retired_cleared_, marks.cleared());
  abandoned_ = Sum(abandoned_, Sum(marks.lost(), marks.missing()));
  holes_ -= marks.holes();
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

bool Producers::Knows(const std::string& producer) const {
  const auto first = epochs_.lower_bound({producer, 0});
  return first != epochs_.end() && first->first.first == producer;
}

void Producers::Advance(absl::Time now, const checks::Policy& policy) {
  const bool nothing_lost = std::all_of(epochs_.begin(), epochs_.end(), [](const auto& entry) {
    return entry.second.marks.lost() == 0;
  });
  if (nothing_lost) abandoned_ = 0;
  for (auto it = epochs_.begin(); it != epochs_.end();) {
    SequenceMarks& marks = it->second.marks;
    const uint64_t settled = marks.settled();
    if (marks.Age(now, policy.hole_grace, policy.epoch_expiry)) changed_.insert(it->first);
    abandoned_ = Sum(abandoned_, marks.settled() - settled);
    it = now - it->second.last_seen > policy.epoch_expiry ? ExpireOne(it) : std::next(it);
  }
}

bool Producers::Followed(Epochs::const_iterator it) const {
  const auto next = std::next(it);
  return next != epochs_.end() && next->first.first == it->first.first;
}

bool Producers::TailUnknown(Epochs::const_iterator it, absl::Time now,
                            const checks::Policy& policy) const {
  const Epoch& epoch = it->second;
  if (epoch.marks.ended() || epoch.marks.highest() == 0) return false;
  const absl::Duration silence = now - epoch.last_seen;
  return silence >= policy.no_data_after || (silence >= policy.hole_grace && Followed(it));
}

LossSummary Producers::Loss(absl::Time now, const checks::Policy& policy) const {
  LossSummary summary;
  summary.abandoned = abandoned_;
  summary.called_lost = retired_called_lost_;
  summary.cleared = retired_cleared_;
  std::vector<std::pair<uint64_t, Epochs::const_iterator>> lost;
  std::vector<std::pair<absl::Time, Epochs::const_iterator>> unended;
  for (auto it = epochs_.begin(); it != epochs_.end(); ++it) {
    const SequenceMarks& marks = it->second.marks;
    summary.lost = Sum(summary.lost, marks.lost());
    summary.called_lost = Sum(summary.called_lost, marks.called_lost());
    summary.cleared = Sum(summary.cleared, marks.cleared());
    if (marks.lost() > 0) lost.emplace_back(marks.lost(), it);
    if (TailUnknown(it, now, policy)) unended.emplace_back(it->second.last_seen, it);
  }
  summary.unended = unended.size();
  SortRanks(&lost);
  SortRanks(&unended);
  summary.losing = NamesOf(lost);
  summary.unending = NamesOf(unended);
  summary.lost_detail = RanksInWords(lost, [](uint64_t count, const auto& epoch) {
    return absl::StrCat(count, " of ", epoch.second.marks.highest());
  });
  summary.unended_detail = RanksInWords(unended, [](absl::Time, const auto& epoch) {
    return absl::StrCat("nothing after batch ", epoch.second.marks.highest());
  });
  return summary;
}

uint64_t Producers::MissingSince(absl::Time since) const {
  uint64_t missing = 0;
  for (const auto& [key, epoch] : epochs_) missing = Sum(missing, epoch.marks.MissingSince(since));
  return missing;
}

std::vector<ProducerLoss> Producers::Losses(absl::Time now, const checks::Policy& policy) const {
  std::vector<ProducerLoss> losses;
  for (auto it = epochs_.begin(); it != epochs_.end(); ++it) {
    const SequenceMarks& marks = it->second.marks;
    const ProducerLoss loss{.producer = it->first.first,
                            .epoch = it->first.second,
                            .highest = marks.highest(),
                            .missing = marks.missing(),
                            .lost = marks.called_lost() - marks.cleared(),
                            .ended = marks.ended(),
                            .tail_unknown = TailUnknown(it, now, policy),
                            .silence = now - it->second.last_seen};
    if (loss.missing > 0 || loss.lost > 0 || loss.tail_unknown) losses.push_back(loss);
  }
  std::stable_sort(losses.begin(), losses.end(), [](const ProducerLoss& a, const ProducerLoss& b) {
    return std::tie(a.lost, a.missing) > std::tie(b.lost, b.missing);
  });
  return losses;
}

void Producers::Commit(const ModelKey& key, storage::Store::Batch* batch,
                       storage::v1::ModelStateRecord* state) {
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
  state->set_retired_called_lost(retired_called_lost_);
  state->set_retired_cleared(retired_cleared_);
  state->set_abandoned(abandoned_);
}

absl::Status Producers::Restore(const ModelKey& key, const storage::Store& store,
                                const storage::v1::ModelStateRecord& state) {
  retired_called_lost_ = state.retired_called_lost();
  retired_cleared_ = state.retired_cleared();
  abandoned_ = state.abandoned();
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
      holes_ += marks->holes();
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
