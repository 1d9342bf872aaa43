#include "server/stats/distinct_sample.h"

#include <gtest/gtest.h>

#include <bit>
#include <vector>

#include "server/stats/hash.h"

namespace plumbline::stats {
namespace {

TEST(DistinctSample, IsExactBelowItsCapacity) {
  DistinctSample sample(1'000);
  for (uint64_t value = 0; value < 1'000; ++value) {
    sample.Add(HashUint64(value));
    if (value % 4 != 0) sample.Add(HashUint64(value), 3);
  }
  sample.Add(HashUint64(5), 0);
  EXPECT_EQ(sample.level(), 0);
  EXPECT_EQ(sample.EstimatedDistinct(), 1'000);
  EXPECT_EQ(sample.EstimatedSingletons(), 250);
  EXPECT_EQ(sample.entries().at(HashUint64(1)), 4u);
}

TEST(DistinctSample, OfNothingIsEmpty) {
  EXPECT_EQ(DistinctSample().EstimatedDistinct(), 0);
  EXPECT_EQ(DistinctSample().EstimatedSingletons(), 0);
}

TEST(DistinctSample, EstimatesAMillionInBoundedMemory) {
  DistinctSample sample(10'000);
  constexpr int kValues = 1'000'000;
  for (int value = 0; value < kValues; ++value) {
    sample.Add(HashUint64(static_cast<uint64_t>(value)));
    if (value % 2 == 0) sample.Add(HashUint64(static_cast<uint64_t>(value)));
  }
  EXPECT_GT(sample.level(), 0);
  EXPECT_LE(sample.entries().size(), 10'000u);
  // Four standard errors of 1 / sqrt(5,000).
  EXPECT_NEAR(sample.EstimatedDistinct() / kValues, 1, 0.057);
  EXPECT_NEAR(sample.EstimatedSingletons() / (kValues / 2), 1, 0.08);
}

TEST(DistinctSample, KeepsTheExactCountOfWhatItHolds) {
  DistinctSample sample(100);
  for (int round = 0; round < 7; ++round) {
    for (uint64_t value = 0; value < 5'000; ++value) sample.Add(HashUint64(value));
  }
  ASSERT_FALSE(sample.entries().empty());
  for (const auto& [hash, count] : sample.entries()) {
    EXPECT_EQ(count, 7u);
    EXPECT_GE(std::countl_zero(hash), sample.level());
  }
}

TEST(DistinctSample, OfMergedPartsIsThatOfAll) {
  DistinctSample all(200);
  std::vector<DistinctSample> parts(3, DistinctSample(200));
  for (uint64_t i = 0; i < 30'000; ++i) {
    const uint64_t hash = HashUint64(i % 9'000);
    all.Add(hash);
    parts[i < 100 ? 0 : i % 3].Add(hash);
  }
  DistinctSample forwards(200);
  DistinctSample backwards(200);
  for (size_t i = 0; i < 3; ++i) forwards.Merge(parts[i]);
  for (size_t i = 3; i-- > 0;) backwards.Merge(parts[i]);
  EXPECT_EQ(forwards.level(), all.level());
  EXPECT_EQ(forwards.entries(), all.entries());
  EXPECT_EQ(backwards.entries(), all.entries());
}

TEST(DistinctSample, MergedWithItselfDoublesCounts) {
  DistinctSample sample;
  sample.Add(HashUint64(1));
  sample.Merge(sample);
  EXPECT_EQ(sample.entries().at(HashUint64(1)), 2u);
}

TEST(DistinctSample, EndsOnHashesThatAreAllAlike) {
  // Adversarial: every hash has 62 leading zeros, or is 0.
  DistinctSample sample(1);
  for (const uint64_t hash : {0u, 1u, 2u, 3u}) sample.Add(hash);
  EXPECT_LE(sample.entries().size(), 1u);
  EXPECT_LE(sample.level(), 64);
}

}  // namespace
}  // namespace plumbline::stats
