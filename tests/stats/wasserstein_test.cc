#include "server/stats/wasserstein.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

#include "tests/stats/infinity.h"

namespace plumbline::stats {
namespace {

using Counts = std::vector<uint64_t>;
using Values = std::vector<double>;

double After(double x) { return std::nextafter(x, kInfinity); }

TEST(WassersteinFromSamples, OfAShiftIsTheShift) {
  EXPECT_DOUBLE_EQ(WassersteinFromSamples({1, 2, 5}, {4, 5, 8}).value(), 3);
  EXPECT_DOUBLE_EQ(WassersteinFromSamples({4, 5, 8}, {5, 1, 2}).value(), 3);
  EXPECT_EQ(WassersteinFromSamples({1, 2, 2}, {2, 1, 2}).value(), 0);
}

TEST(WassersteinFromSamples, WeighsSidesOfUnequalSize) {
  // {0, 1, 3} against {5, 6, 8, ...}: scipy's documented example gives 5.
  EXPECT_DOUBLE_EQ(WassersteinFromSamples({0, 1, 3}, {5, 6, 8}).value(), 5);
  EXPECT_DOUBLE_EQ(WassersteinFromSamples({0}, {1, 1, 4}).value(), 2);
}

TEST(WassersteinFromSamples, RefusesWhatIsNotFinite) {
  EXPECT_TRUE(absl::IsInvalidArgument(WassersteinFromSamples({kInfinity}, {1}).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(WassersteinFromSamples({1}, {std::nan("")}).status()));
  EXPECT_TRUE(absl::IsFailedPrecondition(WassersteinFromSamples({}, {1}).status()));
  EXPECT_TRUE(absl::IsFailedPrecondition(WassersteinFromSamples({1}, {}).status()));
}

TEST(WassersteinFromBins, IsZeroForTheSameShares) {
  EXPECT_EQ(WassersteinFromBins(Values{0, 1, 4}, Counts{1, 3}, Counts{2, 6}).value(), 0);
}

TEST(WassersteinFromBins, OfUniformBinsIsTheIntegralOfTheGap) {
  // Uniform on [0, 1] against uniform on [1, 2].
  EXPECT_DOUBLE_EQ(WassersteinFromBins(Values{0, 1, 2}, Counts{5, 0}, Counts{0, 9}).value(), 1);
  // The gap crosses 0 inside the middle bin: F - G goes 0, 1/2, -1/2, 0 over widths 1.
  EXPECT_DOUBLE_EQ(
      WassersteinFromBins(Values{0, 1, 2, 3}, Counts{2, 0, 2}, Counts{0, 4, 0}).value(),
      0.25 + 0.25 + 0.25 - 0.25 + 0.25 - 0.25 + 0.25);
}

TEST(WassersteinFromBins, OfAtomsIsExact) {
  // Atoms at 1 and 4, nothing between.
  const Values edges = {1, After(1), 4, After(4)};
  EXPECT_DOUBLE_EQ(WassersteinFromBins(edges, Counts{3, 0, 1}, Counts{1, 0, 3}).value(),
                   WassersteinFromSamples({1, 1, 1, 4}, {1, 4, 4, 4}).value());
}

TEST(WassersteinFromBins, CountsTheTailsByTheirSums) {
  // A constant 2 in training; live has -1, 0 below and 7 above.
  const Values edges = {2, After(2)};
  const double expected = WassersteinFromSamples({2}, {-1, 0, 2, 7}).value();
  EXPECT_NEAR(WassersteinFromBins(edges, Counts{10}, Counts{1}, {.count = 2, .sum = -1},
                                  {.count = 1, .sum = 7})
                  .value(),
              expected, 1e-12);
}

TEST(WassersteinFromBins, OverFineBinsIsNearTheExactOne) {
  std::mt19937_64 random(5);
  std::normal_distribution<double> normal(0, 1);
  Values a;
  Values b;
  for (int i = 0; i < 40'000; ++i) {
    a.push_back(normal(random));
    b.push_back(0.5 + 1.3 * normal(random));
  }
  std::sort(a.begin(), a.end());
  constexpr size_t kBins = 240;
  Values edges;
  for (size_t i = 0; i < kBins; ++i) edges.push_back(a[i * a.size() / kBins]);
  edges.push_back(a.back());
  Counts p(kBins);
  Counts q(kBins);
  WassersteinTail below;
  WassersteinTail above;
  const auto bin = [&](double x) {
    const auto at = std::upper_bound(edges.begin(), edges.end(), x) - edges.begin() - 1;
    return std::min(static_cast<size_t>(at), kBins - 1);
  };
  for (const double x : a) ++p[bin(x)];
  for (const double x : b) {
    if (x >= edges.front() && x <= edges.back()) {
      ++q[bin(x)];
      continue;
    }
    WassersteinTail& tail = x < edges.front() ? below : above;
    ++tail.count;
    tail.sum += x;
  }
  EXPECT_GT(below.count, 0u);
  EXPECT_GT(above.count, 0u);
  // What is left is the shape inside the two outermost bins, which are wide: the wider live sample
  // has 5% of its mass in each, and most of it near the inner edge.
  const double exact = WassersteinFromSamples(a, b).value();
  EXPECT_NEAR(WassersteinFromBins(edges, p, q, below, above).value() / exact, 1, 0.05);
}

TEST(WassersteinFromBins, OfAConstantThatStaysIsZero) {
  EXPECT_EQ(WassersteinFromBins(Values{3, 3}, Counts{10}, Counts{7}).value(), 0);
}

TEST(WassersteinFromBins, RefusesWhatHasNoMeaning) {
  const auto invalid = [](const Values& edges, const Counts& p, const Counts& q,
                          WassersteinTail below = {}, WassersteinTail above = {}) {
    return absl::IsInvalidArgument(WassersteinFromBins(edges, p, q, below, above).status());
  };
  EXPECT_FALSE(invalid({0, 1}, {1}, {1}));
  EXPECT_TRUE(invalid({}, {}, {}));
  EXPECT_TRUE(invalid({0}, {}, {}));
  EXPECT_TRUE(invalid({0, 1}, {1, 1}, {1}));
  EXPECT_TRUE(invalid({0, 1}, {1}, {1, 1}));
  EXPECT_TRUE(invalid({1, 0}, {1}, {1}));
  EXPECT_TRUE(invalid({0, kInfinity}, {1}, {1}));
  EXPECT_TRUE(invalid({0, std::nan("")}, {1}, {1}));
  EXPECT_TRUE(invalid({0, 1}, {1}, {1}, {.count = 1, .sum = 5}));
  EXPECT_TRUE(invalid({0, 1}, {1}, {1}, {}, {.count = 1, .sum = 0.5}));
  EXPECT_TRUE(invalid({0, 1}, {1}, {1}, {}, {.count = 1, .sum = kInfinity}));
  EXPECT_TRUE(
      absl::IsFailedPrecondition(WassersteinFromBins(Values{0, 1}, Counts{0}, Counts{1}).status()));
  EXPECT_TRUE(
      absl::IsFailedPrecondition(WassersteinFromBins(Values{0, 1}, Counts{1}, Counts{0}).status()));
  EXPECT_TRUE(
      WassersteinFromBins(Values{0, 1}, Counts{1}, Counts{0}, {.count = 1, .sum = -1}).ok());
}

}  // namespace
}  // namespace plumbline::stats
