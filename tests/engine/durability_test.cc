#include "server/engine/durability.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace plumbline::engine {
namespace {

using Mode = Durability::Mode;

TEST(ParseDurability, ReadsTheThreeModes) {
  EXPECT_EQ(ParseDurability("sync").value().mode, Mode::kSync);
  EXPECT_EQ(ParseDurability("os").value().mode, Mode::kOs);
  const Durability interval = ParseDurability("interval:250").value();
  EXPECT_EQ(interval.mode, Mode::kInterval);
  EXPECT_EQ(interval.interval, absl::Milliseconds(250));
}

TEST(ParseDurability, RefusesAnythingElseWithTheText) {
  for (const char* text : {"", "Sync", "interval", "interval:", "interval:0", "interval:60001",
                           "interval:-1", "interval:1.5", "interval:10ms"}) {
    const auto parsed = ParseDurability(text);
    ASSERT_FALSE(parsed.ok()) << text;
    EXPECT_EQ(parsed.status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(std::string(parsed.status().message()), ::testing::HasSubstr(text));
  }
}

}  // namespace
}  // namespace plumbline::engine
