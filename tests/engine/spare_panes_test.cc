#include "server/engine/spare_panes.h"

#include <limits>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "tests/engine/rows.h"

namespace plumbline::engine {
namespace {

// Rows that leave something in every part of a pane.
Rows OddRows(std::mt19937_64* random) {
  Rows rows = RandomRows(random, 2'000, 0.5);
  rows.x[1] = std::numeric_limits<double>::quiet_NaN();
  rows.x[2] = std::numeric_limits<double>::infinity();
  rows.x[3] = -1e9;
  rows.city[4] = "atlantis";
  rows.score[5] = std::numeric_limits<double>::quiet_NaN();
  return rows;
}

profile::BatchView WithUnknownColumn(profile::BatchView view, const std::vector<double>& values) {
  view.columns.push_back(profile::NumberColumn("stranger", values));
  return view;
}

TEST(SparePanes, LendsAPaneAgainAsIfItWereNew) {
  SparePanes spare;
  const auto baseline = TrainedOnRows();
  const profile::Pane fresh(*baseline);
  std::mt19937_64 random(3);
  const profile::Pane* first = nullptr;
  for (int round = 0; round < 3; ++round) {
    SparePanes::LentPane lent = spare.Lend(baseline);
    if (round == 0) first = lent.get();
    EXPECT_EQ(lent.get(), first);
    EXPECT_EQ(EncodePane(*lent), EncodePane(fresh));
    EXPECT_EQ(lent->variables[0].moments.shift(), fresh.variables[0].moments.shift());
    const Rows rows = OddRows(&random);
    const profile::BatchView view = WithUnknownColumn(rows.View(), rows.x);
    profile::Pane counted(*baseline);
    const profile::PreparedBatch batch(*baseline, view);
    batch.Count(0, view.rows, lent.get());
    batch.Count(0, view.rows, &counted);
    EXPECT_EQ(EncodePane(*lent), EncodePane(counted));
    EXPECT_NE(EncodePane(*lent), EncodePane(fresh));
    EXPECT_FALSE(lent->unknown_variables.empty());
    EXPECT_FALSE(lent->faults.empty());
    EXPECT_FALSE(lent->outcomes.empty());
  }
  EXPECT_EQ(spare.size(), 1u);
}

TEST(SparePanes, TellsBaselinesApartAndKeepsNoneAlive) {
  SparePanes spare;
  auto one = TrainedOnRows();
  const auto other = TrainedOnRows();
  const std::weak_ptr<const profile::Baseline> watched = one;
  const profile::Pane* const of_one = spare.Lend(one).get();  // given back at once
  EXPECT_NE(spare.Lend(other).get(), of_one);
  EXPECT_EQ(spare.size(), 2u);
  EXPECT_EQ(spare.Lend(one).get(), of_one);
  one.reset();
  EXPECT_TRUE(watched.expired());
}

// A baseline of so many variables without values.
std::shared_ptr<const profile::Baseline> Wide(size_t variables) {
  auto baseline = std::make_shared<profile::Baseline>();
  baseline->variables.resize(variables);
  return baseline;
}

TEST(SparePanes, KeepsNoMoreVariablesThanItMay) {
  SparePanes spare;
  for (const size_t variables : {SparePanes::kMostVariables + 1, SparePanes::kMostVariables}) {
    const auto baseline = Wide(variables);
    { const SparePanes::LentPane lent = spare.Lend(baseline); }
    EXPECT_EQ(spare.size(), variables > SparePanes::kMostVariables ? 0u : 1u);
  }
  const auto half = Wide(SparePanes::kMostVariables / 2);
  std::vector<SparePanes::LentPane> lent;
  for (int i = 0; i < 3; ++i) lent.push_back(spare.Lend(half));
  lent.clear();
  EXPECT_EQ(spare.size(), 2u);
}

TEST(SparePanes, KeepsABoundedNumberEvenOfPanesWithoutVariables) {
  SparePanes spare;
  const auto nothing = Wide(0);
  std::vector<SparePanes::LentPane> lent;
  for (size_t i = 0; i < SparePanes::kMostPanes + 10; ++i) lent.push_back(spare.Lend(nothing));
  lent.clear();
  EXPECT_EQ(spare.size(), SparePanes::kMostPanes);
}

TEST(SparePanes, KeepsABoundedNumber) {
  SparePanes spare;
  const auto baseline = TrainedOnRows();
  const size_t most = SparePanes::kMostPanes;
  std::vector<SparePanes::LentPane> lent;
  for (size_t i = 0; i < most + 10; ++i) lent.push_back(spare.Lend(baseline));
  lent.clear();
  EXPECT_EQ(spare.size(), most);
  // Those of a baseline that nobody uses any more make room.
  const auto next = TrainedOnRows();
  for (size_t i = 0; i < 2 * most; ++i) lent.push_back(spare.Lend(next));
  lent.clear();
  EXPECT_EQ(spare.size(), most);
  for (size_t i = 0; i < most; ++i) lent.push_back(spare.Lend(next));
  EXPECT_EQ(spare.size(), 0u);
}

}  // namespace
}  // namespace plumbline::engine
