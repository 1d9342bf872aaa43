#include "server/stats/ks.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <vector>

#include "server/stats/rank_sum.h"
#include "tests/stats/infinity.h"

namespace plumbline::stats {
namespace {

using Counts = std::vector<uint64_t>;
using Values = std::vector<double>;

TEST(KsFromCounts, IsZeroForTheSameShares) {
  const KsResult result = KsFromCounts(Counts{1, 2, 3}, Counts{1, 2, 3}).value();
  EXPECT_EQ(result.statistic, 0);
  EXPECT_EQ(result.p_value, 1);
}

TEST(KsFromCounts, IsOneForSeparatedSides) {
  const KsResult result = KsFromCounts(Counts{1000, 0, 0}, Counts{0, 0, 1000}).value();
  EXPECT_EQ(result.statistic, 1);
  EXPECT_EQ(result.at, 0u);
  EXPECT_LT(result.p_value, 1e-300);
}

TEST(KsFromCounts, OverAtomsIsTheKsOfTheSamples) {
  std::mt19937_64 random(1);
  std::uniform_int_distribution<int> value(0, 19);
  std::binomial_distribution<int> other(19, 0.5);
  Counts p(20);
  Counts q(20);
  Values a;
  Values b;
  for (int i = 0; i < 3'000; ++i) {
    a.push_back(value(random));
    b.push_back(other(random));
    ++p[static_cast<size_t>(a.back())];
    ++q[static_cast<size_t>(b.back())];
  }
  const KsResult counts = KsFromCounts(p, q).value();
  const KsResult samples = KsFromSamples(a, b).value();
  EXPECT_DOUBLE_EQ(counts.statistic, samples.statistic);
  EXPECT_DOUBLE_EQ(counts.p_value, samples.p_value);
}

TEST(KsFromCounts, TakesHugeCounts) {
  const uint64_t huge = uint64_t{1} << 40;
  EXPECT_NEAR(KsFromCounts(Counts{huge, huge}, Counts{huge, 3 * huge}).value().statistic, 0.25,
              1e-12);
}

TEST(KsFromCounts, RefusesWhatHasNoMeaning) {
  EXPECT_TRUE(absl::IsInvalidArgument(KsFromCounts(Counts{1}, Counts{1, 2}).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(KsFromCounts(Counts{}, Counts{}).status()));
  EXPECT_TRUE(absl::IsFailedPrecondition(KsFromCounts(Counts{0}, Counts{1}).status()));
  EXPECT_TRUE(absl::IsFailedPrecondition(KsFromCounts(Counts{1}, Counts{0}).status()));
}

TEST(KsFromSamples, IsRightByHandAndSymmetric) {
  const Values a = {1, 2, 3, 4};
  const Values b = {3, 4, 5, 6, 7};
  const KsResult result = KsFromSamples(a, b).value();
  EXPECT_DOUBLE_EQ(result.statistic, 0.6);  // at 4: 4/4 - 2/5
  EXPECT_EQ(result.at, 4u);
  EXPECT_DOUBLE_EQ(KsFromSamples(b, a).value().statistic, 0.6);
}

TEST(KsFromSamples, HandlesTiesConstantsAndInfinities) {
  EXPECT_EQ(KsFromSamples({1, 1, 1}, {1, 1}).value().statistic, 0);
  EXPECT_EQ(KsFromSamples({1, 1, 1}, {2}).value().statistic, 1);
  EXPECT_EQ(KsFromSamples({0.0}, {-0.0}).value().statistic, 0);
  EXPECT_EQ(KsFromSamples({-kInfinity, kInfinity}, {kInfinity}).value().statistic, 0.5);
}

TEST(KsFromSamples, RefusesNanAndEmptySides) {
  EXPECT_TRUE(absl::IsInvalidArgument(KsFromSamples({std::nan("")}, {1}).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(KsFromSamples({1}, {1, std::nan("")}).status()));
  EXPECT_TRUE(absl::IsFailedPrecondition(KsFromSamples({}, {1}).status()));
  EXPECT_TRUE(absl::IsFailedPrecondition(KsFromSamples({1}, {}).status()));
}

TEST(Kolmogorov, LimitHasItsTabulatedQuantiles) {
  // Smirnov (1948): 10%, 5%, 1% points.
  EXPECT_NEAR(KolmogorovPValue(1.22385), 0.10, 1e-5);
  EXPECT_NEAR(KolmogorovPValue(1.35810), 0.05, 1e-5);
  EXPECT_NEAR(KolmogorovPValue(1.62762), 0.01, 1e-5);
  EXPECT_EQ(KolmogorovPValue(0), 1);
  EXPECT_EQ(KolmogorovPValue(-1), 1);
  EXPECT_EQ(KolmogorovPValue(1e3), 0);
  EXPECT_TRUE(std::isnan(KolmogorovPValue(std::nan(""))));
}

TEST(Kolmogorov, LimitFallsWithoutAStep) {
  double last = 1;
  for (double lambda = 0.01; lambda < 4; lambda += 0.001) {
    const double p = KolmogorovPValue(lambda);
    ASSERT_LE(p, last + 1e-15) << lambda;
    ASSERT_LT(last - p, 2e-3) << lambda;
    last = p;
  }
  EXPECT_NEAR(KolmogorovPValue(1.18 - 1e-12), KolmogorovPValue(1.18 + 1e-12), 1e-11);
}

TEST(Kolmogorov, FiniteLawTendsToTheLimit) {
  for (const double lambda : {0.6, 0.9, 1.3, 2.0}) {
    const double n = 1e6;
    EXPECT_NEAR(KolmogorovFinitePValue(n, lambda / std::sqrt(n)) / KolmogorovPValue(lambda), 1,
                0.005);
  }
}

TEST(Kolmogorov, FiniteLawIsRightForTenValues) {
  // Tabulated 10% and 5% points of D_10: 0.36866 and 0.40925 (Miller 1956, 0.369 and 0.409).
  EXPECT_NEAR(KolmogorovFinitePValue(10, 0.36866), 0.10, 1e-3);
  EXPECT_NEAR(KolmogorovFinitePValue(10, 0.40925), 0.05, 1e-4);
  EXPECT_EQ(KolmogorovFinitePValue(10, 0.05), 1);
  EXPECT_EQ(KolmogorovFinitePValue(10, 1), 0);
  EXPECT_DOUBLE_EQ(KolmogorovFinitePValue(1, 0.75), 0.5);  // D_1 is uniform on [1/2, 1]
}

TEST(Kolmogorov, FiniteLawHasNoStepWhereItsTwoFormsMeet) {
  for (const double n : {100.0, 372.0, 5'000.0}) {
    const double d = std::sqrt(2.2 / n);
    EXPECT_NEAR(KolmogorovFinitePValue(n, d * (1 - 1e-9)) / KolmogorovFinitePValue(n, d), 1, 1e-5);
  }
}

// scipy.stats.mannwhitneyu's example: ages of men and women, U = 17; without continuity correction.
TEST(RankSum, IsScipysForValuesWithoutTies) {
  const Counts women = {1, 1, 0, 1, 0, 1, 0, 0, 0}, men = {0, 0, 1, 0, 1, 0, 1, 1, 1};
  const RankSumResult result = RankSum(women, men).value();
  EXPECT_DOUBLE_EQ(result.superiority, 17.0 / 20);
  EXPECT_NEAR(result.z, 1.7146428199482247, 1e-12);
  EXPECT_NEAR(result.p_value, 0.08641073297370007, 1e-12);
}

TEST(RankSum, IsSymmetricAndSeesNothingInTiesAlone) {
  const Counts a = {10, 0, 30, 5}, b = {3, 7, 12, 40};
  const RankSumResult ab = RankSum(a, b).value(), ba = RankSum(b, a).value();
  EXPECT_DOUBLE_EQ(ab.p_value, ba.p_value);
  EXPECT_DOUBLE_EQ(ab.superiority, 1 - ba.superiority);
  EXPECT_LT(ab.p_value, 1e-5);
  EXPECT_EQ(RankSum(Counts{0, 8}, Counts{0, 9})->p_value, 1);
  EXPECT_EQ(RankSum(Counts{1, 2, 3}, Counts{2, 4, 6})->z, 0);
  EXPECT_FALSE(RankSum(Counts{0, 0}, Counts{1, 1}).ok());
  EXPECT_FALSE(RankSum(Counts{1}, Counts{1, 1}).ok());
}

// What chance shows is uniform: a hundredth of the pairs of samples falls below 0.01.
TEST(RankSum, HoldsItsLevelOverFewCells) {
  std::mt19937_64 random(11);
  std::discrete_distribution<size_t> cell({5, 1, 20, 40, 3, 31});
  int below = 0;
  for (int trial = 0; trial < 4'000; ++trial) {
    Counts a(6), b(6);
    for (int i = 0; i < 40; ++i) ++a[cell(random)];
    for (int i = 0; i < 500; ++i) ++b[cell(random)];
    below += RankSum(a, b)->p_value < 0.01 ? 1 : 0;
  }
  EXPECT_LT(below, 40 + 4 * 6.3);
  EXPECT_GT(below, 40 - 4 * 6.3);
}

}  // namespace
}  // namespace plumbline::stats
