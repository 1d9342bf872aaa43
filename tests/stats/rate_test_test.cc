#include "server/stats/rate_test.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

namespace plumbline::stats {
namespace {

TEST(FisherExactPValue, OfTheTeaTasting) {
  // Fisher (1935): 3 of 4 right is 17/70 one-sided, 34/70 two-sided.
  EXPECT_NEAR(FisherExactPValue(3, 1, 1, 3), 34.0 / 70, 1e-12);
  EXPECT_NEAR(FisherExactPValue(4, 0, 0, 4), 2.0 / 70, 1e-12);
}

TEST(FisherExactPValue, DoesNotCareForTheOrderOfRowsAndColumns) {
  const double p = FisherExactPValue(45, 455, 12, 988);
  EXPECT_NEAR(FisherExactPValue(12, 988, 45, 455) / p, 1, 1e-9);
  EXPECT_NEAR(FisherExactPValue(455, 45, 988, 12) / p, 1, 1e-9);
  EXPECT_NEAR(FisherExactPValue(45, 12, 455, 988) / p, 1, 1e-9);
}

TEST(FisherExactPValue, IsOneForEqualRatesAndForNoTest) {
  EXPECT_EQ(FisherExactPValue(5, 10, 5, 10), 1);
  EXPECT_EQ(FisherExactPValue(0, 0, 3, 4), 1);
  EXPECT_EQ(FisherExactPValue(3, 4, 0, 0), 1);
  EXPECT_EQ(FisherExactPValue(0, 10, 0, 20), 1);
}

TEST(FisherExactPValue, AgreesWithTheZTestForMillions) {
  const double exact = FisherExactPValue(10'400, 989'600, 10'000, 990'000);
  EXPECT_NEAR(exact / TwoProportionZPValue(10'400, 1'000'000, 10'000, 1'000'000), 1, 0.03);
}

TEST(RateIncreasePValue, IsTheHypergeometricTail) {
  EXPECT_NEAR(RateIncreasePValue(3, 4, 1, 4), 17.0 / 70, 1e-12);
  EXPECT_NEAR(RateDecreasePValue(3, 4, 1, 4), 69.0 / 70, 1e-12);
  EXPECT_NEAR(RateChangePValue(3, 4, 1, 4), 34.0 / 70, 1e-12);
  EXPECT_EQ(RateChangePValue(2, 4, 2, 4), 1);
}

TEST(RateIncreasePValue, OfARateThatWasZeroIsThePowerOfTheShare) {
  // All k marked rows among the live ones: about (n_live / total)^k.
  EXPECT_NEAR(RateIncreasePValue(3, 100, 0, 9'900) / (100.0 * 99 * 98 / (10'000.0 * 9'999 * 9'998)),
              1, 1e-9);
}

TEST(RateIncreasePValue, FallsWithTheLiveRate) {
  double last = 2;
  for (uint64_t k = 0; k <= 1'000; k += 10) {
    const double p = RateIncreasePValue(k, 1'000, 5'000, 50'000);
    EXPECT_LE(p, last);
    EXPECT_GE(p, 0);
    last = p;
  }
  EXPECT_LT(last, 1e-300);
}

TEST(RateIncreasePValue, IsNoEvidenceWithoutRows) {
  EXPECT_EQ(RateIncreasePValue(0, 0, 5, 10), 1);
  EXPECT_EQ(RateIncreasePValue(5, 10, 0, 0), 1);
  EXPECT_EQ(RateIncreasePValue(11, 10, 1, 10), 1);
  EXPECT_EQ(RateChangePValue(1, 10, 11, 10), 1);
  EXPECT_EQ(RateIncreasePValue(0, 10, 0, 10), 1);
}

TEST(RateIncreasePValue, IsSoundWithoutAnIncrease) {
  std::mt19937_64 random(4);
  std::binomial_distribution<uint64_t> live(500, 0.02);
  std::binomial_distribution<uint64_t> base(20'000, 0.02);
  int low = 0;
  constexpr int kRounds = 5'000;
  for (int round = 0; round < kRounds; ++round) {
    low += RateIncreasePValue(live(random), 500, base(random), 20'000) <= 0.01 ? 1 : 0;
  }
  EXPECT_LT(low, kRounds * 0.015);
  EXPECT_GT(low, 0);
}

TEST(RateIncreasePValue, TakesHugeCounts) {
  const uint64_t n = uint64_t{1} << 40;
  const double p = RateIncreasePValue(n / 100 + 200'000, n, n / 100, n);
  // z = 200,000 / sqrt(2 n 0.01 0.99)
  const double z = 200'000 / std::sqrt(2 * static_cast<double>(n) * 0.01 * 0.99);
  EXPECT_NEAR(p / (std::erfc(z / std::sqrt(2.0)) / 2), 1, 1e-3);
}

TEST(OddsRatio, IsFiniteAtTheEnds) {
  EXPECT_EQ(OddsRatio(5, 10, 5, 10), 1);
  EXPECT_DOUBLE_EQ(OddsRatio(10, 10, 0, 10), 21.0 * 21.0);
  EXPECT_DOUBLE_EQ(OddsRatio(0, 10, 10, 10), 1 / (21.0 * 21.0));
  EXPECT_NEAR(OddsRatio(2'000, 10'000, 1'000, 10'000), 2.25, 0.01);
  EXPECT_TRUE(std::isnan(OddsRatio(2, 1, 0, 1)));
}

TEST(TwoProportionZPValue, HasItsLimits) {
  EXPECT_EQ(TwoProportionZPValue(0, 10, 0, 20), 1);
  EXPECT_EQ(TwoProportionZPValue(10, 10, 20, 20), 1);
  EXPECT_EQ(TwoProportionZPValue(1, 0, 1, 2), 1);
  EXPECT_EQ(TwoProportionZPValue(5, 10, 50, 100), 1);
}

}  // namespace
}  // namespace plumbline::stats
