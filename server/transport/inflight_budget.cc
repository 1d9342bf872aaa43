#include "server/transport/inflight_budget.h"

#include <utility>
#include <vector>

namespace plumbline::transport {

bool InflightBudget::TryTake(size_t bytes) {
  base::MutexLock lock(&mutex_);
  if (!waiters_.empty() || !Fits(bytes)) return false;
  Take(bytes);
  return true;
}

bool InflightBudget::TakeOrWait(size_t bytes, Granted granted) {
  base::MutexLock lock(&mutex_);
  if (waiters_.empty() && Fits(bytes)) {
    Take(bytes);
    return true;
  }
  waiters_.push_back({bytes, std::move(granted)});
  return false;
}

void InflightBudget::TakeMore(size_t bytes) {
  base::MutexLock lock(&mutex_);
  used_ += bytes;
}

void InflightBudget::Give(size_t bytes) {
  std::vector<Granted> granted;
  {
    base::MutexLock lock(&mutex_);
    used_ -= bytes;
    --requests_;
    while (!waiters_.empty() && Fits(waiters_.front().bytes)) {
      Take(waiters_.front().bytes);
      granted.push_back(std::move(waiters_.front().granted));
      waiters_.pop_front();
    }
  }
  for (Granted& next : granted) next();
}

size_t InflightBudget::used_bytes() const {
  base::MutexLock lock(&mutex_);
  return used_;
}

size_t InflightBudget::waiting() const {
  base::MutexLock lock(&mutex_);
  return waiters_.size();
}

}  // namespace plumbline::transport
