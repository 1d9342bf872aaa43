#include "server/stats/psi.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>
#include <vector>

namespace plumbline::stats {
namespace {

using Counts = std::vector<uint64_t>;

TEST(Psi, IsZeroForIdenticalCounts) {
  EXPECT_EQ(Psi(Counts{3, 0, 5}, Counts{3, 0, 5}).value(), 0);
  EXPECT_EQ(Psi(Counts{uint64_t{1} << 40, 7}, Counts{uint64_t{1} << 40, 7}).value(), 0);
}

TEST(Psi, IsWhatTheFormulaGives) {
  // p = (10.5, 30.5) / 41, q = (20.5, 20.5) / 41.
  const double p0 = 10.5 / 41;
  const double q0 = 0.5;
  const double expected = (q0 - p0) * std::log(q0 / p0) + (p0 - q0) * std::log(q0 / (1 - p0));
  EXPECT_NEAR(Psi(Counts{10, 30}, Counts{20, 20}).value(), expected, 1e-15);
}

TEST(Psi, IsSymmetricWhenSizesAreEqual) {
  const Counts a = {10, 20, 0, 70};
  const Counts b = {40, 25, 5, 30};
  EXPECT_DOUBLE_EQ(Psi(a, b).value(), Psi(b, a).value());
  EXPECT_GT(Psi(a, b).value(), 0);
}

TEST(Psi, DoesNotCareForTheOrderOfBins) {
  EXPECT_DOUBLE_EQ(Psi(Counts{10, 20, 0, 70}, Counts{40, 25, 5, 30}).value(),
                   Psi(Counts{0, 70, 20, 10}, Counts{5, 30, 25, 40}).value());
}

TEST(Psi, OfOneBinIsZero) { EXPECT_EQ(Psi(Counts{5}, Counts{900}).value(), 0); }

TEST(Psi, IsFiniteForDisjointSidesAndInfiniteOnlyWithoutSmoothing) {
  EXPECT_TRUE(std::isfinite(Psi(Counts{uint64_t{1} << 40, 0}, Counts{0, 1}).value()));
  EXPECT_EQ(Psi(Counts{1, 0}, Counts{0, 1}, 0).value(), std::numeric_limits<double>::infinity());
  EXPECT_EQ(Psi(Counts{1, 0}, Counts{2, 0}, 0).value(), 0);
}

TEST(Psi, RefusesWhatHasNoMeaning) {
  EXPECT_TRUE(absl::IsInvalidArgument(Psi(Counts{1}, Counts{1, 2}).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(Psi(Counts{}, Counts{}).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(Psi(Counts{1}, Counts{1}, -0.5).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(Psi(Counts{1}, Counts{1}, std::nan("")).status()));
  EXPECT_TRUE(absl::IsFailedPrecondition(Psi(Counts{0, 0}, Counts{1, 2}).status()));
  EXPECT_TRUE(absl::IsFailedPrecondition(Psi(Counts{1, 2}, Counts{0, 0}).status()));
}

TEST(PsiFromProbabilities, RaisesBothSidesToTheFloor) {
  const double psi = PsiFromProbabilities({1, 0}, {0.5, 0.5}, 1e-4).value();
  EXPECT_NEAR(psi, 0.5 * std::log(2.0) + (0.5 - 1e-4) * std::log(0.5 / 1e-4), 1e-12);
}

TEST(PsiFromProbabilities, RefusesWhatIsNoProbability) {
  EXPECT_TRUE(absl::IsInvalidArgument(PsiFromProbabilities({1}, {0.5, 0.5}, 0).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(PsiFromProbabilities({-1, 2}, {0.5, 0.5}, 0).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(PsiFromProbabilities({std::nan("")}, {1}, 0).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(PsiFromProbabilities({1}, {1}, -1).status()));
}

TEST(PsiChance, IsWhatTwoSamplesOfOneDistributionShow) {
  constexpr size_t kGroups = 10;
  constexpr uint64_t kLive = 2'000;
  constexpr uint64_t kBaseline = 20'000;
  std::mt19937_64 random(11);
  std::uniform_int_distribution<size_t> group(0, kGroups - 1);
  double mean = 0;
  constexpr int kRounds = 300;
  for (int round = 0; round < kRounds; ++round) {
    Counts baseline(kGroups);
    Counts live(kGroups);
    for (uint64_t i = 0; i < kBaseline; ++i) ++baseline[group(random)];
    for (uint64_t i = 0; i < kLive; ++i) ++live[group(random)];
    mean += Psi(baseline, live).value() / kRounds;
  }
  EXPECT_NEAR(mean / PsiChance(kGroups, kLive, kBaseline), 1, 0.1);
}

TEST(PsiChance, HasItsLimits) {
  EXPECT_EQ(PsiChance(0, 5, 5), 0);
  EXPECT_EQ(PsiChance(1, 5, 5), 0);
  EXPECT_EQ(PsiChance(1, 0, 5), 0);
  EXPECT_EQ(PsiChance(10, 0, 5), std::numeric_limits<double>::infinity());
  EXPECT_DOUBLE_EQ(PsiChance(10, 100, 900), 9 * (1.0 / 100 + 1.0 / 900));
}

}  // namespace
}  // namespace plumbline::stats
