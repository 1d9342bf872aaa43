#include "server/stats/unseen_rate.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <string>
#include <vector>

namespace plumbline::stats {
namespace {

TEST(GoodTuringUnseenRate, IsTheShareOfSingletons) {
  EXPECT_EQ(GoodTuringUnseenRate(0, 100), 0);
  EXPECT_EQ(GoodTuringUnseenRate(5, 100), 0.05);
  EXPECT_EQ(GoodTuringUnseenRate(100, 100), 1);
  EXPECT_EQ(GoodTuringUnseenRate(0, 0), 1);
}

TEST(GoodTuringUnseenUpperBound, IsAboveTheEstimateAndTightensWithRows) {
  double last = 1;
  for (const uint64_t n : {1'000u, 10'000u, 100'000u, 1'000'000u}) {
    for (const uint64_t singletons : {uint64_t{0}, uint64_t{1}, uint64_t{n / 100}}) {
      const double bound = GoodTuringUnseenUpperBound(singletons, n, 0.99);
      EXPECT_GT(bound, GoodTuringUnseenRate(singletons, n));
      EXPECT_LE(bound, 1);
    }
    const double none = GoodTuringUnseenUpperBound(0, n, 0.99);
    EXPECT_LT(none, last);
    EXPECT_LT(none, 150.0 / n) << "useless for a baseline without singletons";
    last = none;
  }
}

TEST(GoodTuringUnseenUpperBound, RisesWithSingletonsAndConfidence) {
  EXPECT_LT(GoodTuringUnseenUpperBound(0, 10'000, 0.95),
            GoodTuringUnseenUpperBound(1, 10'000, 0.95));
  EXPECT_LT(GoodTuringUnseenUpperBound(5, 10'000, 0.9),
            GoodTuringUnseenUpperBound(5, 10'000, 0.999));
}

TEST(GoodTuringUnseenUpperBound, IsOneWhenNothingIsKnown) {
  EXPECT_EQ(GoodTuringUnseenUpperBound(0, 0, 0.95), 1);
  EXPECT_EQ(GoodTuringUnseenUpperBound(10, 10, 0.95), 1);
  EXPECT_EQ(GoodTuringUnseenUpperBound(0, 10, 0), 1);
  EXPECT_EQ(GoodTuringUnseenUpperBound(0, 10, 1), 1);
  EXPECT_EQ(GoodTuringUnseenUpperBound(0, 10, std::nan("")), 1);
}

// Share of samples of n rows in which the unseen mass is above the bound.
double FailureRate(const std::vector<double>& weights, int n, double confidence, int rounds) {
  std::mt19937_64 random(13);
  std::discrete_distribution<size_t> category(weights.begin(), weights.end());
  const std::vector<double> shares = category.probabilities();
  int failures = 0;
  for (int round = 0; round < rounds; ++round) {
    std::vector<int> counts(shares.size());
    for (int i = 0; i < n; ++i) ++counts[category(random)];
    uint64_t singletons = 0;
    double unseen = 0;
    for (size_t c = 0; c < counts.size(); ++c) {
      singletons += counts[c] == 1 ? 1 : 0;
      if (counts[c] == 0) unseen += shares[c];
    }
    if (unseen > GoodTuringUnseenUpperBound(singletons, static_cast<uint64_t>(n), confidence)) {
      ++failures;
    }
  }
  return failures / static_cast<double>(rounds);
}

TEST(GoodTuringUnseenUpperBound, HoldsWhateverTheDistribution) {
  constexpr int kRows = 2'000;
  // Zipf; many categories just likely enough to be missed rarely; a crowd of hopeless ones; a few.
  std::vector<double> zipf;
  for (int i = 1; i <= 5'000; ++i) zipf.push_back(1.0 / i);
  const std::vector<double> borderline(kRows / 6, 1.0);
  std::vector<double> crowd(20'000, 1e-6);
  crowd.push_back(0.98);
  const std::vector<double> rare_one = {1 - 3.0 / kRows, 3.0 / kRows};
  std::vector<double> tens(kRows / 10, 1.0);
  for (const auto& weights : {zipf, borderline, crowd, rare_one, tens}) {
    EXPECT_LE(FailureRate(weights, kRows, 0.95, 400), 0.05) << weights.size();
  }
}

}  // namespace
}  // namespace plumbline::stats
