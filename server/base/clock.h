#ifndef PLUMBLINE_SERVER_BASE_CLOCK_H_
#define PLUMBLINE_SERVER_BASE_CLOCK_H_

#include "absl/base/thread_annotations.h"
#include "absl/time/time.h"
#include "server/base/mutex.h"

namespace plumbline::base {

/// The only source of the present time: passed into constructors, so that tests decide what time
/// it is. Every implementation is thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;
  [[nodiscard]] virtual absl::Time Now() const = 0;
};

/// Wall-clock time; it may step when the machine's clock is corrected.
class SystemClock final : public Clock {
 public:
  [[nodiscard]] absl::Time Now() const override;
};

/// A clock that stands still until it is told otherwise. For tests and fast replays.
class SimulatedClock final : public Clock {
 public:
  explicit SimulatedClock(absl::Time start = absl::UnixEpoch());

  [[nodiscard]] absl::Time Now() const override;

  /// Forwards or backwards, as a real clock may step.
  void SetTime(absl::Time now);

  /// Adds `step`, which may be negative.
  void Advance(absl::Duration step);

 private:
  mutable Mutex mutex_;
  absl::Time now_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace plumbline::base

#endif  // PLUMBLINE_SERVER_BASE_CLOCK_H_
