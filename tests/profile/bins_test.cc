#include "server/profile/bins.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>

#include "gtest/gtest.h"

namespace plumbline::profile {
namespace {

constexpr double kLargest = std::numeric_limits<double>::max();

// The slow, obvious version.
template <class T>
uint32_t SlowCode(const std::vector<T>& edges, T x) {
  return static_cast<uint32_t>(std::upper_bound(edges.begin(), edges.end(), x) - edges.begin());
}

std::vector<double> EdgesOf(const NumericBins& bins) {
  return {bins.edges().begin(), bins.edges().end()};
}

TEST(NumericBins, RefusesBadEdges) {
  EXPECT_FALSE(NumericBins::Create({1, 1}, {false}).ok());
  EXPECT_FALSE(NumericBins::Create({2, 1}, {false}).ok());
  EXPECT_FALSE(NumericBins::Create({1, 2, 3}, {false}).ok());
  EXPECT_FALSE(NumericBins::Create({std::nan(""), 2}, {false}).ok());
  EXPECT_FALSE(NumericBins::Create({-INFINITY, 2}, {false}).ok());
}

TEST(NumericBins, CodesAsTheObviousVersionDoes) {
  std::mt19937_64 random(1);
  for (const size_t count : {1u, 2u, 3u, 7u, 64u, 239u, 240u}) {
    std::vector<double> edges;
    std::lognormal_distribution<double> heavy(0, 5);
    while (edges.size() < count + 1) {
      edges.push_back(heavy(random) - 1);
      std::sort(edges.begin(), edges.end());
      edges.erase(std::unique(edges.begin(), edges.end()), edges.end());
    }
    const auto bins = NumericBins::Create(edges, std::vector<bool>(count, false));
    ASSERT_TRUE(bins.ok()) << bins.status();
    for (int i = 0; i < 2000; ++i) {
      const double x =
          i % 3 == 0 ? edges[static_cast<size_t>(i) % edges.size()] : heavy(random) - 1;
      ASSERT_EQ(bins->Code(x), SlowCode(edges, x)) << x;
    }
    EXPECT_EQ(bins->Code(-kLargest), 0u);
    EXPECT_EQ(bins->Code(kLargest), count + 1);
  }
}

TEST(NumericBins, TreatsMinusZeroAsZeroAndDenormalsAsValues) {
  const double tiny = std::numeric_limits<double>::denorm_min();
  const NumericBins bins = ChooseBins({0.0, tiny, 1.0}, {}, {});
  EXPECT_EQ(bins.Code(-0.0), bins.Code(0.0));
  EXPECT_NE(bins.Code(tiny), bins.Code(0.0));
  EXPECT_EQ(bins.Code(-tiny), 0u);
}

TEST(NumericBins, HitsAtomsWithFloats) {
  const NumericBins bins = ChooseBins({0.1, 0.2, 0.7}, {}, {});
  for (const double value : {0.1, 0.2, 0.7}) {
    EXPECT_EQ(bins.Code(static_cast<float>(value)), bins.Code(value)) << value;
  }
  EXPECT_EQ(bins.Code(0.15f), bins.Code(0.15));
  EXPECT_EQ(bins.Code(0.05f), 0u);
  EXPECT_EQ(bins.Code(0.8f), bins.size() + 1);
}

TEST(ChooseBins, MakesOneBinOfAConstant) {
  const NumericBins bins = ChooseBins({42.5}, {}, {});
  ASSERT_EQ(bins.size(), 1u);
  EXPECT_TRUE(bins.is_atom(0));
  EXPECT_EQ(bins.Code(42.5), 1u);
  EXPECT_EQ(bins.Code(std::nextafter(42.5, 43.0)), 2u);
  EXPECT_EQ(bins.Code(std::nextafter(42.5, 42.0)), 0u);
}

TEST(ChooseBins, KeepsWhatLiesBetweenAtomsApart) {
  const NumericBins bins = ChooseBins({1, 2, 3, 4, 5}, {}, {});
  EXPECT_NE(bins.Code(2.5), bins.Code(2.0));
  EXPECT_NE(bins.Code(2.5), bins.Code(3.0));
  EXPECT_EQ(bins.Code(5.0), bins.size());
  EXPECT_EQ(bins.Code(5.1), bins.size() + 1);
}

TEST(ChooseBins, GivesAHeavyValueABinOfItsOwn) {
  // 60% zeros, the rest even in (0, 1].
  std::vector<double> quantiles;
  for (int i = 0; i <= 240; ++i) quantiles.push_back(std::max(0.0, (i / 240.0 - 0.6) / 0.4));
  const NumericBins bins = ChooseBins({}, quantiles, {0.0});
  ASSERT_TRUE(bins.is_atom(0));
  EXPECT_EQ(bins.Code(0.0), 1u);
  EXPECT_EQ(bins.Code(1e-9), 2u);
  EXPECT_GT(bins.size(), 90u);
  EXPECT_EQ(bins.Code(1.0), bins.size());
}

TEST(ChooseBins, StaysInItsBoundsWhateverTheData) {
  std::mt19937_64 random(7);
  for (int round = 0; round < 200; ++round) {
    std::vector<double> values;
    std::cauchy_distribution<double> heavy(0, 1e300);
    const bool atoms = round % 2 == 0;
    for (int i = 0; i <= 240; ++i) {
      const double x = std::clamp(heavy(random), -kLargest, kLargest);
      values.push_back(atoms ? std::floor(std::remainder(x, 100)) : x);
    }
    std::sort(values.begin(), values.end());
    std::vector<double> repeated;
    for (size_t i = 1; i < values.size(); ++i) {
      if (values[i] == values[i - 1] && (repeated.empty() || repeated.back() != values[i])) {
        repeated.push_back(values[i]);
      }
    }
    const NumericBins bins = ChooseBins({}, values, repeated);
    ASSERT_GE(bins.size(), 1u);
    ASSERT_LE(bins.size(), kMaxBins);
    for (const double value : values) {
      const uint32_t code = bins.Code(value);
      ASSERT_GE(code, 1u);
      ASSERT_LE(code, bins.size());
    }
    const std::vector<double> edges = EdgesOf(bins);
    ASSERT_TRUE(std::is_sorted(edges.begin(), edges.end()));
  }
}

TEST(ChooseBins, HoldsTheLargestDouble) {
  const NumericBins bins = ChooseBins({-kLargest, 0, kLargest}, {}, {});
  EXPECT_EQ(bins.Code(kLargest), bins.size());
  EXPECT_EQ(bins.Code(-kLargest), 1u);
}

TEST(ChooseBins, HasNoBinsWithoutValues) {
  EXPECT_EQ(ChooseBins({}, {}, {}).size(), 0u);
  EXPECT_EQ(NumericBins().Code(1.0), 1u);
}

// What float_edges are to be: an edge right behind a value becomes the float after it.
std::vector<float> SlowFloatEdges(const NumericBins& bins) {
  std::vector<float> edges;
  const auto round = [](double x) {
    const double largest = std::numeric_limits<float>::max();
    return x > largest ? INFINITY : x < -largest ? -INFINITY : static_cast<float>(x);
  };
  for (size_t i = 0; i < bins.edges().size(); ++i) {
    const double edge = bins.edges()[i];
    const bool behind = i == bins.size() || (i > 0 && bins.is_atom(i - 1));
    float narrow =
        behind ? std::nextafter(round(std::nextafter(edge, -INFINITY)), INFINITY) : round(edge);
    if (!edges.empty()) narrow = std::max(narrow, edges.back());
    edges.push_back(narrow);
  }
  return edges;
}

TEST(NumericBins, CodesManyAsItCodesOne) {
  std::mt19937_64 random(11);
  std::normal_distribution<double> normal(0, 1e3);
  std::vector<NumericBins> all = {NumericBins(), ChooseBins({42}, {}, {}),
                                  ChooseBins({1, 2, 3}, {}, {})};
  std::vector<double> quantiles;
  for (int i = 0; i < 241; ++i) quantiles.push_back(normal(random));
  std::sort(quantiles.begin(), quantiles.end());
  all.push_back(ChooseBins({}, quantiles, {quantiles[7], quantiles[100]}));
  for (const NumericBins& bins : all) {
    for (size_t size = 0; size < 300; size = size < 10 ? size + 1 : size * 2) {
      std::vector<double> x;
      for (size_t i = 0; i < size; ++i) {
        const double values[] = {normal(random), 42,        2,        quantiles[i % 241], -0.0,
                                 kLargest,       -kLargest, INFINITY, -INFINITY};
        x.push_back(values[random() % 9]);
      }
      const std::vector<float> narrow(x.begin(), x.end());
      std::vector<uint32_t> codes(size), narrow_codes(size);
      bins.Codes(absl::MakeConstSpan(x), codes.data());
      bins.Codes(absl::MakeConstSpan(narrow), narrow_codes.data());
      const std::vector<float> float_edges = SlowFloatEdges(bins);
      for (size_t i = 0; i < size; ++i) {
        ASSERT_EQ(codes[i], bins.Code(x[i]));
        ASSERT_EQ(narrow_codes[i], bins.Code(narrow[i]));
        if (bins.size() == 0) continue;
        ASSERT_EQ(codes[i], SlowCode(EdgesOf(bins), x[i])) << x[i];
        ASSERT_EQ(narrow_codes[i], SlowCode(float_edges, narrow[i])) << narrow[i];
      }
    }
  }
}

TEST(NumericBins, TakesValuesBeyondFloatForNoFloat) {
  const NumericBins bins = ChooseBins({-1e300, 5, 1e300}, {}, {});
  EXPECT_EQ(bins.Code(5.0f), bins.Code(5.0));
  const float largest = std::numeric_limits<float>::max();
  EXPECT_EQ(bins.Code(largest), bins.Code(1e299));
  EXPECT_EQ(bins.Code(-largest), bins.Code(-1e299));
}

TEST(ChooseBins, TellsNeighbouringDoublesApart) {
  const double next = std::nextafter(1.0, 2.0);
  const double after = std::nextafter(next, 2.0);
  const NumericBins bins = ChooseBins({1.0, next, after}, {}, {});
  ASSERT_EQ(bins.size(), 3u);
  for (size_t bin = 0; bin < 3; ++bin) EXPECT_TRUE(bins.is_atom(bin));
  EXPECT_EQ(bins.Code(1.0), 1u);
  EXPECT_EQ(bins.Code(next), 2u);
  EXPECT_EQ(bins.Code(after), 3u);
}

TEST(ChooseBins, HoldsAsManyAtomsAsItSays) {
  std::vector<double> distinct;
  for (size_t i = 0; i < kMaxAtoms; ++i) distinct.push_back(static_cast<double>(i) * 3 - 1000);
  const NumericBins bins = ChooseBins(distinct, {}, {});
  EXPECT_EQ(bins.size(), kMaxBins - 1);
  for (const double value : distinct) {
    EXPECT_TRUE(bins.is_atom(bins.Code(value) - 1));
    EXPECT_NE(bins.Code(value + 1), bins.Code(value));
  }
}

TEST(ChooseBins, LeavesOutQuantilesEvenlyWhereThereAreTooMany) {
  std::vector<double> quantiles, atoms;
  for (int i = 0; i <= 2000; ++i) quantiles.push_back(i + 0.5);
  for (int i = 0; i < 200; ++i) atoms.push_back(i * 10);
  const NumericBins bins = ChooseBins({}, quantiles, atoms);
  EXPECT_EQ(bins.size(), kMaxBins);
  double widest = 0;
  for (size_t i = 0; i < bins.size(); ++i) {
    widest = std::max(widest, bins.edges()[i + 1] - bins.edges()[i]);
  }
  EXPECT_LT(widest, 30);
}

TEST(ChooseBins, IsExactForDenormalsAndNegatives) {
  const double tiny = std::numeric_limits<double>::denorm_min();
  const NumericBins bins = ChooseBins({-5, -tiny, 0, tiny}, {}, {});
  for (const double value : {-5.0, -tiny, 0.0, tiny}) {
    EXPECT_TRUE(bins.is_atom(bins.Code(value) - 1)) << value;
  }
  EXPECT_EQ(bins.Code(2 * tiny), bins.size() + 1);
  EXPECT_EQ(bins.edges()[bins.Code(0.0) - 1], 0.0);
}

}  // namespace
}  // namespace plumbline::profile
