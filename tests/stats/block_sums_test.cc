#include "server/stats/block_sums.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include "server/stats/moments.h"
#include "tests/stats/exact_sum.h"
#include "tests/stats/infinity.h"

namespace plumbline::stats {
namespace {

std::vector<std::vector<double>> Shapes(size_t size) {
  std::mt19937_64 random(size + 1);
  std::normal_distribution<double> far(1e9, 1);
  std::cauchy_distribution<double> heavy(0, 1);
  std::lognormal_distribution<double> wide(0, 30);
  std::vector<std::vector<double>> shapes(6);
  for (size_t i = 0; i < size; ++i) {
    shapes[0].push_back(far(random));
    shapes[1].push_back(heavy(random));
    shapes[2].push_back(wide(random) * (i % 2 == 0 ? 1 : -1));
    shapes[3].push_back(0.1);
    shapes[4].push_back(i % 2 == 0 ? 1e16 + static_cast<double>(i) : -1e16);  // nearly cancels
    shapes[5].push_back(5e-324 * static_cast<double>(random() % 100));
  }
  return shapes;
}

TEST(SumBlock, IsWithinItsBoundsOfTheExactSums) {
  for (const SimdLevel level : SimdLevelsHere()) {
    for (size_t size = 1; size <= kMaxSumBlock; size += size < 20 ? 1 : 123) {
      for (const std::vector<double>& x : Shapes(size)) {
        const double shift = x[size / 2];
        const BlockSums block = SumBlock(x, shift, level);
        ASSERT_TRUE(block.IsFinite());
        ExactSum exact;
        double absolute = 0;
        long double squares = 0;
        for (const double value : x) {
          exact.Add(value);
          absolute += std::abs(value);
          const long double d = value - shift;
          squares += d * d;
        }
        ExactSum difference = exact;
        difference.Add(-block.sum);
        difference.Add(-block.sum_error);
        EXPECT_LE(std::abs(difference.Value()), static_cast<double>(size) * 0x1p-105 * absolute);
        EXPECT_NEAR(block.squares, static_cast<double>(squares),
                    0x1p-46 * static_cast<double>(squares));
        EXPECT_EQ(block.min, *std::min_element(x.begin(), x.end()));
        EXPECT_EQ(block.max, *std::max_element(x.begin(), x.end()));
      }
    }
  }
}

TEST(SumBlock, TellsWhatIsNotFiniteWhereverItStands) {
  for (const SimdLevel level : SimdLevelsHere()) {
    for (const double bad :
         {std::numeric_limits<double>::quiet_NaN(), kInfinity, -kInfinity, 1e200, -1.7e308}) {
      for (size_t place = 0; place < 37; ++place) {
        std::vector<double> x(37, 1.5);
        ASSERT_TRUE(SumBlock(x, 1, level).IsFinite());
        x[place] = bad;  // 1e200 is finite, but not its square
        EXPECT_FALSE(SumBlock(x, 1, level).IsFinite()) << bad << " at " << place;
      }
    }
  }
}

TEST(AddEach, IsAddingOneByOne) {
  for (const SimdLevel level : SimdLevelsHere()) {
    for (const size_t size : {0, 1, 15, 16, 17, 511, 512, 513, 1500}) {
      for (const std::vector<double>& x : Shapes(size)) {
        CompensatedSum one_by_one, by_blocks;
        double absolute = 0;
        for (const double value : x) {
          one_by_one.Add(value);
          absolute += std::abs(value);
        }
        AddEach(x, level, &by_blocks);
        EXPECT_NEAR(by_blocks.Value(), one_by_one.Value(),
                    0x1p-52 * std::abs(one_by_one.Value()) + 0x1p-90 * absolute);
      }
      std::vector<double> huge(size, 1e308);
      CompensatedSum one_by_one, by_blocks;
      for (const double value : huge) one_by_one.Add(value);
      AddEach(huge, level, &by_blocks);
      EXPECT_EQ(by_blocks.Value(), one_by_one.Value());
    }
  }
}

TEST(Moments, ByBlocksAreThoseOfEachByItself) {
  for (const SimdLevel level : SimdLevelsHere()) {
    for (const size_t size : {1, 15, 16, 600, 2000}) {
      for (const std::vector<double>& x : Shapes(size)) {
        Moments blocks(x[0]), singles(x[0]);
        ExactSum exact;
        double absolute = 0;
        for (const double value : x) {
          singles.Add(value);
          exact.Add(value);
          absolute += std::abs(value);
        }
        blocks.AddAll(x, level);
        EXPECT_EQ(blocks.count(), size);
        EXPECT_EQ(blocks.Min(), singles.Min());
        EXPECT_EQ(blocks.Max(), singles.Max());
        EXPECT_NEAR(blocks.Sum(), exact.Value(),
                    0x1p-52 * std::abs(exact.Value()) + 0x1p-90 * absolute);
        const double squares = singles.ToParts().sum_squares;
        EXPECT_NEAR(blocks.ToParts().sum_squares, squares, 0x1p-45 * squares);
      }
    }
  }
}

TEST(Moments, LoseNothingToAShiftByBlocksEither) {
  for (const SimdLevel level : SimdLevelsHere()) {
    Moments moments(1e16);
    moments.AddAll(std::vector<double>(1000, 0.3), level);
    moments.AddAll(std::vector<double>(1000, 0.5), level);
    EXPECT_NEAR(moments.Mean(), 0.4, 1e-15);
  }
}

TEST(Moments, RefuseABlockThatIsNotFiniteAndStayAsTheyWere) {
  for (const SimdLevel level : SimdLevelsHere()) {
    Moments moments(2);
    moments.Add(3);
    std::vector<double> x(40, 5.0);
    x[33] = -kInfinity;
    EXPECT_FALSE(moments.AddBlockIfFinite(x, level).has_value());
    EXPECT_EQ(moments.count(), 1u);
    EXPECT_EQ(moments.Sum(), 3);
    EXPECT_EQ(moments.Min(), 3);
    x[33] = 6;
    const std::optional<BlockSums> sums = moments.AddBlockIfFinite(x, level);
    ASSERT_TRUE(sums.has_value());
    EXPECT_EQ(sums->sum, 39 * 5 + 6);
    EXPECT_EQ(sums->max, 6);
    EXPECT_EQ(moments.Sum(), 3 + 39 * 5 + 6);
    const std::vector<float> floats(x.begin(), x.end());
    EXPECT_EQ(moments.AddBlockIfFinite(floats, level)->sum, 39 * 5 + 6);
    EXPECT_EQ(moments.Sum(), 3 + 2 * (39 * 5 + 6));
  }
}

TEST(Moments, OfARepeatedValueAreThoseOfAsManyValues) {
  for (const double value : {0.1, 1.0, -1e6}) {
    Moments repeated(0.3), singles(0.3);
    repeated.AddRepeated(value, 12'345);
    repeated.AddRepeated(7, 0);
    for (int i = 0; i < 12'345; ++i) singles.Add(value);
    EXPECT_EQ(repeated.count(), singles.count());
    EXPECT_DOUBLE_EQ(repeated.Sum(), singles.Sum());
    const MomentsParts parts = repeated.ToParts();
    const MomentsParts expected = singles.ToParts();
    EXPECT_DOUBLE_EQ(parts.sum_squares + parts.sum_squares_compensation,
                     expected.sum_squares + expected.sum_squares_compensation);
    EXPECT_EQ(repeated.Min(), value);
    EXPECT_EQ(repeated.Max(), value);
  }
}

}  // namespace
}  // namespace plumbline::stats
