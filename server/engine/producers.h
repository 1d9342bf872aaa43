#ifndef PLUMBLINE_SERVER_ENGINE_PRODUCERS_H_
#define PLUMBLINE_SERVER_ENGINE_PRODUCERS_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "server/engine/model_key.h"
#include "server/engine/sequence_marks.h"
#include "server/storage/store.h"

namespace plumbline::engine {

/// What is missing, for the rows_lost check.
struct LossSummary {
  uint64_t lost_batches = 0;
  std::string detail;  // the producers with the largest losses, in words
};

/// The sequence marks of every producer of one model. An epoch that has been silent for its expiry
/// keeps only a tombstone, by which its batches are refused and never counted anew; it stands for
/// the producer's older epochs too. Bounded: past kMaxProducers epochs the one silent longest
/// expires early, and past kMaxTombstones those silent longest are forgotten. Not thread-safe.
class Producers {
 public:
  static constexpr size_t kMaxProducers = 10'000;
  static constexpr size_t kMaxTombstones = 100'000;

  /// What a batch is worth; marks it as seen if it is new.
  Claim Take(const std::string& producer, uint64_t epoch, uint64_t sequence, absl::Time now);
  /// False if the epoch has expired or the range is not one.
  bool Skip(const std::string& producer, uint64_t epoch, uint64_t first, uint64_t last,
            absl::Time now);
  bool End(const std::string& producer, uint64_t epoch, uint64_t last, absl::Time now);

  /// Lets epochs expire that have been silent for `expiry`.
  void Expire(absl::Time now, absl::Duration expiry);
  /// Holes older than `grace`, over all epochs that have not expired.
  LossSummary Lost(absl::Time now, absl::Duration grace) const;
  /// Epochs that have not expired.
  size_t size() const { return epochs_.size(); }
  bool dirty() const { return !changed_.empty(); }

  void Commit(const ModelKey& key, storage::Store::Batch* batch);
  /// Errors: DataLoss naming the producer.
  absl::Status Restore(const ModelKey& key, const storage::Store& store);

 private:
  using Key = std::pair<std::string, uint64_t>;  // producer, epoch
  struct Epoch {
    SequenceMarks marks;
    absl::Time last_seen;
  };
  struct Tombstone {
    uint64_t epoch = 0;  // the newest of the producer's that expired
    absl::Time last_seen;
  };

  // The epoch, made if it is new; nullptr if it has expired.
  Epoch* Find(const std::string& producer, uint64_t epoch, absl::Time now);
  // Returns the one after it.
  std::map<Key, Epoch>::iterator ExpireOne(std::map<Key, Epoch>::iterator it);
  void ForgetOldTombstones();
  void Remove(const Key& key);

  std::map<Key, Epoch> epochs_;
  std::map<std::string, Tombstone> tombstones_;  // by producer
  // What the next commit writes and deletes: an epoch, or else a tombstone.
  std::set<Key> changed_;
  std::set<Key> removed_;
  // The one that was found last, which is mostly the next one too; it is in changed_.
  Key last_key_;
  Epoch* last_ = nullptr;
};

}  // namespace plumbline::engine

#endif  // PLUMBLINE_SERVER_ENGINE_PRODUCERS_H_
