#include <algorithm>
#include <numeric>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/profile/baseline.h"

namespace plumbline::profile {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::Ge;

// A numeric variable whose codes (below, bins, above) have these counts.
VariableBaseline Numeric(std::vector<uint64_t> codes) {
  VariableBaseline variable;
  variable.variable.kind = Kind::kNumeric;
  variable.counts.codes = CodeCounts::Of(codes);
  return variable;
}

VariableBaseline Categorical(std::vector<uint64_t> codes) {
  VariableBaseline variable;
  variable.variable.kind = Kind::kCategorical;
  std::vector<std::string> names;
  for (size_t i = 0; i + 2 < codes.size(); ++i) names.push_back(std::string(1, 'a' + i % 26) + "x");
  for (size_t i = 0; i < names.size(); ++i) names[i] += std::to_string(i);
  variable.categories = *CategoryTable::Create(names, stats::MembershipFilter(0, 0.01, 8));
  variable.counts.codes = CodeCounts::Of(codes);
  return variable;
}

std::vector<uint32_t> GroupsOfCodes(const Grouping& grouping) {
  std::vector<uint32_t> groups;
  for (size_t code = 0; code < grouping.codes; ++code) groups.push_back(grouping.GroupOf(code));
  return groups;
}

TEST(Grouping, CutsEqualBinsIntoTenEqualGroups) {
  std::vector<uint64_t> codes(242, 100);
  codes.front() = codes.back() = 0;
  const Grouping grouping = MakeGrouping(Numeric(codes));
  EXPECT_EQ(grouping.groups, 10u);
  EXPECT_THAT(grouping.Sum(codes), Each(2400));
  const std::vector<uint32_t> groups = GroupsOfCodes(grouping);
  EXPECT_EQ(groups.front(), 0u);
  EXPECT_EQ(groups.back(), 9u);
  EXPECT_TRUE(std::is_sorted(groups.begin(), groups.end()));
}

TEST(Grouping, LeavesAHeavyAtomAlone) {
  std::vector<uint64_t> codes(102, 10);
  codes.front() = codes.back() = 0;
  codes[50] = 1500;  // 60% of about 2,500
  const Grouping grouping = MakeGrouping(Numeric(codes));
  EXPECT_NE(grouping.GroupOf(49), grouping.GroupOf(50));
  EXPECT_NE(grouping.GroupOf(51), grouping.GroupOf(50));
  EXPECT_EQ(grouping.groups, 5u);
}

TEST(Grouping, GivesEachOfAFewValuesItsGroupAndPoolsTheSparse) {
  // Atoms with empty bins between them; the last has 0.2%.
  const Grouping grouping = MakeGrouping(Numeric({0, 300, 0, 300, 0, 398, 0, 2, 0}));
  EXPECT_EQ(grouping.groups, 3u);
  EXPECT_THAT(GroupsOfCodes(grouping), ElementsAre(0, 0, 0, 1, 1, 2, 2, 2, 2));
}

TEST(Grouping, NoGroupIsSparseUnlessItIsTheSecond) {
  std::vector<uint64_t> codes(60, 0);
  for (size_t i = 1; i < 59; ++i) codes[i] = i % 7 == 0 ? 1000 : 1;
  const Grouping grouping = MakeGrouping(Numeric(codes));
  const double total = std::accumulate(codes.begin(), codes.end(), 0.0);
  EXPECT_GT(grouping.groups, 2u);
  EXPECT_THAT(grouping.Sum(codes), Each(Ge(0.005 * total)));
}

TEST(Grouping, KeepsTwoGroupsOfANearlyConstantVariable) {
  EXPECT_EQ(MakeGrouping(Numeric({0, 99'990, 0, 10, 0})).groups, 2u);
}

TEST(Grouping, HasOneGroupOfAConstantOrOfNothing) {
  EXPECT_EQ(MakeGrouping(Numeric({0, 500, 0})).groups, 1u);
  EXPECT_EQ(MakeGrouping(Numeric({0, 0})).groups, 1u);
  EXPECT_EQ(MakeGrouping(VariableBaseline()).groups, 0u);
}

TEST(Grouping, PutsRareSparseAndUnseenCategoriesIntoOther) {
  // Of 10,010: 'c' has 0.07%; then the rare and the unseen.
  const Grouping grouping = MakeGrouping(Categorical({9'000, 1'000, 7, 3, 0}));
  EXPECT_EQ(grouping.groups, 3u);
  EXPECT_THAT(GroupsOfCodes(grouping), ElementsAre(0, 1, 2, 2, 2));
  // Of 40 rows: more than 0.1%, but fewer than 5 rows.
  EXPECT_THAT(GroupsOfCodes(MakeGrouping(Categorical({36, 4, 0, 0}))), ElementsAre(0, 1, 1, 1));
}

TEST(Grouping, SumsWhatItsGroupsAreThoughTheyInterleave) {
  // A baseline from elsewhere may not have the most frequent category first.
  const std::vector<uint64_t> codes = {500, 1, 400, 300, 2, 0, 0};
  const Grouping grouping = MakeGrouping(Categorical(codes));
  EXPECT_THAT(GroupsOfCodes(grouping), ElementsAre(0, 3, 1, 2, 3, 3, 3));
  EXPECT_THAT(grouping.Sum({10, 20, 30, 40, 50, 60, 70}), ElementsAre(10, 30, 40, 200));
  EXPECT_THAT(grouping.Sum({10, 20}), ElementsAre(10, 0, 0, 20));
  EXPECT_THAT(grouping.Sum({10, 20, 30, 40, 50, 60, 70, 80}), ElementsAre(10, 30, 40, 200));
}

TEST(Grouping, HasOtherEvenIfTrainingHadNone) {
  const Grouping grouping = MakeGrouping(Categorical({500, 0, 0}));
  EXPECT_EQ(grouping.groups, 2u);
}

TEST(IsConstant, NeedsOneValueAndOnlyOne) {
  VariableBaseline numeric = Numeric({0, 2, 0});
  numeric.counts.moments.Add(3);
  numeric.counts.moments.Add(3);
  EXPECT_TRUE(numeric.is_constant());
  numeric.counts.moments.Add(4);
  EXPECT_FALSE(numeric.is_constant());
  EXPECT_FALSE(Numeric({0, 0}).is_constant());
  EXPECT_TRUE(Categorical({500, 0, 0}).is_constant());
  EXPECT_FALSE(Categorical({500, 1, 0}).is_constant());  // and a rare one
  EXPECT_FALSE(Categorical({500, 1, 0, 0}).is_constant());
}

}  // namespace
}  // namespace plumbline::profile
