#ifndef PLUMBLINE_SERVER_ENGINE_COMMITTER_H_
#define PLUMBLINE_SERVER_ENGINE_COMMITTER_H_

#include <atomic>
#include <chrono>
#include <cstddef>
#include <functional>
#include <thread>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "server/base/mutex.h"
#include "server/engine/durability.h"
#include "server/engine/ingest.h"
#include "server/engine/snapshot.h"
#include "server/storage/store.h"

namespace plumbline::engine {

/// An answer that waits for a commit.
struct PendingAck {
  IngestDone done;
  IngestOutcome outcome;
};

/// What changed, and who waits for it.
struct CommitJob {
  storage::Store::Batch batch;
  std::vector<PendingAck> acks;
  absl::AnyInvocable<void(const absl::Status&)>
      then;  // optional; after the acks, on the committer's thread
};

/// One thread that writes jobs in the order given, each atomically, syncs as `durability` says, and
/// then acknowledges. After a failed write or sync the outcome is unknown: that job and every later
/// one is answered with Unavailable and nothing more is written, until Recover. Thread-safe.
class Committer {
 public:
  Committer(storage::Store* store, Durability durability);
  /// Writes what is queued, then joins.
  ~Committer();

  /// Never blocks. A worker hands over one job at a time, so the queue is bounded by the number of
  /// workers and callers.
  void Submit(CommitJob job);
  /// Writes at once, synced, on the caller's thread. Errors: Unavailable, as for a job.
  absl::Status Write(storage::Store::Batch batch);
  /// Writes what is queued and stops the thread. Jobs submitted after it are answered with
  /// Unavailable.
  void Stop();

  bool failed() const { return failed_.load(std::memory_order_acquire); }
  /// Writes again. Only once nothing that was made before the failure can still be submitted, and
  /// the store is open anew.
  void Recover();
  /// Fills the commit figures.
  void Describe(ServiceSnapshot* snapshot) const;

 private:
  using SteadyTime = std::chrono::steady_clock::time_point;

  void Run();
  void Process(CommitJob job);
  absl::Status WriteTimed(storage::Store::Batch batch, bool sync);
  absl::Status Failed(const absl::Status& why);
  // Syncs what an interval has left unsynced, if it is due.
  void SyncIfDue(SteadyTime now);
  absl::Duration UntilSync(SteadyTime now) const;

  storage::Store* const store_;
  const Durability durability_;
  std::atomic<bool> failed_{false};

  mutable base::Mutex mutex_;
  base::CondVar wake_;
  std::vector<CommitJob> queue_ ABSL_GUARDED_BY(mutex_);
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  ServiceSnapshot figures_ ABSL_GUARDED_BY(mutex_);

  // The committer's thread only.
  bool unsynced_ = false;
  SteadyTime unsynced_since_;

  std::thread thread_;  // last: started when all else is there
};

}  // namespace plumbline::engine

#endif  // PLUMBLINE_SERVER_ENGINE_COMMITTER_H_
