#include "server/base/clock.h"

#include <gtest/gtest.h>

#include <thread>

#include "absl/time/clock.h"

namespace plumbline::base {
namespace {

TEST(SimulatedClock, StandsStillUntilTold) {
  const absl::Time start = absl::FromUnixSeconds(1'000'000);
  SimulatedClock clock(start);
  EXPECT_EQ(clock.Now(), start);
  EXPECT_EQ(clock.Now(), start);
}

TEST(SimulatedClock, AdvancesAndIsSetEitherWay) {
  SimulatedClock clock;
  clock.Advance(absl::Seconds(90));
  EXPECT_EQ(clock.Now(), absl::FromUnixSeconds(90));
  clock.Advance(-absl::Seconds(30));
  EXPECT_EQ(clock.Now(), absl::FromUnixSeconds(60));
  clock.SetTime(absl::FromUnixSeconds(5));
  EXPECT_EQ(clock.Now(), absl::FromUnixSeconds(5));
}

TEST(SimulatedClock, AdvancesFromManyThreadsAreAllCounted) {
  SimulatedClock clock;
  const auto advance = [&clock] {
    for (int i = 0; i < 1000; ++i) clock.Advance(absl::Seconds(1));
  };
  std::thread first(advance);
  std::thread second(advance);
  first.join();
  second.join();
  EXPECT_EQ(clock.Now(), absl::FromUnixSeconds(2000));
}

TEST(SystemClock, LiesBetweenTwoReadingsOfTheWallClock) {
  const SystemClock clock;
  const absl::Time before = absl::Now() - absl::Hours(1);
  const absl::Time now = clock.Now();
  EXPECT_LT(before, now);
  EXPECT_LT(now, absl::Now() + absl::Hours(1));
}

}  // namespace
}  // namespace plumbline::base
