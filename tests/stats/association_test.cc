#include "server/stats/association.h"

#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include "absl/status/status.h"
#include "gtest/gtest.h"

namespace plumbline::stats {
namespace {

TEST(Spearman, IsPearsonsOfMidRanks) {
  const std::vector<double> x = {1, 2, 3, 4, 5};
  EXPECT_DOUBLE_EQ(*Spearman(x, std::vector<double>{1, 8, 27, 64, 1e9}), 1);
  EXPECT_DOUBLE_EQ(*Spearman(x, std::vector<double>{5, 4, 3, 2, 1}), -1);
  // scipy.stats.spearmanr([1, 2, 3, 4, 5], [5, 6, 7, 8, 7])
  EXPECT_NEAR(*Spearman(x, std::vector<double>{5, 6, 7, 8, 7}), 0.8207826816681233, 1e-15);
}

TEST(Spearman, RefusesWhatHasNoRanks) {
  const std::vector<double> x = {1, 2, 3};
  EXPECT_EQ(Spearman(x, std::vector<double>{1, 2}).status().code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(Spearman(x, std::vector<double>{1, 2, std::nan("")}).status().code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(Spearman(x, std::vector<double>{4, 4, 4}).status().code(),
            absl::StatusCode::kFailedPrecondition);
}

TEST(CorrelationRatio, IsOneWhereTheGroupSaysAll) {
  const std::vector<uint32_t> groups = {0, 0, 1, 1, 2, 2};
  EXPECT_DOUBLE_EQ(*CorrelationRatio(groups, 5, std::vector<double>{1, 1, 7, 7, 3, 3}), 1);
}

TEST(CorrelationRatio, TakesOffWhatChanceGives) {
  std::mt19937_64 random(5);
  std::normal_distribution<double> normal(0, 1);
  std::vector<uint32_t> groups;
  std::vector<double> y;
  for (int i = 0; i < 2'000; ++i) {
    groups.push_back(random() % 200);
    y.push_back(normal(random));
  }
  EXPECT_LT(*CorrelationRatio(groups, 200, y), 0.15);  // eta itself is about 0.32
}

TEST(CorrelationRatio, RefusesOneGroupAndAsManyAsRows) {
  const std::vector<double> y = {1, 2, 3};
  for (const std::vector<uint32_t>& groups : {std::vector<uint32_t>{1, 1, 1}, {0, 1, 2}}) {
    EXPECT_EQ(CorrelationRatio(groups, 3, y).status().code(),
              absl::StatusCode::kFailedPrecondition);
  }
  EXPECT_EQ(CorrelationRatio(std::vector<uint32_t>{0, 1, 3}, 3, y).status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST(CramersV, IsOneForARenamingAndNearZeroByChance) {
  std::mt19937_64 random(6);
  std::vector<uint32_t> a, renamed, other;
  for (int i = 0; i < 3'000; ++i) {
    a.push_back(random() % 7);
    renamed.push_back(6 - a.back());
    other.push_back(random() % 9);
  }
  EXPECT_NEAR(*CramersV(a, 7, renamed, 7), 1, 1e-12);
  EXPECT_LT(*CramersV(a, 7, other, 9), 0.05);
}

TEST(CramersV, MeetsBergsmasFormula) {
  // Table ((20, 30), (40, 10)): X^2 / n = 1/6, corrected 1/6 - 1/99, over min(2 - 1/99, ...) - 1.
  std::vector<uint32_t> a, b;
  const int cells[2][2] = {{20, 30}, {40, 10}};
  for (uint32_t i = 0; i < 2; ++i) {
    for (uint32_t j = 0; j < 2; ++j) {
      a.insert(a.end(), cells[i][j], i);
      b.insert(b.end(), cells[i][j], j);
    }
  }
  EXPECT_NEAR(*CramersV(a, 2, b, 2), std::sqrt((1.0 / 6 - 1.0 / 99) / (1 - 1.0 / 99)), 1e-12);
  EXPECT_EQ(CramersV(a, 2, std::vector<uint32_t>(a.size(), 1), 2).status().code(),
            absl::StatusCode::kFailedPrecondition);
}

}  // namespace
}  // namespace plumbline::stats
