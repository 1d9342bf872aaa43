#include "server/transport/inflight_budget.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>
#include <functional>
#include <utility>
#include <vector>

namespace plumbline::transport {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using Kind = InflightBudget::Kind;
using Taken = InflightBudget::Taken;

// 75 bytes and 9 requests of it for streams, 25 and 3 kept for single calls.
constexpr InflightBudget::Limits kLimits = {.bytes = 100, .requests = 12, .waiting_bytes = 1000};

class InflightBudgetTest : public ::testing::Test {
 protected:
  // A stream's request; `name` is among granted() if it had to wait and need not any longer.
  Taken Stream(size_t bytes, int name = 0, size_t message_bytes = 1) {
    return budget_.TakeOrWait(bytes, message_bytes, [this, name] { granted_.push_back(name); });
  }

  InflightBudget budget_{kLimits};
  std::vector<int> granted_;
};

TEST_F(InflightBudgetTest, SingleCallsHaveAllOfItWhileNoStreamWaits) {
  EXPECT_TRUE(budget_.TryTake(60));
  EXPECT_FALSE(budget_.TryTake(41));
  EXPECT_TRUE(budget_.TryTake(40));
  EXPECT_FALSE(budget_.TryTake(1));
  EXPECT_EQ(budget_.used_bytes(), 100u);
  budget_.Give(Kind::kSingle, 60);
  EXPECT_TRUE(budget_.TryTake(60));
}

TEST_F(InflightBudgetTest, TakesUpToItsRequests) {
  for (size_t i = 0; i < kLimits.requests; ++i) EXPECT_TRUE(budget_.TryTake(1));
  EXPECT_FALSE(budget_.TryTake(1));
  EXPECT_EQ(Stream(1), Taken::kLater);
  budget_.Give(Kind::kSingle, 1);
  EXPECT_THAT(granted_, ElementsAre(0));
}

TEST_F(InflightBudgetTest, StreamsLeaveAQuarterToSingleCalls) {
  EXPECT_EQ(Stream(60), Taken::kNow);
  EXPECT_EQ(Stream(20, 1), Taken::kLater);
  EXPECT_TRUE(budget_.TryTake(25));
  EXPECT_FALSE(budget_.TryTake(1));
  budget_.Give(Kind::kStream, 60);
  EXPECT_THAT(granted_, ElementsAre(1));
  EXPECT_EQ(budget_.used_bytes(), 45u);
}

TEST_F(InflightBudgetTest, StreamsLeaveAQuarterOfTheRequestsToSingleCalls) {
  for (int i = 0; i < 9; ++i) EXPECT_EQ(Stream(1), Taken::kNow);
  EXPECT_EQ(Stream(1, 1), Taken::kLater);
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(budget_.TryTake(1));
  EXPECT_FALSE(budget_.TryTake(1));
}

TEST_F(InflightBudgetTest, SingleCallsGoBackToTheirQuarterWhenAStreamWaits) {
  EXPECT_TRUE(budget_.TryTake(50));
  EXPECT_TRUE(budget_.TryTake(20));
  EXPECT_EQ(Stream(60, 1), Taken::kLater);
  EXPECT_FALSE(budget_.TryTake(1));
  budget_.Give(Kind::kSingle, 50);
  EXPECT_THAT(granted_, ElementsAre(1));
  EXPECT_TRUE(budget_.TryTake(20));  // nobody waits any longer
}

TEST_F(InflightBudgetTest, NeitherKindStarvesTheOther) {
  // Both want ten bytes again and again; the oldest request ends first.
  std::deque<std::function<void()>> running;
  int streams = 0, singles = 0;
  std::function<void()> ask;
  const auto run_stream = [&] {
    ++streams;
    running.push_back([&] {
      budget_.Give(Kind::kStream, 10);
      ask();
    });
  };
  ask = [&] {
    if (budget_.TakeOrWait(10, 1, run_stream) == Taken::kNow) run_stream();
  };
  for (int i = 0; i < 20; ++i) ask();
  for (int ended = 0; ended < 1000; ++ended) {
    while (budget_.TryTake(10)) {
      ++singles;
      running.push_back([&] { budget_.Give(Kind::kSingle, 10); });
    }
    ASSERT_LE(budget_.used_bytes(), kLimits.bytes);
    const std::function<void()> end = std::move(running.front());
    running.pop_front();
    end();
  }
  EXPECT_GT(streams, 600);
  EXPECT_GT(singles, 180);
}

TEST_F(InflightBudgetTest, WhatIsLargerThanItsShareWaitsForItsOwnKindOnly) {
  EXPECT_EQ(Stream(50), Taken::kNow);
  EXPECT_EQ(Stream(500, 1), Taken::kLater);
  EXPECT_TRUE(budget_.TryTake(20));
  budget_.Give(Kind::kStream, 50);
  EXPECT_THAT(granted_, ElementsAre(1));
  EXPECT_EQ(Stream(1, 2), Taken::kLater);
  EXPECT_FALSE(budget_.TryTake(1));
  budget_.Give(Kind::kSingle, 20);
  EXPECT_TRUE(budget_.TryTake(300));
  budget_.Give(Kind::kSingle, 300);
  budget_.Give(Kind::kStream, 500);
  EXPECT_THAT(granted_, ElementsAre(1, 2));
}

TEST_F(InflightBudgetTest, ServesStreamsInTheOrderOfComing) {
  EXPECT_EQ(Stream(75), Taken::kNow);
  EXPECT_EQ(Stream(60, 1), Taken::kLater);
  EXPECT_EQ(Stream(10, 2), Taken::kLater);
  EXPECT_EQ(Stream(30, 3), Taken::kLater);
  EXPECT_EQ(budget_.waiting(), 3u);
  EXPECT_THAT(granted_, IsEmpty());
  budget_.Give(Kind::kStream, 75);
  EXPECT_THAT(granted_, ElementsAre(1, 2));
  EXPECT_EQ(budget_.used_bytes(), 70u);
  budget_.Give(Kind::kStream, 10);
  EXPECT_THAT(granted_, ElementsAre(1, 2));
  budget_.Give(Kind::kStream, 60);
  EXPECT_THAT(granted_, ElementsAre(1, 2, 3));
  EXPECT_EQ(budget_.waiting(), 0u);
}

TEST_F(InflightBudgetTest, ALargeOneThatWaitsIsNotOvertakenByStreams) {
  EXPECT_EQ(Stream(40), Taken::kNow);
  EXPECT_EQ(Stream(70, 1), Taken::kLater);
  EXPECT_EQ(Stream(5, 2), Taken::kLater);
  budget_.Give(Kind::kStream, 40);
  EXPECT_THAT(granted_, ElementsAre(1, 2));
}

TEST_F(InflightBudgetTest, NoMoreWaitsThanMay) {
  EXPECT_EQ(Stream(75), Taken::kNow);
  EXPECT_EQ(Stream(1, 1, 5000), Taken::kLater);  // one may always
  EXPECT_EQ(Stream(1, 2, 1), Taken::kNever);
  EXPECT_EQ(budget_.waiting_bytes(), 5000u);
  budget_.Give(Kind::kStream, 75);
  EXPECT_EQ(budget_.waiting_bytes(), 0u);
  EXPECT_EQ(Stream(74, 3), Taken::kNow);
  EXPECT_EQ(Stream(1, 4, 600), Taken::kLater);
  EXPECT_EQ(Stream(1, 5, 401), Taken::kNever);
  EXPECT_EQ(Stream(1, 6, 400), Taken::kLater);
  budget_.Give(Kind::kStream, 74);
  EXPECT_THAT(granted_, ElementsAre(1, 4, 6));
}

TEST_F(InflightBudgetTest, WhatTurnsOutLargerCounts) {
  EXPECT_EQ(Stream(10), Taken::kNow);
  budget_.TakeMore(Kind::kStream, 200);
  EXPECT_EQ(Stream(1, 1), Taken::kLater);
  EXPECT_FALSE(budget_.TryTake(1));
  budget_.Give(Kind::kStream, 210);
  EXPECT_THAT(granted_, ElementsAre(1));
  EXPECT_EQ(budget_.used_bytes(), 1u);
}

TEST(InflightBudget, ATinyOneServesBothKinds) {
  InflightBudget budget({.bytes = 100, .requests = 1, .waiting_bytes = 10});
  bool granted = false;
  EXPECT_TRUE(budget.TryTake(10));
  EXPECT_EQ(budget.TakeOrWait(10, 1, [&] { granted = true; }), Taken::kLater);
  budget.Give(Kind::kSingle, 10);
  EXPECT_TRUE(granted);
  budget.Give(Kind::kStream, 10);
  EXPECT_TRUE(budget.TryTake(10));
}

}  // namespace
}  // namespace plumbline::transport
