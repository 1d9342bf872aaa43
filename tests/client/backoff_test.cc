#include "client/backoff.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace plumbline::client {
namespace {

TEST(Backoff, DoublesWithJitterUpToItsMaximum) {
  Backoff backoff(absl::Seconds(1), absl::Seconds(5));
  for (int64_t full : {1, 2, 4, 5, 5}) {
    const absl::Duration delay = backoff.Next();
    EXPECT_GE(delay, absl::Seconds(full) / 2);
    EXPECT_LE(delay, absl::Seconds(full));
  }
}

TEST(Backoff, KeepsAPauseThatWasAskedForAndSpreadsItsEnd) {
  Backoff backoff(absl::Seconds(1), absl::Seconds(5));
  absl::Duration least = absl::InfiniteDuration(), most = -absl::InfiniteDuration();
  for (int i = 0; i < 100; ++i) {
    const absl::Duration pause = backoff.Stretch(absl::Seconds(60));
    least = std::min(least, pause);
    most = std::max(most, pause);
  }
  EXPECT_GE(least, absl::Seconds(60));
  EXPECT_LE(most, absl::Seconds(90));
  EXPECT_GE(most - least, absl::Seconds(10));  // a hundred draws of 30 s
  EXPECT_EQ(backoff.Stretch(absl::ZeroDuration()), absl::ZeroDuration());
}

TEST(Backoff, StartsAnewAfterReset) {
  Backoff backoff(absl::Seconds(1), absl::Hours(1));
  for (int i = 0; i < 100; ++i) backoff.Next();
  EXPECT_GE(backoff.Next(), absl::Minutes(30));
  backoff.Reset();
  EXPECT_LE(backoff.Next(), absl::Seconds(1));
}

}  // namespace
}  // namespace plumbline::client
