#include "server/stats/chi_square.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>
#include <vector>

namespace plumbline::stats {
namespace {

using Counts = std::vector<uint64_t>;

constexpr ChiSquareOptions kNoPooling = {.min_expected = 0, .yates_correction = false};

TEST(ChiSquareHomogeneity, IsZeroForTheSameShares) {
  const ChiSquareResult result =
      ChiSquareHomogeneity(Counts{10, 20, 30}, Counts{20, 40, 60}).value();
  EXPECT_NEAR(result.statistic, 0, 1e-12);
  EXPECT_EQ(result.degrees_of_freedom, 2u);
  EXPECT_NEAR(result.p_value, 1, 1e-12);
  EXPECT_EQ(result.cramers_v, 0);
  EXPECT_EQ(result.pooled_cells, 0u);
}

TEST(ChiSquareHomogeneity, IsRightByHandAndSymmetric) {
  // Expected 15 in every cell: 4 * 25 / 15.
  const ChiSquareResult result = ChiSquareHomogeneity(Counts{10, 20}, Counts{20, 10}).value();
  EXPECT_NEAR(result.statistic, 100.0 / 15, 1e-12);
  EXPECT_EQ(result.degrees_of_freedom, 1u);
  EXPECT_NEAR(result.p_value, std::erfc(std::sqrt(result.statistic / 2)), 1e-12);
  EXPECT_DOUBLE_EQ(ChiSquareHomogeneity(Counts{20, 10}, Counts{10, 20}).value().statistic,
                   result.statistic);
}

TEST(ChiSquareHomogeneity, PoolsCellsThatExpectTooLittle) {
  // The sums 2 and 8 expect 1 and 4 a side; together they expect 5.
  const ChiSquareResult result = ChiSquareHomogeneity(Counts{90, 2, 8}, Counts{100, 0, 0}).value();
  EXPECT_EQ(result.pooled_cells, 2u);
  EXPECT_EQ(result.degrees_of_freedom, 1u);
  EXPECT_DOUBLE_EQ(result.statistic,
                   ChiSquareHomogeneity(Counts{90, 10}, Counts{100, 0}).value().statistic);
}

TEST(ChiSquareHomogeneity, FillsAPoolThatIsTooSmallFromTheSmallestCell) {
  const ChiSquareResult result =
      ChiSquareHomogeneity(Counts{900, 40, 1}, Counts{900, 60, 0}).value();
  EXPECT_EQ(result.pooled_cells, 2u);
  EXPECT_DOUBLE_EQ(result.statistic,
                   ChiSquareHomogeneity(Counts{900, 41}, Counts{900, 60}).value().statistic);
}

TEST(ChiSquareHomogeneity, OfAnUnseenCategoryIsFinite) {
  const ChiSquareResult result = ChiSquareHomogeneity(Counts{1000, 0}, Counts{900, 100}).value();
  EXPECT_TRUE(std::isfinite(result.statistic));
  EXPECT_LT(result.p_value, 1e-20);
}

TEST(ChiSquareHomogeneity, LeavesOutCellsEmptyOnBothSides) {
  EXPECT_EQ(ChiSquareHomogeneity(Counts{10, 0, 20}, Counts{20, 0, 10}).value().degrees_of_freedom,
            1u);
}

TEST(ChiSquareHomogeneity, HasNothingToCompareInOneCell) {
  for (const ChiSquareResult& result : {ChiSquareHomogeneity(Counts{5}, Counts{9}).value(),
                                        ChiSquareHomogeneity(Counts{1, 1}, Counts{1, 0}).value()}) {
    EXPECT_EQ(result.statistic, 0);
    EXPECT_EQ(result.degrees_of_freedom, 0u);
    EXPECT_EQ(result.p_value, 1);
    EXPECT_EQ(result.cramers_v, 0);
  }
}

TEST(ChiSquareHomogeneity, TakesHugeCounts) {
  const uint64_t huge = uint64_t{1} << 40;
  const ChiSquareResult result =
      ChiSquareHomogeneity(Counts{huge, huge}, Counts{huge, huge + huge / 1024}).value();
  EXPECT_TRUE(std::isfinite(result.statistic));
  EXPECT_GT(result.statistic, 1e3);
  EXPECT_GE(result.cramers_v, 0);
}

TEST(ChiSquareHomogeneity, IsCalibratedForRareCategories) {
  // No drift, 200 categories of Zipf frequency: 5% of p-values are below 0.05.
  std::mt19937_64 random(21);
  Counts zipf(200);
  std::vector<double> shares;
  for (size_t i = 0; i < zipf.size(); ++i) shares.push_back(1.0 / static_cast<double>(i + 1));
  std::discrete_distribution<size_t> category(shares.begin(), shares.end());
  int low = 0;
  constexpr int kRounds = 1'000;
  for (int round = 0; round < kRounds; ++round) {
    Counts baseline(zipf.size());
    Counts live(zipf.size());
    for (int i = 0; i < 3'000; ++i) ++baseline[category(random)];
    for (int i = 0; i < 300; ++i) ++live[category(random)];
    low += ChiSquareHomogeneity(baseline, live).value().p_value < 0.05 ? 1 : 0;
  }
  EXPECT_NEAR(low / double{kRounds}, 0.05, 0.025);
}

TEST(ChiSquareHomogeneity, YatesTakesOffAHalfWithTwoCells) {
  const double statistic = ChiSquareHomogeneity(Counts{10, 20}, Counts{20, 10},
                                                {.min_expected = 5, .yates_correction = true})
                               .value()
                               .statistic;
  EXPECT_NEAR(statistic, 4 * 4.5 * 4.5 / 15, 1e-12);
}

TEST(ChiSquareHomogeneity, VIsOneForDisjointSidesAndUnbiasedAtZero) {
  EXPECT_NEAR(ChiSquareHomogeneity(Counts{1000, 0}, Counts{0, 1000}).value().cramers_v, 1, 1e-3);
  // Without the correction V would be about sqrt(99 / 1000) = 0.3 here.
  std::mt19937_64 random(2);
  std::uniform_int_distribution<size_t> cell(0, 99);
  double mean = 0;
  for (int round = 0; round < 100; ++round) {
    Counts p(100);
    Counts q(100);
    for (int i = 0; i < 500; ++i) ++p[cell(random)];
    for (int i = 0; i < 500; ++i) ++q[cell(random)];
    mean += ChiSquareHomogeneity(p, q, kNoPooling).value().cramers_v / 100;
  }
  EXPECT_LT(mean, 0.08);
}

TEST(ChiSquareHomogeneity, RefusesWhatHasNoMeaning) {
  EXPECT_TRUE(absl::IsInvalidArgument(ChiSquareHomogeneity(Counts{1}, Counts{1, 2}).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(ChiSquareHomogeneity(Counts{}, Counts{}).status()));
  EXPECT_TRUE(absl::IsFailedPrecondition(ChiSquareHomogeneity(Counts{0}, Counts{1}).status()));
  EXPECT_TRUE(absl::IsFailedPrecondition(ChiSquareHomogeneity(Counts{1}, Counts{0}).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(
      ChiSquareHomogeneity(Counts{1}, Counts{1}, {.min_expected = -1}).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(
      ChiSquareHomogeneity(Counts{1}, Counts{1}, {.min_expected = std::nan("")}).status()));
}

TEST(ChiSquareGoodnessOfFit, RefusesACellThatTheBaselineLacks) {
  EXPECT_TRUE(
      absl::IsFailedPrecondition(ChiSquareGoodnessOfFit(Counts{1, 0}, Counts{1, 1}).status()));
  EXPECT_NEAR(ChiSquareGoodnessOfFit(Counts{50, 50, 0}, Counts{30, 10, 0}).value().statistic, 10,
              1e-12);
}

TEST(ChiSquareSurvival, HasItsClosedForms) {
  EXPECT_NEAR(ChiSquareSurvival(3.84145882, 1), 0.05, 1e-8);
  EXPECT_NEAR(ChiSquareSurvival(7.5, 2), std::exp(-3.75), 1e-15);
  EXPECT_EQ(ChiSquareSurvival(0, 3), 1);
  EXPECT_EQ(ChiSquareSurvival(5, 0), 1);
  EXPECT_EQ(ChiSquareSurvival(std::numeric_limits<double>::infinity(), 3), 0);
}

TEST(LogChiSquareSurvival, GoesOnWhereTheProbabilityUnderflows) {
  EXPECT_NEAR(LogChiSquareSurvival(7.5, 2), -3.75, 1e-13);
  EXPECT_NEAR(LogChiSquareSurvival(1e5, 2) / -5e4, 1, 1e-12);
  // Continuous where the two forms meet, at about exp(-645).
  for (const uint64_t df : {1u, 5u, 40u, 1000u}) {
    double last = 0;
    for (double x = 1000; x < 4000; x += 1) {
      const double now = LogChiSquareSurvival(x, df);
      if (x > 1000) {
        ASSERT_LT(now, last);
        ASSERT_GT(now, last - 0.51) << x;
      }
      last = now;
    }
  }
}

}  // namespace
}  // namespace plumbline::stats
