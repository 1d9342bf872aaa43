#ifndef PLUMBLINE_CLIENT_BACKOFF_H_
#define PLUMBLINE_CLIENT_BACKOFF_H_

#include "absl/random/random.h"
#include "absl/time/time.h"

namespace plumbline::client {

/// Exponential backoff with jitter: the n-th delay since Reset() is drawn evenly from
/// [d / 2, d), d = min(initial * 2^n, max), so that many clients of one restarted server do not
/// come back at once. Not thread-safe.
class Backoff {
 public:
  Backoff(absl::Duration initial, absl::Duration max) : initial_(initial), max_(max) {}

  absl::Duration Next();
  /// A pause for which a server asked, and up to half as much again: the server tells all its
  /// clients the same.
  absl::Duration Stretch(absl::Duration asked) { return asked * absl::Uniform(random_, 1.0, 1.5); }
  void Reset() { failures_ = 0; }

 private:
  const absl::Duration initial_;
  const absl::Duration max_;
  int failures_ = 0;
  absl::BitGen random_;
};

}  // namespace plumbline::client

#endif  // PLUMBLINE_CLIENT_BACKOFF_H_
