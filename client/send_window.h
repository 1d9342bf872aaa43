#ifndef PLUMBLINE_CLIENT_SEND_WINDOW_H_
#define PLUMBLINE_CLIENT_SEND_WINDOW_H_

#include <cstddef>

#include "absl/time/time.h"

namespace plumbline::client {

/// How many requests may wait for their answers: as many as keep the server busy, and no more than
/// it answers soon. What a server that is overloaded has received it must work off before it looks
/// for what else is asked of it, its health for example; so what it cannot do yet is better kept
/// here. Begins small and doubles with each window of answers that came soon, until the first that
/// did not; from there it halves or grows by an eighth. The shortest time that an answer has taken
/// is the way's own, and not held against the server. Not thread-safe.
class SendWindow {
 public:
  static constexpr size_t kFirst = 8;
  static constexpr size_t kLeast = 2;
  /// What an answer may take beyond the shortest.
  static constexpr absl::Duration kSoon = absl::Milliseconds(500);

  /// Never above `most`, which must not be 0.
  explicit SendWindow(size_t most);

  size_t size() const { return size_; }
  /// An answer came so long after its request was handed to gRPC.
  void OnAnswer(absl::Duration took);

 private:
  const size_t most_;
  size_t size_;
  size_t answers_ = 0;  // since the size was last looked at
  bool slowed_ = false;
  absl::Duration shortest_ = absl::InfiniteDuration();
  absl::Duration longest_ = absl::ZeroDuration();  // of these answers
};

}  // namespace plumbline::client

#endif  // PLUMBLINE_CLIENT_SEND_WINDOW_H_
