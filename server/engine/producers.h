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
#include "server/checks/finding.h"
#include "server/checks/policy.h"
#include "server/engine/model_key.h"
#include "server/engine/quotas.h"
#include "server/engine/sequence_marks.h"
#include "server/storage/store.h"

namespace plumbline::engine {

/// What is missing, over all producers of a model.
struct LossSummary {
  uint64_t lost = 0;           // numbers lost that somebody should know of
  uint64_t abandoned = 0;      // numbers that were among them since, and will hardly come any more
  uint64_t unended = 0;        // epochs whose tail is unknown
  uint64_t called_lost = 0;    // numbers ever called lost: only grows
  uint64_t cleared = 0;        // those of them that arrived or were skipped after all: only grows
  std::string lost_detail;     // the producers with the largest losses, in words
  std::string unended_detail;  // some of the epochs, in words
  /// Of the same, checks::Senders::kMost.
  std::vector<std::string> losing, unending;
};

/// One epoch of one producer in which something is missing or may be.
struct ProducerLoss {
  std::string producer;
  uint64_t epoch = 0;
  uint64_t highest = 0;  // the highest number that arrived, was skipped or was declared the last
  uint64_t missing = 0;  // numbers below it that have not arrived, and are not lost yet
  uint64_t lost = 0;     // numbers called lost that have not arrived since
  bool ended = false;
  bool tail_unknown = false;
  absl::Duration silence;
};

/// The sequence marks of every producer of one model. All times are listening time.
///
/// A number is lost when it has been missing for the policy's hole_grace below one that arrived or
/// was declared the last. An epoch's tail is unknown if it did not end, and either a newer epoch of
/// its producer has begun and it has been silent for hole_grace, or it has been silent for
/// no_data_after: nothing says then whether anything was sent beyond the highest number.
///
/// An epoch that has been silent for epoch_expiry keeps only a tombstone, by which its batches are
/// refused and never counted anew; it stands for the producer's older epochs too. What it lost is
/// abandoned then, and what a longer-lived epoch lost after epoch_expiry.
///
/// Bounded: past so many epochs the one silent longest expires early, past kMaxTombstones
/// those silent longest are forgotten, and past kMaxHoles the epoch with the most holes gives up
/// half of them. Not thread-safe.
class Producers {
 public:
  static constexpr size_t kMaxTombstones = 100'000;
  static constexpr size_t kMaxHoles = 65'536;

  explicit Producers(size_t max_epochs = Quotas().max_producers_per_model)
      : max_epochs_(max_epochs) {}

  /// What a batch is worth; marks it as seen if it is new.
  Claim Take(const std::string& producer, uint64_t epoch, uint64_t sequence, absl::Time now);
  /// False if the epoch has expired or the range is not one.
  bool Skip(const std::string& producer, uint64_t epoch, uint64_t first, uint64_t last,
            absl::Time now);
  /// kNew, kForgotten if the epoch has expired, or kInvalid if a number above `last` is known.
  Claim End(const std::string& producer, uint64_t epoch, uint64_t last, absl::Time now);

  /// True if an epoch of the producer has not expired.
  bool Knows(const std::string& producer) const;

  /// Calls numbers lost that have been missing for long enough, and lets epochs expire.
  void Advance(absl::Time now, const checks::Policy& policy);
  /// Cost: O(epochs).
  LossSummary Loss(absl::Time now, const checks::Policy& policy) const;
  /// Numbers missing or lost that were first missed at `since` or later. Cost: O(epochs + holes).
  uint64_t MissingSince(absl::Time since) const;
  /// Every epoch in which something is missing or may be, those that lost the most first.
  std::vector<ProducerLoss> Losses(absl::Time now, const checks::Policy& policy) const;
  /// Epochs that have not expired, and the holes in all of them.
  size_t size() const { return epochs_.size(); }
  size_t holes() const { return holes_; }
  /// Epochs that had to make room before their time.
  uint64_t expired_early() const { return expired_early_; }
  bool dirty() const { return !changed_.empty(); }

  /// Adds what changed, and to `state` what is kept of all of them together.
  void Commit(const ModelKey& key, storage::Store::Batch* batch,
              storage::v1::ModelStateRecord* state);
  /// Errors: DataLoss naming the producer.
  absl::Status Restore(const ModelKey& key, const storage::Store& store,
                       const storage::v1::ModelStateRecord& state);

 private:
  using Key = std::pair<std::string, uint64_t>;  // producer, epoch
  struct Epoch {
    SequenceMarks marks;
    absl::Time last_seen;
  };
  using Epochs = std::map<Key, Epoch>;
  struct Tombstone {
    uint64_t epoch = 0;  // the newest of the producer's that expired
    absl::Time last_seen;
  };

  // The epoch, made if it is new; nullptr if it has expired.
  Epoch* Find(const std::string& producer, uint64_t epoch, absl::Time now);
  // Whether it did not end, and nothing more is to be expected of it.
  bool TailUnknown(Epochs::const_iterator it, absl::Time now, const checks::Policy& policy) const;
  bool Followed(Epochs::const_iterator it) const;
  // After an epoch had `before` holes and has `after`.
  void BoundHoles(size_t before, size_t after, absl::Time now);
  // Returns the one after it.
  Epochs::iterator ExpireOne(Epochs::iterator it);
  void ForgetOldTombstones();
  void Remove(const Key& key);

  size_t max_epochs_;
  uint64_t expired_early_ = 0;
  Epochs epochs_;
  std::map<std::string, Tombstone> tombstones_;  // by producer
  size_t holes_ = 0;
  // Of the epochs that have expired.
  uint64_t retired_called_lost_ = 0;
  uint64_t retired_cleared_ = 0;
  // Since something was lost when nothing was.
  uint64_t abandoned_ = 0;
  // What the next commit writes and deletes: an epoch, or else a tombstone.
  std::set<Key> changed_;
  std::set<Key> removed_;
  // The one that was found last, which is mostly the next one too; it is in changed_.
  Key last_key_;
  Epoch* last_ = nullptr;
};

}  // namespace plumbline::engine

#endif  // PLUMBLINE_SERVER_ENGINE_PRODUCERS_H_
