#include "server/profile/statistics.h"

#include <cmath>
#include <random>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/stats/ks.h"
#include "server/stats/psi.h"
#include "server/stats/wasserstein.h"
#include "tests/profile/batch_maker.h"

namespace plumbline::profile {
namespace {

using ::testing::IsEmpty;

template <class T>
Baseline BaselineOf(const std::vector<T>& values) {
  const ColumnView column = [&] {
    if constexpr (std::is_same_v<T, std::string>) {
      return TextColumn("x", values);
    } else {
      return NumberColumn("x", values);
    }
  }();
  return *BuildBaseline({MakeBatch(static_cast<uint32_t>(values.size()), {column})});
}

VariableCounts Live(const Baseline& baseline, const std::vector<double>& values) {
  if (values.empty()) return Pane(baseline).variables[0];
  return CountBatch(baseline,
                    MakeBatch(static_cast<uint32_t>(values.size()), {NumberColumn("x", values)}))
      .variables[0];
}

VariableCounts Live(const Baseline& baseline, const std::vector<std::string>& values) {
  return CountBatch(baseline,
                    MakeBatch(static_cast<uint32_t>(values.size()), {TextColumn("x", values)}))
      .variables[0];
}

std::vector<double> Normal(size_t size, double mean, uint64_t seed) {
  std::mt19937_64 random(seed);
  std::normal_distribution<double> normal(mean, 1);
  std::vector<double> values;
  for (size_t i = 0; i < size; ++i) values.push_back(normal(random));
  return values;
}

TEST(CompareToBaseline, IsZeroForTheTrainingDataThemselves) {
  for (const auto& values :
       {Normal(5'000, 3, 1), std::vector<double>{1, 2, 2, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 5}}) {
    const Baseline baseline = BaselineOf(values);
    const VariableStatistics found =
        CompareToBaseline(baseline.variables[0], Live(baseline, values));
    EXPECT_EQ(found.psi, 0.0);
    EXPECT_LT(*found.psi_corrected, 0.0);  // less what chance would give
    EXPECT_NEAR(*found.js_distance, 0, 1e-7);
    EXPECT_EQ(found.ks, 0.0);
    EXPECT_EQ(found.ks_p_value, 1.0);
    EXPECT_EQ(found.wasserstein, 0.0);
    EXPECT_EQ(found.wasserstein_raw, 0.0);
    EXPECT_NEAR(*found.hellinger, 0, 1e-7);
    EXPECT_EQ(found.tvd, 0.0);
    EXPECT_EQ(found.l_infinity, 0.0);
    EXPECT_NEAR(*found.chi_square, 0, 1e-9);
    EXPECT_EQ(found.out_of_range_rate, 0.0);
    EXPECT_NEAR(*found.mean, *DescribeBaseline(baseline.variables[0]).mean, 1e-12);
  }
}

TEST(CompareToBaseline, FindsAShift) {
  const std::vector<double> trained = Normal(50'000, 0, 1);
  const std::vector<double> live = Normal(5'000, 0.5, 2);
  const Baseline baseline = BaselineOf(trained);
  const VariableStatistics found = CompareToBaseline(baseline.variables[0], Live(baseline, live));
  EXPECT_NEAR(*found.ks, stats::KsFromSamples(trained, live)->statistic, *found.ks_resolution);
  EXPECT_LT(*found.ks_resolution, 0.006);
  // In-bin mass is spread evenly: within half a percent of a standard deviation.
  EXPECT_NEAR(*found.wasserstein_raw, *stats::WassersteinFromSamples(trained, live), 0.005);
  EXPECT_NEAR(*found.wasserstein, 0.5, 0.06);  // four standard errors of the live mean
  // PSI of two normals of equal variance is shift^2 (symmetrised KL) = 0.25; ten groups see less.
  EXPECT_GT(*found.psi, 0.18);
  EXPECT_LT(*found.psi, 0.27);
  EXPECT_LT(*found.chi_square_p_value, 1e-100);
}

TEST(CompareToBaseline, CorrectedPsiIsZeroOnAverageWithoutDrift) {
  const std::vector<double> trained = Normal(2'000, 0, 1);
  const Baseline baseline = BaselineOf(trained);
  ASSERT_EQ(baseline.variables[0].grouping.groups, 10u);
  double raw = 0;
  double corrected = 0;
  constexpr int kRounds = 300;
  for (int round = 0; round < kRounds; ++round) {
    const auto found = CompareToBaseline(
        baseline.variables[0], Live(baseline, Normal(300, 0, 100 + static_cast<uint64_t>(round))));
    raw += *found.psi / kRounds;
    corrected += *found.psi_corrected / kRounds;
  }
  EXPECT_GT(raw, 0.02);
  // One score has a standard deviation of about 0.014; the baseline is one draw and stays.
  EXPECT_NEAR(corrected, 0, 0.008);
}

TEST(CompareToBaseline, LeavesOutWhatAConstantHasNot) {
  const Baseline baseline = BaselineOf(std::vector<double>(400, 2.5));
  const VariableStatistics same =
      CompareToBaseline(baseline.variables[0], Live(baseline, std::vector<double>(100, 2.5)));
  EXPECT_FALSE(same.psi.has_value());
  EXPECT_FALSE(same.psi_corrected.has_value());
  EXPECT_FALSE(same.js_distance.has_value());
  EXPECT_FALSE(same.chi_square.has_value());
  EXPECT_FALSE(same.wasserstein.has_value());
  EXPECT_EQ(same.ks, 0.0);
  EXPECT_EQ(same.wasserstein_raw, 0.0);
  const VariableStatistics moved =
      CompareToBaseline(baseline.variables[0], Live(baseline, std::vector<double>{2.5, 3.5}));
  EXPECT_EQ(moved.ks, 0.5);
  EXPECT_NEAR(*moved.wasserstein_raw, 0.5, 1e-12);
  EXPECT_EQ(moved.out_of_range_rate, 0.5);
}

TEST(CompareToBaseline, SeesANearlyConstantVariableMove) {
  std::vector<double> trained(10'000, 0);
  trained[17] = 3;
  const Baseline baseline = BaselineOf(trained);
  std::vector<double> live(1'000, 0);
  std::fill(live.begin(), live.begin() + 500, 3);
  EXPECT_GT(*CompareToBaseline(baseline.variables[0], Live(baseline, live)).psi_corrected, 1);
}

TEST(CompareToBaseline, HasNothingToSayOfNoRows) {
  const Baseline baseline = BaselineOf(Normal(500, 0, 1));
  const VariableStatistics found =
      CompareToBaseline(baseline.variables[0], Live(baseline, std::vector<double>()));
  for (const auto& value : {found.psi, found.js_distance, found.ks, found.wasserstein, found.mean,
                            found.null_rate, found.nan_rate, found.out_of_range_rate}) {
    EXPECT_FALSE(value.has_value());
  }
  EXPECT_THAT(found.quantiles, IsEmpty());
}

TEST(CompareToBaseline, KeepsNanOutOfEverythingButItsRate) {
  const Baseline baseline = BaselineOf(Normal(500, 0, 1));
  const double inf = std::numeric_limits<double>::infinity();
  const VariableStatistics none = CompareToBaseline(
      baseline.variables[0], Live(baseline, std::vector<double>{NAN, NAN, inf, -inf}));
  EXPECT_EQ(none.nan_rate, 0.5);
  EXPECT_EQ(none.inf_rate, 0.5);
  EXPECT_FALSE(none.psi.has_value());
  EXPECT_FALSE(none.ks.has_value());
  EXPECT_FALSE(none.mean.has_value());
  const VariableStatistics some =
      CompareToBaseline(baseline.variables[0], Live(baseline, std::vector<double>{NAN, 0.5, inf}));
  EXPECT_EQ(some.mean, 0.5);
  EXPECT_FALSE(some.stddev.has_value());
}

TEST(CompareToBaseline, InterpolatesQuantilesOfTheLiveData) {
  const Baseline baseline = BaselineOf(Normal(50'000, 0, 1));
  std::vector<double> live = Normal(20'000, 0.3, 9);
  live.push_back(40);
  live.push_back(-30);
  const auto found = CompareToBaseline(baseline.variables[0], Live(baseline, live));
  std::sort(live.begin(), live.end());
  ASSERT_EQ(found.quantiles.size(), std::size(kQuantileRanks));
  EXPECT_EQ(found.quantiles.front(), -30);
  EXPECT_EQ(found.quantiles.back(), 40);
  for (size_t i = 1; i + 1 < std::size(kQuantileRanks); ++i) {
    const auto at = static_cast<size_t>(kQuantileRanks[i] * static_cast<double>(live.size()));
    // Bins of 1/224 of the mass: less than 0.03 wide in the body, 0.1 at the 1% and 99%.
    EXPECT_NEAR(found.quantiles[i], live[at], 0.05) << kQuantileRanks[i];
    EXPECT_GE(found.quantiles[i], found.quantiles[i - 1]);
  }
}

TEST(CompareToBaseline, PutsUnseenCategoriesIntoOtherAndStaysFinite) {
  std::vector<std::string> trained;
  for (int i = 0; i < 1'000; ++i) trained.push_back(i % 4 == 0 ? "a" : "b");
  const Baseline baseline = BaselineOf(trained);
  const VariableStatistics found = CompareToBaseline(
      baseline.variables[0], Live(baseline, std::vector<std::string>(100, "new")));
  EXPECT_EQ(found.unseen_rate, 1.0);
  EXPECT_FALSE(found.ks.has_value());
  EXPECT_FALSE(found.wasserstein_raw.has_value());
  EXPECT_FALSE(found.out_of_range_rate.has_value());
  EXPECT_FALSE(found.nan_rate.has_value());
  EXPECT_GT(*found.psi, 1);
  EXPECT_NEAR(*found.js_distance, 1, 1e-12);
  EXPECT_EQ(found.l_infinity, 1.0);
  EXPECT_GT(*found.cramers_v, 0.9);
  const VariableStatistics same = CompareToBaseline(baseline.variables[0], Live(baseline, trained));
  EXPECT_EQ(same.psi, 0.0);
  EXPECT_EQ(same.unseen_rate, 0.0);
}

TEST(CompareToBaseline, SurvivesTheLargestDoubles) {
  std::vector<double> trained;
  for (int i = 0; i < 400; ++i) trained.push_back((i % 2 == 0 ? -1.7e308 : 1.7e308) * (i / 400.0));
  const Baseline baseline = BaselineOf(trained);
  const auto found = CompareToBaseline(baseline.variables[0], Live(baseline, trained));
  EXPECT_EQ(found.ks, 0.0);
  EXPECT_EQ(found.psi, 0.0);
  for (const double value : found.quantiles) EXPECT_TRUE(std::isfinite(value));
}

TEST(DescribeBaseline, TellsTheTrainingDataThemselves) {
  const Baseline baseline = BaselineOf(std::vector<double>{1, 2, 3, 4, NAN, 5, 3, 3});
  const VariableStatistics found = DescribeBaseline(baseline.variables[0]);
  EXPECT_EQ(found.rows, 8u);
  EXPECT_EQ(found.nan_rate, 1.0 / 8);
  EXPECT_EQ(found.distinct, 5.0);
  EXPECT_EQ(found.mean, 3.0);
  EXPECT_EQ(found.min, 1.0);
  EXPECT_EQ(found.max, 5.0);
  EXPECT_NEAR(*found.stddev, std::sqrt(10.0 / 6), 1e-12);
  EXPECT_EQ(found.quantiles[5], 3.0);
  EXPECT_FALSE(found.psi.has_value());
}

uint64_t SumOf(const std::vector<DistributionGroup>& groups, uint64_t DistributionGroup::*count) {
  uint64_t sum = 0;
  for (const DistributionGroup& group : groups) sum += group.*count;
  return sum;
}

TEST(SideBySide, CountsEveryNumberOnceAndTheOutsideApart) {
  const std::vector<double> trained = Normal(10'000, 0, 1);
  const Baseline baseline = BaselineOf(trained);
  std::vector<double> live = Normal(1'000, 0, 2);
  for (const double x : {-50.0, -60.0, 70.0}) live.push_back(x);
  const VariableCounts counts = Live(baseline, live);
  const auto groups = SideBySide(baseline.variables[0], counts);
  ASSERT_EQ(groups.size(), 12u);
  EXPECT_EQ(SumOf(groups, &DistributionGroup::baseline_count), 10'000u);
  EXPECT_EQ(SumOf(groups, &DistributionGroup::live_count), 1'003u);
  EXPECT_EQ(groups.front().live_count, 2u);
  EXPECT_EQ(groups.front().baseline_count, 0u);
  EXPECT_FALSE(groups.front().lower.has_value());
  EXPECT_FALSE(groups.back().upper.has_value());
  for (size_t i = 1; i < groups.size(); ++i) {
    EXPECT_EQ(*groups[i].lower, *groups[i - 1].upper);
  }
}

TEST(SideBySide, ListsTheLargestCategoriesThenTheOthers) {
  std::vector<std::string> trained;
  for (int i = 0; i < 60; ++i) {
    for (int n = 0; n <= i; ++n) trained.push_back(absl::StrCat("c", i));
  }
  const Baseline baseline = BaselineOf(trained);
  const auto groups = SideBySide(baseline.variables[0],
                                 Live(baseline, std::vector<std::string>{"c59", "c0", "new"}), 20);
  ASSERT_EQ(groups.size(), 22u);
  EXPECT_EQ(groups[0].label, "c59");
  EXPECT_EQ(groups[0].baseline_count, 60u);
  EXPECT_EQ(groups[0].live_count, 1u);
  EXPECT_EQ(groups[20].label, "(other)");
  EXPECT_EQ(groups[20].live_count, 1u);
  EXPECT_EQ(groups[21].label, "(unseen)");
  EXPECT_EQ(SumOf(groups, &DistributionGroup::baseline_count), trained.size());
}

TEST(SideBySide, ShowsWhatCameWhereTrainingHadNoNumber) {
  const Baseline baseline = BaselineOf(std::vector<double>(10, NAN));
  const auto groups = SideBySide(baseline.variables[0], Live(baseline, std::vector<double>{1, 2}));
  ASSERT_EQ(groups.size(), 1u);
  EXPECT_EQ(groups[0].live_count, 2u);
}

}  // namespace
}  // namespace plumbline::profile
