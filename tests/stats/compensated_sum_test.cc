#include "server/stats/compensated_sum.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>
#include <vector>

namespace plumbline::stats {
namespace {

TEST(CompensatedSum, OfNothingIsZero) { EXPECT_EQ(CompensatedSum().Value(), 0); }

TEST(CompensatedSum, IsExactOverTenMillionTenths) {
  CompensatedSum sum;
  double naive = 0;
  for (int i = 0; i < 10'000'000; ++i) {
    sum.Add(0.1);
    naive += 0.1;
  }
  // The double 0.1 is 0.1 + 5.55e-18, so the exact sum rounds to 1e6.
  EXPECT_EQ(sum.Value(), 1e6);
  EXPECT_GT(std::abs(naive - 1e6), 1e-5) << "a plain sum would do as well";
}

TEST(CompensatedSum, SurvivesCancellation) {
  CompensatedSum sum;
  for (const double x : {1.0, 1e16, 1.0, -1e16}) sum.Add(x);
  EXPECT_EQ(sum.Value(), 2);
}

TEST(CompensatedSum, OfPartsMergedInAnyShapeIsTheSumOfAll) {
  std::mt19937_64 random(7);
  std::lognormal_distribution<double> values(0, 6);
  CompensatedSum all;
  std::vector<CompensatedSum> parts(17);
  for (int i = 0; i < 100'000; ++i) {
    const double x = (i % 2 == 0 ? 1 : -1) * values(random);
    all.Add(x);
    parts[static_cast<size_t>(i) % parts.size()].Add(x);
  }
  CompensatedSum merged;
  for (size_t i = parts.size(); i-- > 0;) merged.Merge(parts[i]);
  EXPECT_DOUBLE_EQ(merged.Value(), all.Value());
}

TEST(CompensatedSum, ComesBackFromItsParts) {
  CompensatedSum sum;
  for (const double x : {1e16, 1.0, 1e-3}) sum.Add(x);
  EXPECT_NE(sum.compensation(), 0);
  CompensatedSum restored = CompensatedSum::FromParts(sum.sum(), sum.compensation());
  restored.Add(-1e16);
  EXPECT_EQ(restored.Value(), 1.001);
}

TEST(CompensatedSum, ThatOverflowsIsInfinite) {
  CompensatedSum sum;
  sum.Add(std::numeric_limits<double>::max());
  sum.Add(std::numeric_limits<double>::max());
  EXPECT_EQ(sum.Value(), std::numeric_limits<double>::infinity());
}

}  // namespace
}  // namespace plumbline::stats
