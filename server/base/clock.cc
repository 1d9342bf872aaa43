#include "server/base/clock.h"

#include "absl/time/clock.h"

namespace plumbline::base {

absl::Time SystemClock::Now() const { return absl::Now(); }

SimulatedClock::SimulatedClock(absl::Time start) : now_(start) {}

absl::Time SimulatedClock::Now() const {
  MutexLock lock(&mutex_);
  return now_;
}

void SimulatedClock::SetTime(absl::Time now) {
  MutexLock lock(&mutex_);
  now_ = now;
}

void SimulatedClock::Advance(absl::Duration step) {
  MutexLock lock(&mutex_);
  now_ += step;
}

}  // namespace plumbline::base
