#ifndef PLUMBLINE_SERVER_TRANSPORT_OPEN_CALLS_H_
#define PLUMBLINE_SERVER_TRANSPORT_OPEN_CALLS_H_

#include <cstddef>

#include "absl/base/thread_annotations.h"
#include "absl/time/time.h"
#include "server/base/mutex.h"

namespace plumbline::transport {

/// The calls that a server which stops waits for. Thread-safe; must outlive them.
class OpenCalls {
 public:
  OpenCalls() = default;
  OpenCalls(const OpenCalls&) = delete;
  OpenCalls& operator=(const OpenCalls&) = delete;

  void Enter();
  void Leave();
  /// Waits until no call is open. False if some still are after `timeout`.
  bool AwaitNone(absl::Duration timeout);

 private:
  base::Mutex mutex_;
  base::CondVar none_;
  size_t open_ ABSL_GUARDED_BY(mutex_) = 0;
};

/// A call that is open for its own lifetime.
class OpenCall {
 public:
  explicit OpenCall(OpenCalls* calls) : calls_(calls) { calls_->Enter(); }
  ~OpenCall() { calls_->Leave(); }
  OpenCall(const OpenCall&) = delete;
  OpenCall& operator=(const OpenCall&) = delete;

 private:
  OpenCalls* const calls_;
};

}  // namespace plumbline::transport

#endif  // PLUMBLINE_SERVER_TRANSPORT_OPEN_CALLS_H_
