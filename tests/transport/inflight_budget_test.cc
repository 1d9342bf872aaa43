#include "server/transport/inflight_budget.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

namespace plumbline::transport {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class Waiters {
 public:
  InflightBudget::Granted Named(int name) {
    return [this, name] { granted_.push_back(name); };
  }
  const std::vector<int>& granted() const { return granted_; }

 private:
  std::vector<int> granted_;
};

TEST(InflightBudget, TakesUpToItsBytes) {
  InflightBudget budget(100, 10);
  EXPECT_TRUE(budget.TryTake(60));
  EXPECT_FALSE(budget.TryTake(41));
  EXPECT_TRUE(budget.TryTake(40));
  EXPECT_FALSE(budget.TryTake(1));
  EXPECT_EQ(budget.used_bytes(), 100u);
  budget.Give(60);
  EXPECT_TRUE(budget.TryTake(60));
}

TEST(InflightBudget, TakesUpToItsRequests) {
  InflightBudget budget(100, 2);
  EXPECT_TRUE(budget.TryTake(1));
  EXPECT_TRUE(budget.TryTake(1));
  EXPECT_FALSE(budget.TryTake(1));
  budget.Give(1);
  EXPECT_TRUE(budget.TryTake(1));
}

TEST(InflightBudget, WhatIsLargerThanAllOfItPassesAlone) {
  InflightBudget budget(100, 10);
  EXPECT_TRUE(budget.TryTake(500));
  EXPECT_FALSE(budget.TryTake(1));
  budget.Give(500);
  EXPECT_TRUE(budget.TryTake(1));
  EXPECT_FALSE(budget.TryTake(500));
}

TEST(InflightBudget, ServesInTheOrderOfComing) {
  InflightBudget budget(100, 10);
  Waiters waiters;
  ASSERT_TRUE(budget.TryTake(100));
  EXPECT_FALSE(budget.TakeOrWait(80, waiters.Named(1)));
  EXPECT_FALSE(budget.TakeOrWait(10, waiters.Named(2)));
  EXPECT_FALSE(budget.TakeOrWait(30, waiters.Named(3)));
  EXPECT_EQ(budget.waiting(), 3u);
  EXPECT_THAT(waiters.granted(), IsEmpty());
  budget.Give(100);
  EXPECT_THAT(waiters.granted(), ElementsAre(1, 2));
  EXPECT_EQ(budget.used_bytes(), 90u);
  budget.Give(10);
  EXPECT_THAT(waiters.granted(), ElementsAre(1, 2));
  budget.Give(80);
  EXPECT_THAT(waiters.granted(), ElementsAre(1, 2, 3));
  EXPECT_EQ(budget.waiting(), 0u);
}

TEST(InflightBudget, ALargeOneThatWaitsIsNotOvertaken) {
  InflightBudget budget(100, 10);
  Waiters waiters;
  ASSERT_TRUE(budget.TryTake(60));
  EXPECT_FALSE(budget.TakeOrWait(90, waiters.Named(1)));
  EXPECT_FALSE(budget.TryTake(10));
  EXPECT_FALSE(budget.TakeOrWait(10, waiters.Named(2)));
  budget.Give(60);
  EXPECT_THAT(waiters.granted(), ElementsAre(1, 2));
}

TEST(InflightBudget, WhatTurnsOutLargerCounts) {
  InflightBudget budget(100, 10);
  Waiters waiters;
  ASSERT_TRUE(budget.TryTake(10));
  budget.TakeMore(200);
  EXPECT_FALSE(budget.TakeOrWait(1, waiters.Named(1)));
  budget.Give(210);
  EXPECT_THAT(waiters.granted(), ElementsAre(1));
  EXPECT_EQ(budget.used_bytes(), 1u);
}

}  // namespace
}  // namespace plumbline::transport
