#include "server/transport/open_calls.h"

#include <memory>
#include <thread>

#include "gtest/gtest.h"

namespace plumbline::transport {
namespace {

TEST(OpenCalls, NobodyIsWaitedForIfNoneIsOpen) {
  OpenCalls calls;
  EXPECT_TRUE(calls.AwaitNone(absl::ZeroDuration()));
  EXPECT_TRUE(calls.AwaitNone(absl::InfiniteDuration()));
}

TEST(OpenCalls, OneThatDoesNotEndIsWaitedForUntilTheTimeout) {
  OpenCalls calls;
  const OpenCall open(&calls);
  EXPECT_FALSE(calls.AwaitNone(absl::ZeroDuration()));
  EXPECT_FALSE(calls.AwaitNone(absl::Milliseconds(1)));
}

TEST(OpenCalls, TheLastToEndIsWaitedFor) {
  OpenCalls calls;
  auto first = std::make_unique<OpenCall>(&calls);
  auto last = std::make_unique<OpenCall>(&calls);
  first.reset();
  EXPECT_FALSE(calls.AwaitNone(absl::ZeroDuration()));
  std::thread end([&] { last.reset(); });
  EXPECT_TRUE(calls.AwaitNone(absl::InfiniteDuration()));
  end.join();
  EXPECT_TRUE(calls.AwaitNone(absl::ZeroDuration()));
}

}  // namespace
}  // namespace plumbline::transport
