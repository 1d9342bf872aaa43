#include "server/profile/schema.h"

#include "gtest/gtest.h"
#include "server/profile/counts.h"

namespace plumbline::profile {
namespace {

TEST(Schema, FindsItsVariables) {
  const auto schema = Schema::Create({{"a"}, {"b", Role::kLabel, Kind::kCategorical}});
  ASSERT_TRUE(schema.ok());
  EXPECT_EQ(schema->Find("b"), 1u);
  EXPECT_FALSE(schema->Find("c").has_value());
  EXPECT_EQ(schema->variables()[1].role, Role::kLabel);
}

TEST(SchemaWalk, FindsWhatTheSchemaDoesInAnyOrder) {
  const auto schema = Schema::Create({{"a"}, {"b"}, {"c"}});
  ASSERT_TRUE(schema.ok());
  SchemaWalk walk(*schema);
  for (const char* const name :
       {"a", "b", "c", "", "c", "a", "stranger", "b", "b", "c", "a", "c"}) {
    EXPECT_EQ(walk.Find(name), schema->Find(name)) << name;
  }
  EXPECT_FALSE(SchemaWalk(Schema()).Find("a").has_value());
}

TEST(Schema, RefusesEmptyAndRepeatedNames) {
  EXPECT_FALSE(Schema::Create({{""}}).ok());
  EXPECT_FALSE(Schema::Create({{"a"}, {"b"}, {"a"}}).ok());
}

TEST(Schema, NamesWhatItStores) {
  EXPECT_EQ(RoleName(Role::kPrediction), "prediction");
  EXPECT_EQ(KindName(Kind::kCategorical), "categorical");
  EXPECT_EQ(ValueTypeName(ValueType::kFloat), "float");
}

TEST(VariableCounts, TakeOverTheShiftWhileEmptyAndAddEveryCounter) {
  VariableCounts filled;
  filled.rows = 7;
  filled.nulls = filled.nans = filled.positive_infinities = filled.negative_infinities = 1;
  filled.wrong_type = filled.absent = 1;
  filled.codes = CodeCounts(3);
  filled.codes.Add(1);
  filled.moments = stats::Moments(1e9);
  filled.moments.Add(1e9 + 1);
  VariableCounts sum;
  sum.Merge(filled);
  EXPECT_EQ(sum.moments.shift(), 1e9);
  sum.Merge(filled);
  EXPECT_EQ(sum.rows, 14u);
  EXPECT_EQ(sum.nulls + sum.nans + sum.positive_infinities + sum.negative_infinities +
                sum.wrong_type + sum.absent + sum.Coded(),
            14u);
  EXPECT_EQ(sum.moments.Mean(), 1e9 + 1);
}

}  // namespace
}  // namespace plumbline::profile
