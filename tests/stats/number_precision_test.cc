#include "server/stats/number_precision.h"

#include <cmath>
#include <cstddef>
#include <random>
#include <string>

#include "gtest/gtest.h"

namespace plumbline::stats {
namespace {

// The obvious version: one decimal after the other, while there are less than 2^53 units.
size_t ObviousDecimals(double number) {
  const double size = std::abs(number);
  for (size_t decimals = 0; decimals <= kMostDecimals; ++decimals) {
    const double power = std::stod("1e" + std::to_string(decimals));
    if (decimals > 0 && size * power >= 0x1p53) break;
    if (std::nearbyint(size * power) / power == size) return decimals;
  }
  return kMostDecimals + 1;
}

TEST(NumberPrecision, CountsWhatTheObviousVersionCounts) {
  std::mt19937_64 random(11);
  std::uniform_real_distribution<double> mantissa(1, 2);
  const auto check = [](double x) { ASSERT_EQ(DecimalsOf(x), ObviousDecimals(x)) << x; };
  for (int exponent = -60; exponent <= 60; ++exponent) {
    const double power = std::ldexp(1, exponent);
    for (const double x : {power, std::nextafter(power, 0), std::nextafter(power, 1e300)}) check(x);
    for (int i = 0; i < 100; ++i) check(-std::ldexp(mantissa(random), exponent));
  }
  // Around what has just 2^53 units, and numbers that are written with some decimals.
  for (size_t decimals = 0; decimals <= kMostDecimals; ++decimals) {
    const double unit = std::stod("1e-" + std::to_string(decimals));
    double x = 0x1p53 * unit;
    for (int i = 0; i < 20; ++i) x = std::nextafter(x, 0);
    for (int i = 0; i < 40; ++i, x = std::nextafter(x, 1e300)) check(x);
    for (int i = 0; i < 100; ++i) {
      check(std::floor(std::ldexp(mantissa(random), i % 50)) * unit);
    }
  }
}

TEST(NumberPrecision, CountsTheDecimalsThatANumberNeeds) {
  EXPECT_EQ(DecimalsOf(0), 0u);
  EXPECT_EQ(DecimalsOf(-12), 0u);
  EXPECT_EQ(DecimalsOf(1e300), 0u);
  EXPECT_EQ(DecimalsOf(0.1), 1u);
  EXPECT_EQ(DecimalsOf(-1234.25), 2u);
  EXPECT_EQ(DecimalsOf(8.3252), 4u);
  EXPECT_EQ(DecimalsOf(123456789.123456), 6u);
  EXPECT_EQ(DecimalsOf(0.1 + 0.2), kMostDecimals + 1);
  EXPECT_EQ(DecimalsOf(static_cast<double>(0.1f)), kMostDecimals + 1);
  EXPECT_EQ(DecimalsOf(1e-20), kMostDecimals + 1);
  EXPECT_EQ(DecimalsOf(5e-324), kMostDecimals + 1);
  EXPECT_TRUE(FitsFloat32(0.25));
  EXPECT_FALSE(FitsFloat32(0.1));
  EXPECT_FALSE(FitsFloat32(1e300));
}

}  // namespace
}  // namespace plumbline::stats
