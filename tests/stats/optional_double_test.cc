#include "server/stats/optional_double.h"

#include "gtest/gtest.h"

namespace plumbline::stats {
namespace {

TEST(OptionalDouble, IsAbsentUntilItHasAValue) {
  OptionalDouble value;
  EXPECT_FALSE(value.has_value());
  EXPECT_FALSE(value);
  EXPECT_EQ(value, std::nullopt);
  EXPECT_EQ(value.value_or(3), 3);
  value = 0;
  EXPECT_TRUE(value.has_value());
  EXPECT_EQ(value, 0.0);
  EXPECT_NE(value, std::nullopt);
  EXPECT_EQ(value.value_or(3), 0);
  value.reset();
  EXPECT_EQ(value, OptionalDouble());
}

TEST(OptionalDouble, IsAStdOptionalOfEightBytes) {
  static_assert(sizeof(OptionalDouble) == sizeof(double));
  for (const std::optional<double> value : {std::optional<double>(), std::optional(-2.5)}) {
    EXPECT_EQ(std::optional<double>(OptionalDouble(value)), value);
  }
}

}  // namespace
}  // namespace plumbline::stats
