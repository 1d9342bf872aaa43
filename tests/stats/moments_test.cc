#include "server/stats/moments.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>
#include <vector>

namespace plumbline::stats {
namespace {

Moments Of(const std::vector<double>& values, double shift = 0) {
  Moments moments(shift);
  moments.AddAll(values);
  return moments;
}

std::vector<double> Normal(double mean, double deviation, int count, uint64_t seed) {
  std::mt19937_64 random(seed);
  std::normal_distribution<double> normal(mean, deviation);
  std::vector<double> values;
  for (int i = 0; i < count; ++i) values.push_back(normal(random));
  return values;
}

TEST(Moments, OfNothingDoNotExist) {
  const Moments empty(3);
  EXPECT_EQ(empty.count(), 0u);
  EXPECT_TRUE(std::isnan(empty.Sum()));
  EXPECT_TRUE(std::isnan(empty.Mean()));
  EXPECT_TRUE(std::isnan(empty.Variance()));
  EXPECT_TRUE(std::isnan(empty.SampleVariance()));
  EXPECT_TRUE(std::isnan(empty.Min()));
  EXPECT_TRUE(std::isnan(empty.Max()));
}

TEST(Moments, OfFewValuesByHand) {
  for (const double shift : {0.0, 4.0, -1e6}) {
    const Moments moments = Of({2, 4, 4, 4, 5, 5, 7, 9}, shift);
    EXPECT_EQ(moments.count(), 8u);
    EXPECT_EQ(moments.Sum(), 40);
    EXPECT_EQ(moments.Mean(), 5);
    EXPECT_NEAR(moments.Variance(), 4, 1e-9);
    EXPECT_NEAR(moments.SampleVariance(), 32.0 / 7, 1e-9);
    EXPECT_NEAR(moments.StandardDeviation(), 2, 1e-9);
    EXPECT_EQ(moments.Min(), 2);
    EXPECT_EQ(moments.Max(), 9);
  }
}

TEST(Moments, OfOneValueHaveNoSampleVariance) {
  const Moments one = Of({0.1}, 7);
  EXPECT_EQ(one.Mean(), 0.1);
  EXPECT_EQ(one.Variance(), 0);
  EXPECT_TRUE(std::isnan(one.SampleVariance()));
}

TEST(Moments, OfAConstantHaveVarianceExactlyZero) {
  for (const double value : {0.003467, 1e300, -1e-310, 0.1}) {
    const Moments constant = Of(std::vector<double>(10'000, value));
    EXPECT_EQ(constant.Variance(), 0) << value;
    EXPECT_EQ(constant.Mean(), value);
  }
}

TEST(Moments, KeepTheVarianceOfASmallSpreadFarFromZero) {
  // Mean 1e9, deviation 1: the squares are 1e18, so plain sums would lose everything.
  const std::vector<double> values = Normal(1e9, 1, 100'000, 3);
  long double mean = 0;
  for (const double x : values) mean += x;
  mean /= static_cast<long double>(values.size());
  long double variance = 0;
  for (const double x : values) variance += (x - mean) * (x - mean);
  variance /= static_cast<long double>(values.size());
  const Moments moments = Of(values, values[0]);
  EXPECT_NEAR(moments.Variance() / static_cast<double>(variance), 1, 1e-12);
  EXPECT_DOUBLE_EQ(moments.Mean(), static_cast<double>(mean));
}

TEST(Moments, LoseNothingToTheShift) {
  // 1e16 + 0.3 is not a double: the shift's rounding error has to be carried along.
  EXPECT_NEAR(Of({0.3, 0.4, 0.5}, 1e16).Mean(), 0.4, 1e-15);
}

TEST(Moments, OfMergedPartsAreThoseOfAll) {
  const std::vector<double> values = Normal(50, 10, 10'000, 5);
  const absl::Span<const double> all(values);
  Moments merged(50);
  for (size_t from = 0; from < values.size(); from += 997) {
    Moments part(50);
    part.AddAll(all.subspan(from, 997));
    merged.Merge(part);
  }
  const Moments whole = Of(values, 50);
  EXPECT_EQ(merged.count(), whole.count());
  EXPECT_DOUBLE_EQ(merged.Mean(), whole.Mean());
  EXPECT_DOUBLE_EQ(merged.Variance(), whole.Variance());
  EXPECT_EQ(merged.Min(), whole.Min());
  EXPECT_EQ(merged.Max(), whole.Max());
}

TEST(Moments, OfAnotherShiftAreRecentred) {
  const std::vector<double> values = Normal(50, 10, 10'000, 5);
  Moments merged = Of(values, 45);
  merged.Merge(Of(values, -3'000));
  EXPECT_EQ(merged.shift(), 45);
  EXPECT_EQ(merged.count(), 20'000u);
  EXPECT_NEAR(merged.Mean(), Of(values, 50).Mean(), 1e-12);
  EXPECT_NEAR(merged.Variance() / Of(values, 50).Variance(), 1, 1e-11);
}

TEST(Moments, MergedWithNothingStay) {
  Moments moments = Of({1, 2}, 1);
  moments.Merge(Moments(99));
  EXPECT_EQ(moments.Mean(), 1.5);
  Moments empty(7);
  empty.Merge(moments);
  EXPECT_EQ(empty.Min(), 1);
  EXPECT_EQ(empty.Mean(), 1.5);
}

TEST(Moments, ComeBackFromTheirParts) {
  const Moments moments = Of(Normal(5, 2, 1'000, 9), 4.5);
  const absl::StatusOr<Moments> restored = Moments::FromParts(moments.ToParts());
  ASSERT_TRUE(restored.ok());
  EXPECT_EQ(restored->Mean(), moments.Mean());
  EXPECT_EQ(restored->Variance(), moments.Variance());
  EXPECT_EQ(restored->Min(), moments.Min());
  ASSERT_TRUE(Moments::FromParts(MomentsParts{}).ok());
}

TEST(Moments, RefuseImpossibleParts) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const MomentsParts good = Of({1, 2, 3}, 1).ToParts();
  const auto refused = [](MomentsParts parts) {
    return absl::IsInvalidArgument(Moments::FromParts(parts).status());
  };
  ASSERT_FALSE(refused(good));
  MomentsParts bad = good;
  bad.shift = nan;
  EXPECT_TRUE(refused(bad));
  bad = good;
  bad.sum = nan;
  EXPECT_TRUE(refused(bad));
  bad = good;
  bad.sum_squares = -1;
  EXPECT_TRUE(refused(bad));
  bad = good;
  bad.min = 4;
  EXPECT_TRUE(refused(bad));
  bad = good;
  bad.max = std::numeric_limits<double>::infinity();
  EXPECT_TRUE(refused(bad));
  bad = good;
  bad.count = 0;
  EXPECT_TRUE(refused(bad));
}

}  // namespace
}  // namespace plumbline::stats
