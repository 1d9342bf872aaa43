#include "client/commands/chart.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "client/commands/format.h"

namespace plumbline::client {
namespace {

using ::testing::ElementsAre;

TEST(Shares, SumToOneOrAreAllZero) {
  EXPECT_THAT(Shares({1, 3}), ElementsAre(0.25, 0.75));
  EXPECT_THAT(Shares({0, 0}), ElementsAre(0, 0));
  EXPECT_TRUE(Shares({}).empty());
}

TEST(Sparkline, ShowsZeroApartFromLittle) {
  EXPECT_EQ(Sparkline({0, 0.001, 0.5, 1}, 1), "·▁▄█");
  EXPECT_EQ(Sparkline({0, 0}, 0), "··");
  EXPECT_EQ(Sparkline({NAN, -1, 2}, 1), "··█");
}

TEST(HorizontalBar, FillsItsWidthAtTheLargest) {
  EXPECT_EQ(HorizontalBar(1, 1, 4), "████");
  EXPECT_EQ(HorizontalBar(0.5, 1, 4), "██");
  EXPECT_EQ(DisplayWidth(HorizontalBar(0.49, 1, 40)), 20u);
}

TEST(HorizontalBar, ShowsASliverOfWhatIsAboveZero) {
  EXPECT_EQ(HorizontalBar(1e-9, 1, 40), "▏");
  EXPECT_EQ(HorizontalBar(0, 1, 40), "");
  EXPECT_EQ(HorizontalBar(NAN, 1, 40), "");
  EXPECT_EQ(HorizontalBar(1, 0, 40), "");
}

}  // namespace
}  // namespace plumbline::client
