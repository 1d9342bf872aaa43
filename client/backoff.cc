#include "client/backoff.h"

#include <algorithm>

namespace plumbline::client {

absl::Duration Backoff::Next() {
  constexpr int kMaxDoublings = 30;
  const absl::Duration delay =
      std::min(max_, initial_ * (int64_t{1} << std::min(failures_, kMaxDoublings)));
  ++failures_;
  return delay * absl::Uniform(random_, 0.5, 1.0);
}

}  // namespace plumbline::client
