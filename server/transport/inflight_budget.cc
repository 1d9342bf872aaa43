#include "server/transport/inflight_budget.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace plumbline::transport {
namespace {

// Of everything, what single calls can always have.
size_t ShareOfSingles(size_t limit) { return std::max<size_t>(limit / 4, 1); }

size_t ShareOfStreams(size_t limit) {
  return std::max<size_t>(limit - std::min(limit, ShareOfSingles(limit)), 1);
}

}  // namespace

InflightBudget::Use InflightBudget::All() const {
  return {streams_.bytes + singles_.bytes, streams_.requests + singles_.requests};
}

bool InflightBudget::StreamFits(size_t bytes) const {
  const Use share = {ShareOfStreams(limits_.bytes), ShareOfStreams(limits_.requests)};
  if (streams_.requests == 0 && bytes > share.bytes) return true;
  return All().requests == 0 ||
         (Fits(streams_, bytes, share) && Fits(All(), bytes, {limits_.bytes, limits_.requests}));
}

bool InflightBudget::SingleFits(size_t bytes) const {
  const Use share = {ShareOfSingles(limits_.bytes), ShareOfSingles(limits_.requests)};
  if (singles_.requests == 0 && bytes > share.bytes) return true;
  if (!waiters_.empty() && !Fits(singles_, bytes, share)) return false;
  return All().requests == 0 || Fits(All(), bytes, {limits_.bytes, limits_.requests});
}

bool InflightBudget::TryTake(size_t bytes) {
  base::MutexLock lock(&mutex_);
  if (!SingleFits(bytes)) return false;
  Take(&singles_, bytes);
  return true;
}

InflightBudget::Taken InflightBudget::TakeOrWait(size_t bytes, size_t message_bytes,
                                                 Granted granted) {
  base::MutexLock lock(&mutex_);
  if (waiters_.empty() && StreamFits(bytes)) {
    Take(&streams_, bytes);
    return Taken::kNow;
  }
  if (!waiters_.empty() &&
      message_bytes > limits_.waiting_bytes - std::min(limits_.waiting_bytes, waiting_bytes_)) {
    return Taken::kNever;
  }
  waiting_bytes_ += message_bytes;
  waiters_.push_back({bytes, message_bytes, std::move(granted)});
  return Taken::kLater;
}

void InflightBudget::TakeMore(Kind kind, size_t bytes) {
  base::MutexLock lock(&mutex_);
  (kind == Kind::kStream ? streams_ : singles_).bytes += bytes;
}

void InflightBudget::Give(Kind kind, size_t bytes) {
  std::vector<Granted> granted;
  {
    base::MutexLock lock(&mutex_);
    Use& use = kind == Kind::kStream ? streams_ : singles_;
    use.bytes -= bytes;
    --use.requests;
    while (!waiters_.empty() && StreamFits(waiters_.front().bytes)) {
      Waiter& next = waiters_.front();
      Take(&streams_, next.bytes);
      waiting_bytes_ -= next.message_bytes;
      granted.push_back(std::move(next.granted));
      waiters_.pop_front();
    }
  }
  for (Granted& next : granted) next();
}

size_t InflightBudget::used_bytes() const {
  base::MutexLock lock(&mutex_);
  return All().bytes;
}

size_t InflightBudget::waiting() const {
  base::MutexLock lock(&mutex_);
  return waiters_.size();
}

size_t InflightBudget::waiting_bytes() const {
  base::MutexLock lock(&mutex_);
  return waiting_bytes_;
}

}  // namespace plumbline::transport
