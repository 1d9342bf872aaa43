#include "server/stats/divergences.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>
#include <string>
#include <vector>

#include "server/stats/psi.h"
#include "tests/stats/infinity.h"

namespace plumbline::stats {
namespace {

using Counts = std::vector<uint64_t>;
using Weights = std::vector<double>;

struct Distance {
  std::string name;
  absl::StatusOr<double> (*counts)(absl::Span<const uint64_t>, absl::Span<const uint64_t>);
  absl::StatusOr<double> (*weights)(absl::Span<const double>, absl::Span<const double>);
  double disjoint;  // its value for sides that share no cell
  bool symmetric;
};

absl::StatusOr<double> LInfinityValue(absl::Span<const uint64_t> p, absl::Span<const uint64_t> q) {
  const auto result = LInfinity(p, q);
  if (!result.ok()) return result.status();
  return result->value;
}

absl::StatusOr<double> LInfinityValue(absl::Span<const double> p, absl::Span<const double> q) {
  const auto result = LInfinity(p, q);
  if (!result.ok()) return result.status();
  return result->value;
}

absl::StatusOr<double> Kl(absl::Span<const uint64_t> p, absl::Span<const uint64_t> q) {
  return KlDivergence(p, q);
}

absl::StatusOr<double> Kl(absl::Span<const double> p, absl::Span<const double> q) {
  return KlDivergence(p, q);
}

class Divergences : public ::testing::TestWithParam<Distance> {};

TEST_P(Divergences, AreZeroForIdenticalSides) {
  for (const Counts& side : {Counts{1}, Counts{3, 0, 5}, Counts{uint64_t{1} << 40, 1, 12}}) {
    EXPECT_EQ(GetParam().counts(side, side).value(), 0);
  }
}

TEST_P(Divergences, ReachTheirBoundForDisjointSides) {
  EXPECT_DOUBLE_EQ(GetParam().counts(Counts{4, 0}, Counts{0, 4}).value(), GetParam().disjoint);
}

TEST_P(Divergences, AreTheSameOverCountsAndOverWeights) {
  const Counts p = {10, 20, 5, 70};
  const Counts q = {40, 25, 5, 30};
  EXPECT_DOUBLE_EQ(GetParam().counts(p, q).value(),
                   GetParam().weights(Weights{10, 20, 5, 70}, Weights{40, 25, 5, 30}).value());
}

TEST_P(Divergences, DoNotCareForOrderAndStayInBounds) {
  std::mt19937_64 random(3);
  std::uniform_int_distribution<uint64_t> count(1, 1000);
  for (int round = 0; round < 50; ++round) {
    Counts p(20);
    Counts q(20);
    std::generate(p.begin(), p.end(), [&] { return count(random); });
    std::generate(q.begin(), q.end(), [&] { return count(random); });
    const double distance = GetParam().counts(p, q).value();
    EXPECT_GT(distance, 0);
    EXPECT_LE(distance, GetParam().disjoint);
    if (GetParam().symmetric) {
      EXPECT_NEAR(GetParam().counts(q, p).value(), distance, 1e-14);
    }
    std::vector<size_t> order(p.size());
    std::iota(order.begin(), order.end(), 0);
    std::shuffle(order.begin(), order.end(), random);
    Counts p_shuffled;
    Counts q_shuffled;
    for (const size_t i : order) p_shuffled.push_back(p[i]);
    for (const size_t i : order) q_shuffled.push_back(q[i]);
    EXPECT_NEAR(GetParam().counts(p_shuffled, q_shuffled).value(), distance, 1e-14);
  }
}

TEST_P(Divergences, RefuseWhatIsNoDistribution) {
  const auto& weights = GetParam().weights;
  EXPECT_TRUE(absl::IsInvalidArgument(GetParam().counts(Counts{1}, Counts{1, 2}).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(GetParam().counts(Counts{}, Counts{}).status()));
  EXPECT_TRUE(absl::IsFailedPrecondition(GetParam().counts(Counts{0}, Counts{1}).status()));
  EXPECT_TRUE(absl::IsFailedPrecondition(GetParam().counts(Counts{1}, Counts{0}).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(weights(Weights{1, 2}, Weights{1}).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(weights(Weights{1, -1}, Weights{1, 1}).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(weights(Weights{1}, Weights{std::nan("")}).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(weights(Weights{kInfinity}, Weights{1}).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(weights(Weights{1e308, 1e308}, Weights{1, 1}).status()));
  EXPECT_TRUE(absl::IsFailedPrecondition(weights(Weights{0, 0}, Weights{1, 0}).status()));
}

INSTANTIATE_TEST_SUITE_P(
    All, Divergences,
    ::testing::Values(Distance{"JsDivergence", JsDivergence, JsDivergence, 1, true},
                      Distance{"JsDistance", JsDistance, JsDistance, 1, true},
                      Distance{"KlDivergence", Kl, Kl, kInfinity, false},
                      Distance{"Hellinger", Hellinger, Hellinger, 1, true},
                      Distance{"TotalVariation", TotalVariation, TotalVariation, 1, true},
                      Distance{"LInfinity", LInfinityValue, LInfinityValue, 1, true},
                      Distance{"Bhattacharyya", Bhattacharyya, Bhattacharyya, kInfinity, true},
                      Distance{"IntersectionComplement", HistogramIntersectionComplement,
                               HistogramIntersectionComplement, 1, true},
                      Distance{"NormalizedAbsoluteDifference", NormalizedAbsoluteDifference,
                               NormalizedAbsoluteDifference, 0.5, true}),
    [](const auto& info) { return info.param.name; });

TEST(JsDivergence, KeepsItsDigitsForNearlyEqualSides) {
  // By the series: JS = (p - q)^2 / (8 ln 2 m) summed over cells, for a difference d = 1e-7.
  const double d = 1e-7;
  const double expected = 2 * d * d / (8 * std::log(2.0) * 0.5);
  const double js =
      JsDivergence(Weights{0.5 + d / 2, 0.5 - d / 2}, Weights{0.5 - d / 2, 0.5 + d / 2}).value();
  EXPECT_NEAR(js / expected, 1, 1e-6);
}

TEST(JsDivergence, IsSmoothWhereItsSeriesEnds) {
  // t = (p - q) / (p + q) crosses 0.05 between these.
  const auto at = [](double t) {
    return JsDivergence(Weights{1 + t, 1 - t}, Weights{1 - t, 1 + t}).value() / (t * t);
  };
  EXPECT_NEAR(at(0.05 - 1e-9) / at(0.05 + 1e-9), 1, 1e-9);
}

TEST(JsDistance, RelatesToPsiAsTheDocumentationSays) {
  // Near 0 both are chi-square distances: PSI is about 8 ln 2 times the divergence.
  const Counts p = {1000, 1000, 1000, 1000};
  const Counts q = {1020, 990, 1000, 990};
  const double ratio = Psi(p, q).value() / JsDivergence(p, q).value();
  EXPECT_NEAR(ratio / (8 * std::log(2.0)), 1, 0.01);
}

TEST(KlDivergence, IsFiniteWithAnEpsilon) {
  EXPECT_EQ(KlDivergence(Counts{1, 1}, Counts{1, 0}).value(), kInfinity);
  EXPECT_NEAR(KlDivergence(Counts{1, 1}, Counts{1, 0}, 1e-6).value(),
              0.5 * std::log(0.5) + 0.5 * std::log(0.5 / 1e-6), 1e-12);
  EXPECT_TRUE(absl::IsInvalidArgument(KlDivergence(Counts{1}, Counts{1}, -1).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(KlDivergence(Counts{1}, Counts{1}, kInfinity).status()));
}

TEST(LInfinity, NamesTheFirstLargestCell) {
  const LInfinityResult result = LInfinity(Counts{5, 5, 0}, Counts{5, 0, 5}).value();
  EXPECT_EQ(result.value, 0.5);
  EXPECT_EQ(result.at, 1u);
}

TEST(NormalizedAbsoluteDifference, SeesAChangeOfVolume) {
  EXPECT_EQ(LInfinityValue(Counts{1, 1}, Counts{3, 3}).value(), 0);
  EXPECT_EQ(NormalizedAbsoluteDifference(Counts{1, 1}, Counts{3, 3}).value(), 0.25);
}

}  // namespace
}  // namespace plumbline::stats
