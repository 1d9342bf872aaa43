#ifndef PLUMBLINE_SERVER_TRANSPORT_INFLIGHT_BUDGET_H_
#define PLUMBLINE_SERVER_TRANSPORT_INFLIGHT_BUDGET_H_

#include <cstddef>
#include <deque>

#include "absl/base/thread_annotations.h"
#include "absl/functional/any_invocable.h"
#include "server/base/mutex.h"

namespace plumbline::transport {

/// What all requests in flight may take together: bytes of memory, and places in the queues of the
/// engine. A request is in flight from before it is parsed until it is answered.
///
/// Streams wait for room, and are served in the order of coming, one request at a time, so that no
/// stream starves another. Single calls do not wait. A quarter is kept for them: streams never take
/// it, and single calls take more than it only while no stream waits, so that neither kind starves
/// the other. A request that is larger than all its kind may take passes when nothing of its kind
/// is in flight; so may any while nothing is in flight at all. Thread-safe; must outlive its users.
class InflightBudget {
 public:
  enum class Kind { kStream, kSingle };
  /// What became of a stream's request.
  enum class Taken {
    kNow,    // it is in flight
    kLater,  // it waits for room
    kNever,  // too much waits already: it is not in flight and does not wait
  };
  /// Called once the request is taken, by whoever gave one back; must not block.
  using Granted = absl::AnyInvocable<void()>;

  struct Limits {
    size_t bytes = 0;
    size_t requests = 0;
    size_t waiting_bytes = 0;  // of all messages that wait, as they were received
  };
  explicit InflightBudget(const Limits& limits) : limits_(limits) {}
  InflightBudget(const InflightBudget&) = delete;
  InflightBudget& operator=(const InflightBudget&) = delete;

  /// For a single call that needs so many bytes: true if it is in flight now.
  [[nodiscard]] bool TryTake(size_t bytes);
  /// For a stream's message of `message_bytes`, which needs `bytes` once it is in flight. One
  /// message may always wait, whatever its size.
  [[nodiscard]] Taken TakeOrWait(size_t bytes, size_t message_bytes, Granted granted);
  /// Takes what a request turned out to need beyond what was taken for it, whether it fits or not.
  void TakeMore(Kind kind, size_t bytes);
  /// The end of a request, and all bytes that were taken for it.
  void Give(Kind kind, size_t bytes);

  const Limits& limits() const { return limits_; }
  size_t used_bytes() const;
  size_t waiting() const;
  size_t waiting_bytes() const;

 private:
  struct Use {
    size_t bytes = 0;
    size_t requests = 0;
  };
  struct Waiter {
    size_t bytes;
    size_t message_bytes;
    Granted granted;
  };

  // One request of `bytes` more, within `limit`.
  static bool Fits(const Use& use, size_t bytes, const Use& limit) {
    return use.requests < limit.requests && use.bytes <= limit.bytes &&
           bytes <= limit.bytes - use.bytes;
  }
  static void Take(Use* use, size_t bytes) {
    use->bytes += bytes;
    ++use->requests;
  }
  Use All() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  bool StreamFits(size_t bytes) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  bool SingleFits(size_t bytes) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const Limits limits_;
  mutable base::Mutex mutex_;
  Use streams_ ABSL_GUARDED_BY(mutex_);
  Use singles_ ABSL_GUARDED_BY(mutex_);
  std::deque<Waiter> waiters_ ABSL_GUARDED_BY(mutex_);  // of streams
  size_t waiting_bytes_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace plumbline::transport

#endif  // PLUMBLINE_SERVER_TRANSPORT_INFLIGHT_BUDGET_H_
