#ifndef PLUMBLINE_SERVER_BASE_BOUNDED_QUEUE_H_
#define PLUMBLINE_SERVER_BASE_BOUNDED_QUEUE_H_

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <deque>
#include <optional>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/time/time.h"
#include "server/base/mutex.h"

namespace plumbline::base {

/// First-in first-out queue of at most `capacity` items, for any number of producers and consumers.
/// Thread-safe. After Close() nothing more goes in; what is inside still comes out.
/// T must be movable. An item that is refused is not moved from.
template <class T>
class BoundedQueue {
 public:
  /// A capacity of 0 is taken as 1.
  explicit BoundedQueue(size_t capacity) : capacity_(capacity == 0 ? 1 : capacity) {}
  BoundedQueue(const BoundedQueue&) = delete;
  BoundedQueue& operator=(const BoundedQueue&) = delete;

  /// False, without waiting, if the queue is full or closed.
  [[nodiscard]] bool TryPush(T&& item) {
    {
      MutexLock lock(&mutex_);
      if (closed_ || items_.size() >= capacity_) return false;
      items_.push_back(std::move(item));
      if (items_.size() < wanted_) return true;
    }
    not_empty_.NotifyOne();
    return true;
  }

  /// Waits for room. False if the queue is closed, before or during the wait.
  [[nodiscard]] bool Push(T&& item) {
    {
      MutexLock lock(&mutex_);
      while (!closed_ && items_.size() >= capacity_) not_full_.Wait(&mutex_);
      if (closed_) return false;
      items_.push_back(std::move(item));
      if (items_.size() < wanted_) return true;
    }
    not_empty_.NotifyOne();
    return true;
  }

  /// The oldest item; nullopt if none came within `wait`, or the queue is closed and empty.
  [[nodiscard]] std::optional<T> PopFor(absl::Duration wait) {
    std::optional<T> item;
    {
      MutexLock lock(&mutex_);
      AwaitItems(1, wait);
      if (items_.empty()) return std::nullopt;
      item.emplace(std::move(items_.front()));
      items_.pop_front();
    }
    not_full_.NotifyOne();
    return item;
  }

  /// Appends up to `max` items to `out`, oldest first, and returns how many. Waits until there are
  /// `enough`, the queue is closed, or `wait` has passed: a consumer that can wait a moment for
  /// more is not woken for each. With more than one consumer `enough` must be 1.
  size_t PopAll(std::vector<T>* out, size_t max, absl::Duration wait, size_t enough = 1) {
    size_t taken = 0;
    {
      MutexLock lock(&mutex_);
      AwaitItems(enough, wait);
      for (; taken < max && !items_.empty(); ++taken) {
        out->push_back(std::move(items_.front()));
        items_.pop_front();
      }
    }
    if (taken > 0) not_full_.NotifyAll();
    return taken;
  }

  /// Wakes everybody who waits. Calling it again does nothing.
  void Close() {
    {
      MutexLock lock(&mutex_);
      closed_ = true;
    }
    not_empty_.NotifyAll();
    not_full_.NotifyAll();
  }

  [[nodiscard]] size_t size() const {
    MutexLock lock(&mutex_);
    return items_.size();
  }

  [[nodiscard]] bool closed() const {
    MutexLock lock(&mutex_);
    return closed_;
  }

  [[nodiscard]] size_t capacity() const { return capacity_; }

 private:
  void AwaitItems(size_t enough, absl::Duration wait) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    wanted_ = std::min(enough, capacity_);
    if (wait == absl::InfiniteDuration()) {
      while (items_.size() < wanted_ && !closed_) not_empty_.Wait(&mutex_);
      return;
    }
    // Steady time: a spurious wake must not start the wait anew, nor a stepped clock lengthen it.
    const auto start = std::chrono::steady_clock::now();
    absl::Duration left = wait;
    while (items_.size() < wanted_ && !closed_ && left > absl::ZeroDuration()) {
      not_empty_.WaitFor(&mutex_, left);
      left = wait - absl::FromChrono(std::chrono::steady_clock::now() - start);
    }
  }

  const size_t capacity_;
  mutable Mutex mutex_;
  CondVar not_empty_;
  CondVar not_full_;
  std::deque<T> items_ ABSL_GUARDED_BY(mutex_);
  size_t wanted_ ABSL_GUARDED_BY(mutex_) = 1;  // items that the consumer waits for
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace plumbline::base

#endif  // PLUMBLINE_SERVER_BASE_BOUNDED_QUEUE_H_
