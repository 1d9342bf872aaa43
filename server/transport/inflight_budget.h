#ifndef PLUMBLINE_SERVER_TRANSPORT_INFLIGHT_BUDGET_H_
#define PLUMBLINE_SERVER_TRANSPORT_INFLIGHT_BUDGET_H_

#include <cstddef>
#include <deque>

#include "absl/base/thread_annotations.h"
#include "absl/functional/any_invocable.h"
#include "server/base/mutex.h"

namespace plumbline::transport {

/// What all requests in flight may take together: bytes of memory, and places in the queues of the
/// engine. A request is in flight from before it is parsed until it is answered. Who waits is
/// served in the order of coming, one request at a time, so that no stream starves another.
/// Thread-safe; must outlive its users.
class InflightBudget {
 public:
  /// Called once the request is taken, by whoever gave one back; must not block.
  using Granted = absl::AnyInvocable<void()>;

  InflightBudget(size_t limit_bytes, size_t limit_requests)
      : limit_bytes_(limit_bytes), limit_requests_(limit_requests) {}
  InflightBudget(const InflightBudget&) = delete;
  InflightBudget& operator=(const InflightBudget&) = delete;

  /// True if a request of so many bytes is taken: it fits, or nothing is in flight, and nobody
  /// waits.
  [[nodiscard]] bool TryTake(size_t bytes);
  /// The same; false if `granted` will be called later.
  [[nodiscard]] bool TakeOrWait(size_t bytes, Granted granted);
  /// Takes what a request turned out to need beyond what was taken for it, whether it fits or not.
  void TakeMore(size_t bytes);
  /// The end of a request, and all bytes that were taken for it.
  void Give(size_t bytes);

  size_t limit_bytes() const { return limit_bytes_; }
  size_t used_bytes() const;
  size_t waiting() const;

 private:
  struct Waiter {
    size_t bytes;
    Granted granted;
  };

  bool Fits(size_t bytes) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return requests_ == 0 ||
           (requests_ < limit_requests_ && used_ < limit_bytes_ && bytes <= limit_bytes_ - used_);
  }

  void Take(size_t bytes) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    used_ += bytes;
    ++requests_;
  }

  const size_t limit_bytes_;
  const size_t limit_requests_;
  mutable base::Mutex mutex_;
  size_t used_ ABSL_GUARDED_BY(mutex_) = 0;
  size_t requests_ ABSL_GUARDED_BY(mutex_) = 0;
  std::deque<Waiter> waiters_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace plumbline::transport

#endif  // PLUMBLINE_SERVER_TRANSPORT_INFLIGHT_BUDGET_H_
