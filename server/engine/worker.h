#ifndef PLUMBLINE_SERVER_ENGINE_WORKER_H_
#define PLUMBLINE_SERVER_ENGINE_WORKER_H_

#include <atomic>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <thread>
#include <variant>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/functional/any_invocable.h"
#include "absl/time/time.h"
#include "server/base/bounded_queue.h"
#include "server/base/clock.h"
#include "server/base/mutex.h"
#include "server/engine/committer.h"
#include "server/engine/ingest.h"
#include "server/engine/live_model.h"
#include "server/engine/snapshot.h"

namespace plumbline::engine {

/// Where workers leave what others may read: the latest snapshot of each model, and changes of
/// alerts. Thread-safe.
class Board {
 public:
  void Post(std::shared_ptr<const ModelSnapshot> snapshot);
  void Remove(const ModelKey& key);
  std::vector<std::shared_ptr<const ModelSnapshot>> All() const;
  std::shared_ptr<const ModelSnapshot> Find(const ModelKey& key) const;

  void Tell(const std::vector<ModelAlert>& changes);
  uint64_t Watch(std::function<void(const ModelAlert&)> watcher);
  void Unwatch(uint64_t id);

 private:
  mutable base::Mutex mutex_;
  absl::flat_hash_map<ModelKey, std::shared_ptr<const ModelSnapshot>> snapshots_
      ABSL_GUARDED_BY(mutex_);
  base::Mutex watch_mutex_;
  uint64_t next_id_ ABSL_GUARDED_BY(watch_mutex_) = 1;
  absl::flat_hash_map<uint64_t, std::function<void(const ModelAlert&)>> watchers_
      ABSL_GUARDED_BY(watch_mutex_);
};

/// One thread and the models it owns. Takes batches from a bounded queue, counts them, judges once
/// a second and at every pane close, and hands what changed to the committer: one commit is under
/// way at a time, and all that arrives meanwhile, or within the commit interval, shares the next.
class Worker {
 public:
  /// What a task may touch, on the worker's thread.
  struct Models {
    absl::flat_hash_map<ModelKey, std::unique_ptr<LiveModel>> live;
  };
  /// Runs on the worker's thread; what it adds to the batch is part of the next commit.
  using Task = absl::AnyInvocable<void(Models*, storage::Store::Batch*)>;

  struct Options {
    size_t queue_capacity = 0;
    absl::Duration evaluation_interval;
    absl::Duration commit_interval;  // least time from one commit to the next; some times that
                                     // while many batches come
  };
  Worker(const Options& options, Committer* committer, Board* board, const base::Clock* clock);
  ~Worker();

  /// Starts the thread with these models, all of them this worker's own.
  void Start(std::vector<std::unique_ptr<LiveModel>> models);
  /// Processes what is queued, hands over a last commit and joins.
  void Stop();

  /// False if the queue is full or closed; the item is then not moved from.
  bool TryPush(IngestBatch&& batch);
  bool TryPush(IngestNote&& note);
  /// Runs `task` and waits until its commit is durable. Errors: Unavailable if the write failed or
  /// the worker has stopped.
  absl::Status Run(Task task);

  /// After a failed write. Counts and judges nothing more; batches are told to retry, and reports
  /// are served from what is in memory. When it returns, nothing that was counted before is on its
  /// way to the committer.
  void Suspend();
  /// Ends it: what the store holds takes the place of what was in memory.
  void Resume(std::vector<std::unique_ptr<LiveModel>> models);

  size_t queue_depth() const { return queue_.size(); }
  size_t queue_capacity() const { return queue_.capacity(); }
  uint64_t evaluations() const { return evaluations_.load(std::memory_order_relaxed); }

 private:
  using SteadyTime = std::chrono::steady_clock::time_point;
  struct Control {
    Task task;
    absl::AnyInvocable<void(const absl::Status&)> then;
  };
  using Item = std::variant<IngestBatch, IngestNote, Control>;

  void Loop();
  void Handle(Item* item, absl::Time now);
  void Answer(IngestDone done, IngestOutcome outcome);
  // Looks after all models.
  void Tick(absl::Time now);
  // A round of that in steps, so that batches and commits do not wait for it: begins it, and looks
  // after models until `budget` is over, one at least.
  void BeginRound();
  void ContinueRound(absl::Duration budget);
  bool round_under_way() const { return !to_look_after_.empty(); }
  void LookAfter(LiveModel* model, absl::Time now);
  void CountEvaluations();
  void Publish(LiveModel* model);
  bool idle() const { return acks_.empty() && controls_.empty() && touched_.empty(); }
  // Takes what is queued, after a wait that ends when a tick or a commit is due.
  void Collect(SteadyTime next_tick, std::vector<Item>* items);
  // How long a commit is to wait; about as long, if one is under way. `others_come`: batches
  // arrived just now, so others may be on their way.
  absl::Duration UntilCommit(SteadyTime now, bool others_come) const;
  void SubmitCommit();
  void Adopt(std::vector<std::unique_ptr<LiveModel>> models);

  base::BoundedQueue<Item> queue_;
  const Options options_;
  Committer* const committer_;
  Board* const board_;
  const base::Clock* const clock_;
  std::atomic<bool> commit_under_way_{false};
  std::atomic<uint64_t> evaluations_{0};

  // The worker's thread only.
  Models models_;
  bool suspended_ = false;
  SteadyTime last_commit_;
  absl::Duration last_commit_took_;  // to put it together, without the write
  absl::flat_hash_set<ModelKey> touched_;
  std::vector<ModelKey> to_look_after_;  // in this round
  std::vector<PendingAck> acks_;
  std::vector<absl::AnyInvocable<void(const absl::Status&)>> controls_;
  storage::Store::Batch control_writes_;

  std::thread thread_;
};

}  // namespace plumbline::engine

#endif  // PLUMBLINE_SERVER_ENGINE_WORKER_H_
