#include "server/engine/committer.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace plumbline::engine {

using std::chrono::steady_clock;

Committer::Committer(storage::Store* store, Durability durability)
    : store_(store), durability_(durability), thread_([this] { Run(); }) {}

Committer::~Committer() { Stop(); }

void Committer::Submit(CommitJob job) {
  {
    base::MutexLock lock(&mutex_);
    if (!stopping_) {
      queue_.push_back(std::move(job));
      wake_.NotifyOne();
      return;
    }
  }
  for (PendingAck& ack : job.acks) {
    ack.done(RetryOutcome(IngestReason::kShuttingDown, absl::UnavailableError("shutting down")));
  }
  if (job.then) job.then(absl::UnavailableError("shutting down"));
}

void Committer::Stop() {
  {
    base::MutexLock lock(&mutex_);
    stopping_ = true;
    wake_.NotifyOne();
  }
  if (thread_.joinable()) thread_.join();
}

void Committer::Run() {
  while (true) {
    std::vector<CommitJob> jobs;
    bool stop = false;
    {
      base::MutexLock lock(&mutex_);
      while (queue_.empty() && !stopping_) {
        const absl::Duration wait = UntilSync(steady_clock::now());
        if (wait <= absl::ZeroDuration()) break;
        wake_.WaitFor(&mutex_, wait);
      }
      jobs.swap(queue_);
      stop = jobs.empty() && stopping_;
    }
    for (CommitJob& job : jobs) {
      Process(std::move(job));
      SyncIfDue(steady_clock::now());
    }
    SyncIfDue(stop ? SteadyTime::max() : steady_clock::now());
    if (stop) return;
  }
}

absl::Duration Committer::UntilSync(SteadyTime now) const {
  if (!unsynced_) return absl::InfiniteDuration();
  return durability_.interval - absl::FromChrono(now - unsynced_since_);
}

void Committer::SyncIfDue(SteadyTime now) {
  if (!unsynced_) return;
  if (now != SteadyTime::max() && UntilSync(now) > absl::ZeroDuration()) return;
  unsynced_ = false;
  if (failed()) return;
  if (const absl::Status synced = WriteTimed({}, /*sync=*/true); !synced.ok()) {
    (void)Failed(synced);
  }
}

absl::Status Committer::Failed(const absl::Status& why) {
  base::MutexLock lock(&mutex_);
  ++figures_.commit_failures;
  figures_.write_error = std::string(why.message());
  failed_.store(true, std::memory_order_release);
  return absl::UnavailableError(
      absl::StrCat("the data folder could not be written: ", why.message()));
}

absl::Status Committer::WriteTimed(storage::Store::Batch batch, bool sync) {
  const size_t bytes = batch.bytes();
  const auto start = steady_clock::now();
  const absl::Status written = store_->Write(std::move(batch), sync);
  if (!written.ok()) return written;
  const std::chrono::duration<double> took = steady_clock::now() - start;
  base::MutexLock lock(&mutex_);
  const auto bound =
      std::lower_bound(kCommitLatencyBounds.begin(), kCommitLatencyBounds.end(), took.count());
  ++figures_.commit_latency_counts[static_cast<size_t>(bound - kCommitLatencyBounds.begin())];
  figures_.commit_latency_sum_seconds += took.count();
  ++figures_.commits;
  figures_.committed_bytes += bytes;
  return absl::OkStatus();
}

absl::Status Committer::Write(storage::Store::Batch batch) {
  if (failed()) return absl::UnavailableError("the data folder cannot be written");
  const absl::Status written = WriteTimed(std::move(batch), /*sync=*/true);
  return written.ok() ? written : Failed(written);
}

void Committer::Process(CommitJob job) {
  absl::Status written =
      failed() ? absl::UnavailableError("the data folder cannot be written") : absl::OkStatus();
  if (written.ok() && !job.batch.empty()) {
    const bool sync = durability_.mode == Durability::Mode::kSync;
    written = WriteTimed(std::move(job.batch), sync);
    if (!written.ok()) written = Failed(written);
    if (durability_.mode == Durability::Mode::kInterval && !unsynced_) {
      unsynced_ = true;
      unsynced_since_ = steady_clock::now();
    }
  }
  for (PendingAck& ack : job.acks) {
    if (written.ok()) {
      ack.done(ack.outcome);
    } else {
      ack.done(RetryOutcome(IngestReason::kNotWritable, written));
    }
  }
  if (job.then) job.then(written);
}

void Committer::Recover() {
  {
    base::MutexLock lock(&mutex_);
    ++figures_.recoveries;
    figures_.write_error.clear();
  }
  failed_.store(false, std::memory_order_release);
}

void Committer::Describe(ServiceSnapshot* snapshot) const {
  base::MutexLock lock(&mutex_);
  snapshot->commit_latency_counts = figures_.commit_latency_counts;
  snapshot->commit_latency_sum_seconds = figures_.commit_latency_sum_seconds;
  snapshot->commits = figures_.commits;
  snapshot->commit_failures = figures_.commit_failures;
  snapshot->committed_bytes = figures_.committed_bytes;
  snapshot->recoveries = figures_.recoveries;
  snapshot->write_error = figures_.write_error;
  snapshot->writable = !failed();
}

}  // namespace plumbline::engine
