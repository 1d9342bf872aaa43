#include "server/stats/heavy_hitters.h"

#include <gtest/gtest.h>

#include <map>
#include <random>

namespace plumbline::stats {
namespace {

void ExpectBoundsHold(const HeavyHitters& hitters, const std::map<uint64_t, uint64_t>& truth) {
  uint64_t total = 0;
  for (const auto& [key, count] : truth) total += count;
  ASSERT_EQ(hitters.TotalWeight(), total);
  EXPECT_LE(hitters.MaxError(), total / (hitters.capacity() + 1));
  for (const auto& [key, count] : truth) {
    const HeavyHitters::Candidate estimate = hitters.Estimate(key);
    ASSERT_LE(estimate.lower, count) << key;
    ASSERT_GE(estimate.upper, count) << key;
    if (count > hitters.MaxError()) {
      ASSERT_GT(estimate.lower, 0u) << key;
    }
  }
}

TEST(HeavyHitters, IsExactForFewKeys) {
  HeavyHitters hitters(10);
  for (uint64_t key = 0; key < 20; ++key) hitters.Add(key, key + 1);
  hitters.Add(3, 0);
  EXPECT_EQ(hitters.MaxError(), 0u);
  const auto candidates = hitters.Candidates();
  ASSERT_EQ(candidates.size(), 20u);
  EXPECT_EQ(candidates[0].key, 19u);
  EXPECT_EQ(candidates[0].lower, 20u);
  EXPECT_EQ(candidates[0].upper, 20u);
}

TEST(HeavyHitters, OrdersTiesByKey) {
  HeavyHitters hitters(10);
  for (const uint64_t key : {9u, 1u, 5u}) hitters.Add(key);
  const auto candidates = hitters.Candidates();
  EXPECT_EQ(candidates[0].key, 1u);
  EXPECT_EQ(candidates[2].key, 9u);
}

TEST(HeavyHitters, BoundsHoldOnSkewedAndOnUniformStreams) {
  for (const double exponent : {0.0, 1.0, 2.0}) {
    std::mt19937_64 random(8);
    std::vector<double> weights;
    for (int i = 1; i <= 20'000; ++i) weights.push_back(std::pow(i, -exponent));
    std::discrete_distribution<uint64_t> key(weights.begin(), weights.end());
    HeavyHitters hitters(100);
    std::map<uint64_t, uint64_t> truth;
    for (int i = 0; i < 100'000; ++i) {
      const uint64_t k = key(random);
      hitters.Add(k);
      ++truth[k];
    }
    EXPECT_LE(hitters.Candidates().size(), 200u);
    ExpectBoundsHold(hitters, truth);
  }
}

TEST(HeavyHitters, BoundsHoldAfterMerges) {
  std::mt19937_64 random(9);
  HeavyHitters merged(50);
  std::map<uint64_t, uint64_t> truth;
  for (int part = 0; part < 8; ++part) {
    HeavyHitters hitters(50);
    for (int i = 0; i < 5'000; ++i) {
      const uint64_t key = random() % (i % 3 == 0 ? 5 : 5'000);
      hitters.Add(key, 1 + i % 4);
      truth[key] += 1 + i % 4;
    }
    merged.Merge(hitters);
  }
  ExpectBoundsHold(merged, truth);
  for (uint64_t key = 0; key < 5; ++key) {
    EXPECT_GT(merged.Estimate(key).lower, 0u) << "a heavy key is lost";
  }
}

TEST(HeavyHitters, MergedWithItselfDoubles) {
  HeavyHitters hitters(4);
  hitters.Add(1, 3);
  hitters.Merge(hitters);
  EXPECT_EQ(hitters.Estimate(1).lower, 6u);
  EXPECT_EQ(hitters.TotalWeight(), 6u);
}

TEST(HeavyHitters, TakesHugeWeightsAndNoCapacity) {
  HeavyHitters hitters(0);
  EXPECT_EQ(hitters.capacity(), 1u);
  hitters.Add(1, uint64_t{1} << 40);
  hitters.Add(2);
  hitters.Add(3);
  EXPECT_GE(hitters.Estimate(1).upper, uint64_t{1} << 40);
  EXPECT_EQ(hitters.Candidates()[0].key, 1u);
}

}  // namespace
}  // namespace plumbline::stats
