#include "server/base/bounded_queue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <thread>
#include <vector>

namespace plumbline::base {
namespace {

using ::testing::ElementsAre;
using ::testing::Optional;

TEST(BoundedQueue, GivesItemsBackInOrder) {
  BoundedQueue<int> queue(3);
  EXPECT_TRUE(queue.TryPush(1));
  EXPECT_TRUE(queue.TryPush(2));
  EXPECT_EQ(queue.size(), 2u);
  EXPECT_THAT(queue.PopFor(absl::ZeroDuration()), Optional(1));
  EXPECT_THAT(queue.PopFor(absl::InfiniteDuration()), Optional(2));
  EXPECT_EQ(queue.PopFor(absl::ZeroDuration()), std::nullopt);
}

TEST(BoundedQueue, RefusesWhenFullAndLeavesTheItemAlone) {
  BoundedQueue<std::unique_ptr<int>> queue(1);
  EXPECT_TRUE(queue.TryPush(std::make_unique<int>(1)));
  auto second = std::make_unique<int>(2);
  EXPECT_FALSE(queue.TryPush(std::move(second)));
  ASSERT_NE(second, nullptr);
  EXPECT_EQ(*second, 2);
}

TEST(BoundedQueue, HasRoomForOneAtLeast) {
  BoundedQueue<int> queue(0);
  EXPECT_EQ(queue.capacity(), 1u);
  EXPECT_TRUE(queue.TryPush(7));
  EXPECT_FALSE(queue.TryPush(8));
}

TEST(BoundedQueue, PopAllTakesAtMostMaxAndAppends) {
  BoundedQueue<int> queue(10);
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(queue.TryPush(int{i}));
  std::vector<int> out = {-1};
  EXPECT_EQ(queue.PopAll(&out, 3, absl::ZeroDuration()), 3u);
  EXPECT_THAT(out, ElementsAre(-1, 0, 1, 2));
  EXPECT_EQ(queue.PopAll(&out, 100, absl::ZeroDuration()), 2u);
  EXPECT_THAT(out, ElementsAre(-1, 0, 1, 2, 3, 4));
  EXPECT_EQ(queue.PopAll(&out, 100, absl::Milliseconds(1)), 0u);
}

TEST(BoundedQueue, ClosedTakesNothingMoreButEmptiesItself) {
  BoundedQueue<int> queue(2);
  ASSERT_TRUE(queue.TryPush(1));
  queue.Close();
  queue.Close();
  EXPECT_TRUE(queue.closed());
  EXPECT_FALSE(queue.TryPush(2));
  EXPECT_FALSE(queue.Push(2));
  EXPECT_THAT(queue.PopFor(absl::InfiniteDuration()), Optional(1));
  EXPECT_EQ(queue.PopFor(absl::InfiniteDuration()), std::nullopt);
}

TEST(BoundedQueue, CloseReleasesAWaitingProducer) {
  BoundedQueue<int> queue(1);
  ASSERT_TRUE(queue.TryPush(1));
  bool pushed = true;
  std::thread producer([&] { pushed = queue.Push(2); });
  queue.Close();
  producer.join();
  EXPECT_FALSE(pushed);
}

TEST(BoundedQueue, CloseReleasesAWaitingConsumer) {
  BoundedQueue<int> queue(1);
  std::optional<int> popped = 1;
  std::thread consumer([&] { popped = queue.PopFor(absl::InfiniteDuration()); });
  queue.Close();
  consumer.join();
  EXPECT_EQ(popped, std::nullopt);
}

TEST(BoundedQueue, LosesNothingBetweenManyProducersAndConsumers) {
  constexpr int kPerProducer = 5'000;
  BoundedQueue<int> queue(16);
  std::vector<std::thread> producers;
  for (int p = 0; p < 3; ++p) {
    producers.emplace_back([&] {
      for (int i = 1; i <= kPerProducer; ++i) ASSERT_TRUE(queue.Push(int{i}));
    });
  }
  int64_t sums[2] = {0, 0};
  std::thread one_by_one([&] {
    while (auto item = queue.PopFor(absl::InfiniteDuration())) sums[0] += *item;
  });
  std::thread in_bulk([&] {
    std::vector<int> items;
    while (queue.PopAll(&items, 8, absl::InfiniteDuration()) > 0) {
      for (int item : items) sums[1] += item;
      items.clear();
    }
  });
  for (std::thread& producer : producers) producer.join();
  queue.Close();
  one_by_one.join();
  in_bulk.join();
  EXPECT_EQ(sums[0] + sums[1], int64_t{3} * kPerProducer * (kPerProducer + 1) / 2);
}

}  // namespace
}  // namespace plumbline::base
