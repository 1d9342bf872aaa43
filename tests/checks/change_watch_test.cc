#include "server/checks/change_watch.h"

#include <cmath>
#include <memory>
#include <random>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/checks/checks.h"
#include "server/profile/statistics.h"
#include "tests/profile/batch_maker.h"

namespace plumbline::checks {
namespace {

using profile::Baseline;
using profile::MakeBatch;
using profile::NumberColumn;
using profile::Pane;

constexpr double kAlarm = 9.2;  // ln of 10,000 blocks

// x, y and z are normal; x and its nulls are for a test to spoil.
Pane Draw(const Baseline& baseline, std::mt19937_64* random, double mean = 0, int nulls = 0) {
  constexpr int kRows = 200;
  std::normal_distribution<double> normal;
  std::vector<double> x, y, z;
  std::vector<uint8_t> validity((kRows + 7) / 8, 0xff);
  for (int row = 0; row < kRows; ++row) {
    x.push_back(mean + normal(*random));
    y.push_back(normal(*random));
    z.push_back(normal(*random));
    if (row < nulls) validity[row >> 3] &= static_cast<uint8_t>(~(1 << (row & 7)));
  }
  std::vector<profile::ColumnView> columns = {NumberColumn("x", x), NumberColumn("y", y),
                                              NumberColumn("z", z)};
  columns[0].validity = validity;
  return profile::CountBatch(baseline, MakeBatch(kRows, columns));
}

// 12,800 rows whose mean is as `mean` says by row.
template <class Mean>
std::shared_ptr<const Baseline> Trained(std::mt19937_64* random, Mean mean) {
  constexpr int kRows = 12'800;
  std::normal_distribution<double> normal;
  std::vector<double> x, y, z;
  for (int row = 0; row < kRows; ++row) {
    x.push_back(mean(row) + normal(*random));
    y.push_back(normal(*random));
    z.push_back(normal(*random));
  }
  auto baseline = profile::BuildBaseline(
      {MakeBatch(kRows, {NumberColumn("x", x), NumberColumn("y", y), NumberColumn("z", z)})});
  EXPECT_TRUE(baseline.ok()) << baseline.status();
  return std::make_shared<const Baseline>(*std::move(baseline));
}

class ChangeWatchTest : public ::testing::Test {
 protected:
  std::mt19937_64 random_{1};
  std::shared_ptr<const Baseline> baseline_ = Trained(&random_, [](int) { return 0; });
  ChangeWatch watch_{baseline_.get()};
};

TEST_F(ChangeWatchTest, NamesWhatChanged) {
  for (int block = 0; block < 200; ++block) watch_.Observe(Draw(*baseline_, &random_));
  EXPECT_THAT(watch_.Weigh(kAlarm), ::testing::IsEmpty());
  for (int block = 0; block < 5; ++block) watch_.Observe(Draw(*baseline_, &random_, 0.6, 20));
  std::vector<VariableEvidence> evidence = watch_.Weigh(kAlarm);
  ASSERT_EQ(evidence.size(), 1u);
  EXPECT_EQ(evidence[0].variable, 0u);
  EXPECT_TRUE(evidence[0].drift.enough);
  EXPECT_LE(evidence[0].drift.rows, 8 * 200u);
  EXPECT_GE(evidence[0].drift.blocks, 2u);
  const ChangeEvidence& nulls = evidence[0].Of(CheckId::kNullRate);
  EXPECT_TRUE(nulls.enough);
  EXPECT_NEAR(static_cast<double>(nulls.marked) / static_cast<double>(nulls.rows), 0.1, 0.03);
  EXPECT_TRUE(watch_.Reset(CheckId::kDrift, 0));
  evidence = watch_.Weigh(kAlarm);
  ASSERT_EQ(evidence.size(), 1u);
  EXPECT_FALSE(evidence[0].drift.enough);
  EXPECT_TRUE(evidence[0].Of(CheckId::kNullRate).enough);
  AlertBook none;
  KeepActive(*baseline_, none, &evidence);
  EXPECT_THAT(evidence, ::testing::IsEmpty());
}

// Of 64 panes the last 4 have moved: the window hardly has.
TEST_F(ChangeWatchTest, LooksBackAsFarAsTheDriftIsLarge) {
  std::vector<Pane> panes;
  for (int pane = 0; pane < 64; ++pane) {
    panes.push_back(Draw(*baseline_, &random_, pane < 60 ? 0 : 1));
    watch_.Observe(panes.back());
  }
  std::vector<VariableEvidence> evidence = watch_.Weigh(kAlarm);
  ASSERT_EQ(evidence.size(), 1u);
  const auto latest = [&](size_t count) {
    Pane sum(*baseline_);
    for (size_t i = 64 - count; i < 64; ++i) sum.Merge(panes[i]);
    return sum;
  };
  Policy policy = DefaultPolicy();
  policy.window_panes = 64;
  LookBack(*baseline_, policy, latest, &evidence);
  ASSERT_TRUE(evidence[0].look.has_value());
  EXPECT_GE(evidence[0].look->panes, 4u);
  EXPECT_LE(evidence[0].look->panes, 8u);
  const Pane window = latest(64);
  const auto statistics = profile::CompareToBaseline(baseline_->variables[0], window.variables[0]);
  const Finding finding = CheckDrift({.baseline = baseline_->variables[0],
                                      .window = window.variables[0],
                                      .has_block = true,
                                      .evidence = &evidence[0],
                                      .statistics = statistics,
                                      .policy = policy});
  EXPECT_EQ(finding.status, Status::kFiring);
  EXPECT_GT(finding.blocks, 1u);
  EXPECT_THAT(finding.reason, ::testing::HasSubstr("(fires at 0.20) in the latest "));
}

TEST_F(ChangeWatchTest, GoesOnFromWhatWasStored) {
  for (int block = 0; block < 6; ++block) watch_.Observe(Draw(*baseline_, &random_, 0.3, 3));
  const std::string bytes = watch_.Encode();
  ChangeWatch restored(baseline_.get());
  ASSERT_TRUE(restored.Decode(bytes).ok());
  EXPECT_EQ(restored.Encode(), bytes);
  for (size_t length = 0; length < bytes.size(); length += 7) {
    EXPECT_EQ(restored.Decode(bytes.substr(0, length)).code(), absl::StatusCode::kDataLoss);
  }
  EXPECT_EQ(restored.Decode(bytes + "x").code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(restored.Encode(), bytes);
}

// Half of training is at 0, half at 2: either is far from the whole, and no drift.
TEST(NaturalVariation, ASeasonOfTrainingIsNoDrift) {
  std::mt19937_64 random(2);
  const auto baseline = Trained(&random, [](int row) { return row % 6'400 < 3'200 ? 0 : 2; });
  const profile::NaturalVariation& natural = baseline->variables[0].natural;
  EXPECT_TRUE(natural.IsKnown());
  EXPECT_FALSE(baseline->variables[1].natural.IsKnown());
  EXPECT_LT(baseline->variables[1].natural.PsiLimit(200), 0.2);
  // Of either half against the other; a window of a half is as far from the whole as that.
  const auto psi_of = [&](double mean) {
    const Pane pane = Draw(*baseline, &random, mean);
    return *profile::CompareToBaseline(baseline->variables[0], pane.variables[0]).psi_corrected;
  };
  EXPECT_GT(psi_of(0), 0.2);
  EXPECT_LT(psi_of(0), natural.PsiLimit(200));
  EXPECT_LT(psi_of(2), natural.PsiLimit(200));
  EXPECT_GT(psi_of(6), natural.PsiLimit(200));
  // Beyond half of training.
  EXPECT_NEAR(natural.PsiLimit(25'600), natural.PsiLimit(6'400) / 4, 1e-6);
  EXPECT_EQ(profile::NaturalVariation().PsiLimit(200), 0);
}

}  // namespace
}  // namespace plumbline::checks
