#include "server/engine/worker.h"

#include <algorithm>
#include <future>
#include <utility>

#include "absl/strings/str_cat.h"

namespace plumbline::engine {

using std::chrono::steady_clock;

namespace {

// Items taken from the queue at once: bounds how long a commit waits for counting.
constexpr size_t kItemsAtOnce = 256;
// While a commit is to come anyway, the thread is woken for so many items, when it is due, or after
// so long: not for every batch.
constexpr size_t kEnoughItems = 64;
constexpr absl::Duration kLinger = absl::Microseconds(400);
// A commit costs the same for one batch and for hundreds. With more batches than the first waiting
// and others coming, it is put off until so many commit intervals are over, or the second is
// reached.
constexpr size_t kFewAcks = 8;
constexpr size_t kManyAcks = 1024;
constexpr int kIntervalsWhenBusy = 5;
// A commit is put off until so many times what the last one took to put together is over, but no
// longer than with many batches: many variables cost it much, and batches that share it share that.
constexpr int kTimesOfCommit = 12;

// So long, and no shorter than half of what batches took, models are looked after before batches
// are again: all of a thousand at once would keep acknowledgements waiting for a second.
constexpr absl::Duration kLookAfter = absl::Milliseconds(4);

// To the microsecond, as the store keeps it: what is told before a restart is told after it.
absl::Time Now(const base::Clock* clock) {
  return absl::FromUnixMicros(absl::ToUnixMicros(clock->Now()));
}

IngestOutcome Recovering() {
  return RetryOutcome(IngestReason::kRecovering,
                      absl::UnavailableError("the service is recovering from a failed write"));
}

IngestOutcome Replaced(const ModelKey& key) {
  return RetryOutcome(
      IngestReason::kReplaced,
      absl::UnavailableError(absl::StrCat(key.InWords(), ": another baseline became active")));
}

// A model refuses numbers only: of an epoch that has expired, or of none.
IngestOutcome WithReason(IngestOutcome outcome) {
  if (outcome.result == IngestOutcome::Result::kRefused) {
    outcome.reason = absl::IsFailedPrecondition(outcome.error) ? IngestReason::kExpiredEpoch
                                                               : IngestReason::kBadNumber;
  }
  return outcome;
}

}  // namespace

void Board::Post(std::shared_ptr<const ModelSnapshot> snapshot) {
  base::MutexLock lock(&mutex_);
  snapshots_[snapshot->key] = std::move(snapshot);
}

void Board::Remove(const ModelKey& key) {
  base::MutexLock lock(&mutex_);
  snapshots_.erase(key);
}

std::vector<std::shared_ptr<const ModelSnapshot>> Board::All() const {
  base::MutexLock lock(&mutex_);
  std::vector<std::shared_ptr<const ModelSnapshot>> all;
  all.reserve(snapshots_.size());
  for (const auto& [key, snapshot] : snapshots_) all.push_back(snapshot);
  return all;
}

std::shared_ptr<const ModelSnapshot> Board::Find(const ModelKey& key) const {
  base::MutexLock lock(&mutex_);
  const auto it = snapshots_.find(key);
  return it == snapshots_.end() ? nullptr : it->second;
}

void Board::Tell(const std::vector<ModelAlert>& changes) {
  if (changes.empty()) return;
  base::MutexLock lock(&watch_mutex_);
  for (const auto& [id, watcher] : watchers_) {
    for (const ModelAlert& change : changes) watcher(change);
  }
}

uint64_t Board::Watch(std::function<void(const ModelAlert&)> watcher) {
  base::MutexLock lock(&watch_mutex_);
  watchers_.emplace(next_id_, std::move(watcher));
  return next_id_++;
}

void Board::Unwatch(uint64_t id) {
  base::MutexLock lock(&watch_mutex_);
  watchers_.erase(id);
}

Worker::Worker(const Options& options, Committer* committer, Board* board, const base::Clock* clock)
    : queue_(options.queue_capacity),
      options_(options),
      committer_(committer),
      board_(board),
      clock_(clock) {}

Worker::~Worker() { Stop(); }

void Worker::Adopt(std::vector<std::unique_ptr<LiveModel>> models) {
  models_.live.clear();
  touched_.clear();
  for (std::unique_ptr<LiveModel>& model : models) {
    touched_.insert(model->key());
    models_.live[model->key()] = std::move(model);
  }
}

void Worker::Start(std::vector<std::unique_ptr<LiveModel>> models) {
  Adopt(std::move(models));
  thread_ = std::thread([this] { Loop(); });
}

void Worker::Stop() {
  queue_.Close();
  if (thread_.joinable()) thread_.join();
}

bool Worker::TryPush(IngestBatch&& batch) {
  Item item(std::move(batch));
  if (queue_.TryPush(std::move(item))) return true;
  batch = std::move(std::get<IngestBatch>(item));
  return false;
}

bool Worker::TryPush(IngestNote&& note) {
  Item item(std::move(note));
  if (queue_.TryPush(std::move(item))) return true;
  note = std::move(std::get<IngestNote>(item));
  return false;
}

absl::Status Worker::Run(Task task) {
  auto promise = std::make_shared<std::promise<absl::Status>>();
  std::future<absl::Status> result = promise->get_future();
  Control control{std::move(task),
                  [promise](const absl::Status& status) { promise->set_value(status); }};
  Item item(std::move(control));
  if (!queue_.Push(std::move(item))) return absl::UnavailableError("shutting down");
  return result.get();
}

void Worker::Suspend() {
  Run([this](Models*, storage::Store::Batch*) {
    suspended_ = true;
    touched_.clear();
  }).IgnoreError();
}

void Worker::Resume(std::vector<std::unique_ptr<LiveModel>> models) {
  Run([this, &models](Models*, storage::Store::Batch*) {
    Adopt(std::move(models));
    suspended_ = false;
  }).IgnoreError();
}

void Worker::Loop() {
  const auto interval = absl::ToChronoNanoseconds(options_.evaluation_interval);
  auto next_tick = steady_clock::now() + interval;
  Tick(Now(clock_));
  std::vector<Item> items;
  while (true) {
    Collect(next_tick, &items);
    const SteadyTime start = steady_clock::now();
    const absl::Time now = Now(clock_);
    for (Item& item : items) Handle(&item, now);
    SteadyTime steady = steady_clock::now();
    if (steady >= next_tick && !round_under_way()) {
      next_tick = steady + interval;
      BeginRound();
    }
    if (round_under_way()) {
      ContinueRound(std::max(kLookAfter, absl::FromChrono(steady - start) / 2));
      steady = steady_clock::now();
    }
    if (UntilCommit(steady, !items.empty()) <= absl::ZeroDuration()) {
      SubmitCommit();
      last_commit_ = steady;
      last_commit_took_ = absl::FromChrono(steady_clock::now() - steady);
    }
    if (items.empty() && queue_.closed() && queue_.size() == 0) {
      // The last commit goes behind whatever is under way: the committer keeps the order.
      Tick(Now(clock_));
      SubmitCommit();
      return;
    }
  }
}

void Worker::Collect(SteadyTime next_tick, std::vector<Item>* items) {
  items->clear();
  const SteadyTime now = steady_clock::now();
  absl::Duration wait = absl::FromChrono(next_tick - now);
  size_t enough = 1;
  if (round_under_way()) {
    wait = absl::ZeroDuration();
  } else if (!idle()) {
    // Where a commit is due unless others come: as long as it takes to see whether they do.
    const bool due = UntilCommit(now, /*others_come=*/true) <= absl::ZeroDuration();
    const absl::Duration alone = UntilCommit(now, /*others_come=*/false);
    wait = due ? absl::ZeroDuration() : std::min(wait, std::max(alone, kLinger));
    enough = kEnoughItems;
  }
  queue_.PopAll(items, kItemsAtOnce, std::max(wait, absl::ZeroDuration()), enough);
}

absl::Duration Worker::UntilCommit(SteadyTime now, bool others_come) const {
  if (idle()) return absl::InfiniteDuration();
  if (commit_under_way_.load(std::memory_order_acquire)) return kLinger;
  const absl::Duration least = options_.commit_interval;
  const absl::Duration most = kIntervalsWhenBusy * least;
  absl::Duration rest = std::clamp(kTimesOfCommit * last_commit_took_, least, most);
  if (!controls_.empty() || acks_.size() >= kManyAcks) {
    rest = least;
  } else if (others_come && acks_.size() > kFewAcks) {
    rest = most;
  }
  return std::max(absl::ZeroDuration(), rest - absl::FromChrono(now - last_commit_));
}

void Worker::Handle(Item* item, absl::Time now) {
  if (auto* batch = std::get_if<IngestBatch>(item)) {
    if (suspended_) return Answer(std::move(batch->done), Recovering());
    const auto it = models_.live.find(batch->key);
    if (it == models_.live.end()) {
      return Answer(std::move(batch->done), UnknownOutcome(batch->key));
    }
    if ((batch->counted.has_value() && !it->second->CanAdd(*batch->counted)) ||
        (batch->labels.has_value() && !it->second->CanAdd(*batch->labels))) {
      return Answer(std::move(batch->done), Replaced(batch->key));
    }
    touched_.insert(batch->key);
    Answer(std::move(batch->done), WithReason(it->second->Ingest(*batch, now)));
    // Not with the rest of what was taken from the queue: the next batch is parsed and counted into
    // their memory.
    batch->owner.reset();
    batch->counted.reset();
  } else if (auto* note = std::get_if<IngestNote>(item)) {
    if (suspended_) return Answer(std::move(note->done), Recovering());
    const auto it = models_.live.find(note->key);
    if (it == models_.live.end()) {
      return Answer(std::move(note->done), UnknownOutcome(note->key));
    }
    touched_.insert(note->key);
    IngestOutcome outcome = WithReason(it->second->Note(*note, now));
    if (note->kind == IngestNote::Kind::kRefused) {
      outcome.reason = note->reason;
      outcome.violations = std::move(note->violations);
    }
    Answer(std::move(note->done), std::move(outcome));
  } else if (auto* control = std::get_if<Control>(item)) {
    control->task(&models_, &control_writes_);
    controls_.push_back(std::move(control->then));
    if (suspended_) return;
    for (const auto& [key, model] : models_.live) {
      if (model->dirty()) touched_.insert(key);
    }
  }
}

void Worker::Answer(IngestDone done, IngestOutcome outcome) {
  if (done) acks_.push_back({std::move(done), std::move(outcome)});
}

void Worker::Tick(absl::Time now) {
  to_look_after_.clear();
  if (suspended_) return;
  for (const auto& [key, model] : models_.live) LookAfter(model.get(), now);
  CountEvaluations();
}

void Worker::BeginRound() {
  if (suspended_) return;
  for (const auto& [key, model] : models_.live) to_look_after_.push_back(key);
}

void Worker::ContinueRound(absl::Duration budget) {
  const SteadyTime end = steady_clock::now() + absl::ToChronoNanoseconds(budget);
  do {
    // It may be gone.
    const auto it = models_.live.find(to_look_after_.back());
    to_look_after_.pop_back();
    if (!suspended_ && it != models_.live.end()) LookAfter(it->second.get(), Now(clock_));
  } while (!to_look_after_.empty() && steady_clock::now() < end);
  if (to_look_after_.empty()) CountEvaluations();
}

void Worker::LookAfter(LiveModel* model, absl::Time now) {
  model->Tick(now);
  if (model->dirty()) touched_.insert(model->key());
  if (model->TakeNews()) Publish(model);
}

void Worker::CountEvaluations() {
  uint64_t evaluations = 0;
  for (const auto& [key, model] : models_.live) evaluations += model->evaluations();
  evaluations_.store(evaluations, std::memory_order_relaxed);
}

void Worker::Publish(LiveModel* model) {
  // In this order: who was told of a change finds it on the board.
  board_->Post(model->Snapshot());
  board_->Tell(model->TakeChanges());
}

void Worker::SubmitCommit() {
  CommitJob job;
  job.batch = std::exchange(control_writes_, storage::Store::Batch());
  for (const ModelKey& key : touched_) {
    const auto it = models_.live.find(key);
    if (it != models_.live.end() && it->second->dirty()) it->second->Commit(&job.batch);
  }
  touched_.clear();
  job.acks = std::exchange(acks_, {});
  job.then = [this, controls = std::exchange(controls_, {})](const absl::Status& status) mutable {
    for (auto& then : controls) then(status);
    commit_under_way_.store(false, std::memory_order_release);
  };
  commit_under_way_.store(true, std::memory_order_release);
  committer_->Submit(std::move(job));
}

}  // namespace plumbline::engine
