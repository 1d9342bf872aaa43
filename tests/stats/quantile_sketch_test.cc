#include "server/stats/quantile_sketch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include "tests/stats/infinity.h"

namespace plumbline::stats {
namespace {

using ::testing::ElementsAre;

TEST(QuantileSketch, OfNothingHasNoQuantile) {
  const QuantileSketch sketch;
  EXPECT_EQ(sketch.count(), 0u);
  EXPECT_TRUE(absl::IsFailedPrecondition(sketch.Quantile(0.5).status()));
  EXPECT_TRUE(absl::IsFailedPrecondition(sketch.Rank(0).status()));
  EXPECT_TRUE(std::isnan(sketch.Min()));
  EXPECT_TRUE(std::isnan(sketch.Max()));
}

TEST(QuantileSketch, IsExactWhileItHoldsEverything) {
  QuantileSketch sketch(200);
  for (int i = 100; i >= 1; --i) sketch.Add(i);
  EXPECT_FALSE(sketch.IsEstimate());
  EXPECT_THAT(sketch.Quantiles({0, 0.01, 0.255, 0.5, 0.999, 1}).value(),
              ElementsAre(1, 1, 26, 50, 100, 100));
  EXPECT_EQ(sketch.Rank(0.5).value(), 0);
  EXPECT_EQ(sketch.Rank(1).value(), 0.01);
  EXPECT_EQ(sketch.Rank(50.5).value(), 0.5);
  EXPECT_EQ(sketch.Rank(1000).value(), 1);
}

TEST(QuantileSketch, RefusesNanAndBadRanks) {
  QuantileSketch sketch;
  EXPECT_FALSE(sketch.Add(std::nan("")));
  EXPECT_EQ(sketch.count(), 0u);
  EXPECT_TRUE(sketch.Add(1));
  EXPECT_TRUE(absl::IsInvalidArgument(sketch.Quantile(-0.1).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(sketch.Quantile(1.1).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(sketch.Quantile(std::nan("")).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(sketch.Rank(std::nan("")).status()));
}

TEST(QuantileSketch, OrdersInfinitiesAndJoinsZeros) {
  QuantileSketch sketch;
  for (const double x : {kInfinity, -0.0, 0.0, -kInfinity}) EXPECT_TRUE(sketch.Add(x));
  EXPECT_EQ(sketch.Min(), -kInfinity);
  EXPECT_EQ(sketch.Max(), kInfinity);
  EXPECT_EQ(sketch.Quantile(0.5).value(), 0);
  const auto values = sketch.WeightedValues();
  ASSERT_EQ(values.size(), 3u);
  EXPECT_EQ(values[1].second, 2u);
  EXPECT_FALSE(std::signbit(values[1].first));
}

struct Stream {
  std::string name;
  std::function<std::vector<double>(int)> make;
};

std::vector<double> Random(int count, std::function<double(std::mt19937_64&)> next) {
  std::mt19937_64 random(17);
  std::vector<double> values;
  for (int i = 0; i < count; ++i) values.push_back(next(random));
  return values;
}

std::vector<double> Ramp(int count, double step) {
  std::vector<double> values;
  for (int i = 0; i < count; ++i) values.push_back(i * step);
  return values;
}

class QuantileSketchStreams : public ::testing::TestWithParam<Stream> {
 protected:
  // The largest error of a rank over 99 quantiles; a value stands for all ranks that it has.
  static double WorstRankError(const QuantileSketch& sketch, std::vector<double> values) {
    std::sort(values.begin(), values.end());
    const double n = static_cast<double>(values.size());
    double worst = 0;
    for (int i = 1; i < 100; ++i) {
      const double rank = i / 100.0;
      const double value = sketch.Quantile(rank).value();
      const auto [first, last] = std::equal_range(values.begin(), values.end(), value);
      const double low = static_cast<double>(first - values.begin()) / n;
      const double high = static_cast<double>(last - values.begin()) / n;
      worst = std::max({worst, low - rank, rank - high});
      worst = std::max(worst, std::abs(sketch.Rank(value).value() - high));
    }
    return worst;
  }
};

TEST_P(QuantileSketchStreams, AreMetWithinTheRankError) {
  const std::vector<double> values = GetParam().make(200'000);
  for (const uint32_t k : {200u, 1000u}) {
    QuantileSketch sketch(k);
    for (const double x : values) ASSERT_TRUE(sketch.Add(x));
    EXPECT_EQ(sketch.count(), values.size());
    EXPECT_LT(sketch.retained(), 4 * k);
    EXPECT_EQ(sketch.Min(), *std::min_element(values.begin(), values.end()));
    EXPECT_EQ(sketch.Max(), *std::max_element(values.begin(), values.end()));
    // The worst of 99 ranks, against the bound of a pair of ranks.
    EXPECT_LT(WorstRankError(sketch, values), NormalizedRankError(k, true)) << "k = " << k;
  }
}

TEST_P(QuantileSketchStreams, AreMetByMergedParts) {
  const std::vector<double> values = GetParam().make(200'000);
  QuantileSketch merged(200);
  for (size_t from = 0; from < values.size(); from += 20'011) {
    QuantileSketch part(200, from + 1);
    for (size_t i = from; i < std::min(values.size(), from + 20'011); ++i) part.Add(values[i]);
    merged.Merge(part);
  }
  EXPECT_EQ(merged.count(), values.size());
  EXPECT_LT(merged.retained(), 4u * 200);
  EXPECT_LT(WorstRankError(merged, values), NormalizedRankError(200, true));
  uint64_t weight = 0;
  for (const auto& [value, w] : merged.WeightedValues()) weight += w;
  EXPECT_EQ(weight, values.size());
}

INSTANTIATE_TEST_SUITE_P(
    All, QuantileSketchStreams,
    ::testing::Values(
        Stream{"Ascending", [](int n) { return Ramp(n, 1); }},
        Stream{"Descending", [](int n) { return Ramp(n, -1); }},
        Stream{"Normal",
               [](int n) {
                 return Random(n, [](auto& r) { return std::normal_distribution<>(0, 1)(r); });
               }},
        Stream{"HeavyTailed",
               [](int n) {
                 return Random(n, [](auto& r) { return std::cauchy_distribution<>(0, 1)(r); });
               }},
        Stream{"MostlyZeros",
               [](int n) {
                 return Random(n, [](auto& r) {
                   return r() % 10 < 6 ? 0.0 : std::uniform_real_distribution<>(-1, 1)(r);
                 });
               }},
        Stream{
            "FiveIntegers",
            [](int n) { return Random(n, [](auto& r) { return static_cast<double>(r() % 5); }); }},
        Stream{"Constant", [](int n) { return std::vector<double>(static_cast<size_t>(n), 7.0); }}),
    [](const auto& info) { return info.param.name; });

TEST(QuantileSketch, IsTheSameForTheSameInput) {
  QuantileSketch a;
  QuantileSketch b;
  for (int i = 0; i < 50'000; ++i) {
    a.Add(std::sin(i));
    b.Add(std::sin(i));
  }
  EXPECT_EQ(a.WeightedValues(), b.WeightedValues());
}

TEST(QuantileSketch, MergedWithAnotherKHasTheSmaller) {
  QuantileSketch a(400);
  QuantileSketch b(100);
  for (int i = 0; i < 10'000; ++i) (i % 2 == 0 ? a : b).Add(i);
  a.Merge(b);
  EXPECT_EQ(a.k(), 100u);
  EXPECT_EQ(a.count(), 10'000u);
  EXPECT_NEAR(a.Quantile(0.5).value() / 10'000, 0.5, NormalizedRankError(100, true));
}

TEST(QuantileSketch, MergesWithNothingAndWithItself) {
  QuantileSketch a;
  a.Merge(QuantileSketch());
  EXPECT_EQ(a.count(), 0u);
  for (int i = 1; i <= 50; ++i) a.Add(i);
  a.Merge(QuantileSketch());
  EXPECT_EQ(a.Quantile(0.5).value(), 25);
  a.Merge(a);
  EXPECT_EQ(a.count(), 100u);
  EXPECT_EQ(a.Quantile(0.5).value(), 25);
}

}  // namespace
}  // namespace plumbline::stats
