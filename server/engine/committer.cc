#include "server/engine/committer.h"

#include <algorithm>
#include <chrono>

#include "absl/strings/str_cat.h"

namespace plumbline::engine {
namespace {

absl::Status NotWritable() {
  return absl::UnavailableError(
      "the data folder could not be written; nothing is acknowledged until the service is "
      "restarted");
}

}  // namespace

Committer::Committer(storage::Store* store, bool sync)
    : store_(store), sync_(sync), thread_([this] { Run(); }) {}

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
    ack.done({IngestOutcome::Result::kRetry, 0, 0, absl::UnavailableError("shutting down")});
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
    {
      base::MutexLock lock(&mutex_);
      while (queue_.empty() && !stopping_) wake_.Wait(&mutex_);
      if (queue_.empty()) return;
      jobs.swap(queue_);
    }
    for (CommitJob& job : jobs) Process(std::move(job));
  }
}

void Committer::Process(CommitJob job) {
  absl::Status written = failed() ? NotWritable() : absl::OkStatus();
  if (written.ok() && !job.batch.empty()) {
    const size_t bytes = job.batch.bytes();
    const auto start = std::chrono::steady_clock::now();
    const absl::Status result = store_->Write(std::move(job.batch), sync_);
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
    base::MutexLock lock(&mutex_);
    if (result.ok()) {
      const auto bound =
          std::lower_bound(kCommitLatencyBounds.begin(), kCommitLatencyBounds.end(), took.count());
      ++figures_.commit_latency_counts[static_cast<size_t>(bound - kCommitLatencyBounds.begin())];
      figures_.commit_latency_sum_seconds += took.count();
      ++figures_.commits;
      figures_.committed_bytes += bytes;
    } else {
      ++figures_.commit_failures;
      failed_.store(true, std::memory_order_release);
      written = absl::UnavailableError(
          absl::StrCat("the data folder could not be written: ", result.message()));
    }
  }
  for (PendingAck& ack : job.acks) {
    if (written.ok()) {
      ack.done(ack.outcome);
    } else {
      ack.done({IngestOutcome::Result::kRetry, 0, 0, written});
    }
  }
  if (job.then) job.then(written);
}

void Committer::Describe(ServiceSnapshot* snapshot) const {
  base::MutexLock lock(&mutex_);
  snapshot->commit_latency_counts = figures_.commit_latency_counts;
  snapshot->commit_latency_sum_seconds = figures_.commit_latency_sum_seconds;
  snapshot->commits = figures_.commits;
  snapshot->commit_failures = figures_.commit_failures;
  snapshot->committed_bytes = figures_.committed_bytes;
  snapshot->writable = !failed();
}

}  // namespace plumbline::engine
