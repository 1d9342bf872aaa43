#include "server/transport/open_calls.h"

#include <chrono>

namespace plumbline::transport {

void OpenCalls::Enter() {
  base::MutexLock lock(&mutex_);
  ++open_;
}

void OpenCalls::Leave() {
  base::MutexLock lock(&mutex_);
  if (--open_ == 0) none_.NotifyAll();
}

bool OpenCalls::AwaitNone(absl::Duration timeout) {
  const auto start = std::chrono::steady_clock::now();
  base::MutexLock lock(&mutex_);
  for (absl::Duration left = timeout; open_ > 0 && left > absl::ZeroDuration();) {
    none_.WaitFor(&mutex_, left);
    left = timeout - absl::FromChrono(std::chrono::steady_clock::now() - start);
  }
  return open_ == 0;
}

}  // namespace plumbline::transport
