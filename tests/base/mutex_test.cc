#include "server/base/mutex.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace plumbline::base {
namespace {

TEST(Mutex, LetsOneThreadInAtATime) {
  Mutex mutex;
  int64_t count = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 10'000; ++i) {
        MutexLock lock(&mutex);
        ++count;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(count, 40'000);
}

TEST(CondVar, WakesTheWaiterAndGivesTheMutexBack) {
  Mutex mutex;
  CondVar changed;
  bool asked = false;
  bool answered = false;
  std::thread other([&] {
    MutexLock lock(&mutex);
    while (!asked) changed.Wait(&mutex);
    answered = true;
    changed.NotifyAll();
  });
  {
    MutexLock lock(&mutex);
    asked = true;
    changed.NotifyAll();
    while (!answered) changed.Wait(&mutex);
    EXPECT_TRUE(answered);
  }
  other.join();
}

TEST(CondVar, TimesOutWhenNobodyNotifies) {
  Mutex mutex;
  CondVar never;
  MutexLock lock(&mutex);
  EXPECT_FALSE(never.WaitFor(&mutex, absl::ZeroDuration()));
  EXPECT_FALSE(never.WaitFor(&mutex, -absl::InfiniteDuration()));
  // A wake without a notify is allowed, for ever is not.
  bool timed_out = false;
  while (!timed_out) timed_out = !never.WaitFor(&mutex, absl::Milliseconds(1));
  EXPECT_TRUE(timed_out);
}

}  // namespace
}  // namespace plumbline::base
