#include "server/stats/super_accumulator.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include "gtest/gtest.h"

namespace plumbline::stats {
namespace {

double SumOf(const std::vector<double>& values) {
  SuperAccumulator sum;
  for (const double value : values) sum.Add(value);
  return sum.Value();
}

TEST(SuperAccumulator, RoundsOnceAtTheEnd) {
  EXPECT_EQ(SumOf({}), 0);
  EXPECT_EQ(SumOf({1e308, 1, -1e308}), 1);
  EXPECT_EQ(SumOf({1, 1e-300, -1}), 1e-300);
  EXPECT_EQ(SumOf({0.1, 0.2, -0.3}), 0x1p-55);
  EXPECT_EQ(SumOf({0x1p53, 1}), 0x1p53);                 // a tie goes to even
  EXPECT_EQ(SumOf({0x1p53, 1, 0x1p-1074}), 0x1p53 + 2);  // a hair more than a tie does not
  EXPECT_EQ(SumOf({5e-324, 5e-324}), 1e-323);
  EXPECT_EQ(SumOf({std::numeric_limits<double>::max(), std::numeric_limits<double>::max()}),
            std::numeric_limits<double>::infinity());
  EXPECT_EQ(SumOf({-3, 1}), -2);
  EXPECT_EQ(SumOf(std::vector<double>(1'000'000, 0.1)), 1e6 * 0.1);
}

TEST(SuperAccumulator, IsTheSameToTheLastBitInAnyOrderAndPartition) {
  std::mt19937_64 random(1);
  std::vector<double> values;
  for (int i = 0; i < 5'000; ++i) {
    values.push_back(
        std::ldexp(static_cast<double>(random() >> 11), static_cast<int>(random() % 400) - 200) *
        (random() % 2 == 0 ? 1 : -1));
  }
  SuperAccumulator sum, squares;
  for (const double value : values) {
    sum.Add(value);
    squares.AddSquare(value);
  }
  for (int round = 0; round < 5; ++round) {
    std::shuffle(values.begin(), values.end(), random);
    SuperAccumulator total, total_squares;
    for (size_t begin = 0; begin < values.size(); begin += 777) {
      SuperAccumulator part, part_squares;
      for (size_t i = begin; i < std::min(begin + 777, values.size()); ++i) {
        part.Add(values[i]);
        part_squares.AddSquare(values[i]);
      }
      total.Merge(part);
      total_squares.Merge(part_squares);
    }
    EXPECT_TRUE(total == sum);
    EXPECT_EQ(total.Value(), sum.Value());
    EXPECT_EQ(ExactVariance(values.size(), total, total_squares),
              ExactVariance(values.size(), sum, squares));
    total.Subtract(sum);
    EXPECT_EQ(total.Sign(), 0);
    EXPECT_EQ(total.Value(), 0);
  }
}

TEST(SuperAccumulator, HasTheVarianceOfWhatIsFarFromZero) {
  SuperAccumulator sum, squares;
  for (int i = 0; i < 1'000; ++i) {
    const double value = 1e15 + i % 2;
    sum.Add(value);
    squares.AddSquare(value);
  }
  EXPECT_EQ(ExactVariance(1'000, sum, squares), 0.25);
  EXPECT_TRUE(std::isnan(ExactVariance(0, {}, {})));
}

TEST(SuperAccumulator, SurvivesStorage) {
  SuperAccumulator sum;
  for (const double value : {1e300, -2.5, 3e-310}) {
    sum.Add(value);
    const auto read = SuperAccumulator::FromParts(sum.ToParts());
    ASSERT_TRUE(read.ok());
    EXPECT_TRUE(*read == sum);
    EXPECT_EQ(read->Value(), sum.Value());
  }
  EXPECT_TRUE(SuperAccumulator::FromParts({}).ok());
  EXPECT_FALSE(SuperAccumulator::FromParts({true, 0, {}}).ok());
  EXPECT_FALSE(SuperAccumulator::FromParts({false, 0, {0, 1}}).ok());
  EXPECT_FALSE(SuperAccumulator::FromParts({false, 1'000'000, {1}}).ok());
}

}  // namespace
}  // namespace plumbline::stats
