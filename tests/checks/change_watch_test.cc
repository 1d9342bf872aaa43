#include "server/checks/change_watch.h"

#include <cmath>
#include <memory>
#include <random>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
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
  std::shared_ptr<const ChangeReferences> references_ = std::make_shared<ChangeReferences>(
      baseline_, profile::LearnNaturalVariation(*baseline_).value());
  ChangeWatch watch_{references_};
};

TEST_F(ChangeWatchTest, NamesWhatChanged) {
  for (int block = 0; block < 200; ++block) watch_.Observe(Draw(*baseline_, &random_));
  for (const VariableEvidence& calm : watch_.Weigh(kAlarm)) {
    EXPECT_FALSE(calm.drift.enough);
    for (const ChangeEvidence& rate : calm.rates) EXPECT_FALSE(rate.enough);
  }
  for (int block = 0; block < 5; ++block) watch_.Observe(Draw(*baseline_, &random_, 0.6, 20));
  std::vector<VariableEvidence> evidence = watch_.Weigh(kAlarm);
  EXPECT_TRUE(evidence[0].drift.enough);
  EXPECT_TRUE(evidence[0].rates[0].enough);  // null_rate
  EXPECT_GT(evidence[0].psi_since.value_or(0), 0.2);
  EXPECT_LE(evidence[0].rows_since, 8 * 200);
  EXPECT_NEAR(static_cast<double>(evidence[0].rates_since[0].first) /
                  static_cast<double>(evidence[0].rates_since[0].second),
              0.1, 0.03);
  EXPECT_FALSE(evidence[1].drift.enough);
  watch_.Reset(CheckId::kDrift, 0);
  evidence = watch_.Weigh(kAlarm);
  EXPECT_FALSE(evidence[0].drift.enough);
  EXPECT_TRUE(evidence[0].rates[0].enough);
}

TEST_F(ChangeWatchTest, GoesOnFromWhatWasStored) {
  for (int block = 0; block < 6; ++block) watch_.Observe(Draw(*baseline_, &random_, 0.3, 3));
  const std::string bytes = watch_.Encode();
  ChangeWatch restored(references_);
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
  const std::vector<profile::NaturalVariation> natural =
      profile::LearnNaturalVariation(*baseline).value();
  EXPECT_TRUE(natural[0].IsKnown());
  EXPECT_FALSE(natural[1].IsKnown());
  EXPECT_LT(natural[1].PsiLimit(200), 0.2);
  // Of either half against the other; a window of a half is as far from the whole as that.
  const auto psi_of = [&](double mean) {
    const Pane pane = Draw(*baseline, &random, mean);
    return *profile::CompareToBaseline(baseline->variables[0], pane.variables[0]).psi_corrected;
  };
  EXPECT_GT(psi_of(0), 0.2);
  EXPECT_LT(psi_of(0), natural[0].PsiLimit(200));
  EXPECT_LT(psi_of(2), natural[0].PsiLimit(200));
  EXPECT_GT(psi_of(6), natural[0].PsiLimit(200));
  // Beyond half of training.
  EXPECT_NEAR(natural[0].PsiLimit(25'600), natural[0].PsiLimit(6'400) / 4, 1e-6);
  EXPECT_EQ(profile::NaturalVariation().PsiLimit(200), 0);
}

}  // namespace
}  // namespace plumbline::checks
