#include "server/profile/batch.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/profile/batch_maker.h"

namespace plumbline::profile {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

const std::vector<double> kThree = {1, 2, 3};

TEST(ValidateBatch, AcceptsASoundBatch) {
  EXPECT_THAT(ValidateBatch(MakeBatch(3, {NumberColumn("a", kThree)})), IsEmpty());
}

TEST(ValidateBatch, RefusesNoRowsAndNoColumns) {
  EXPECT_THAT(ValidateBatch(MakeBatch(0, {})), SizeIs(2));
}

TEST(ValidateBatch, NamesTheColumnWhoseLengthDiffers) {
  const auto violations = ValidateBatch(MakeBatch(4, {NumberColumn("age", kThree)}));
  ASSERT_THAT(violations, SizeIs(1));
  EXPECT_EQ(violations[0].field, "batch.columns[0].values");
  EXPECT_THAT(violations[0].description, HasSubstr("\"age\" has 3 values"));
}

TEST(ValidateBatch, RefusesABitmapOfTheWrongLength) {
  ColumnView column = NumberColumn("age", kThree);
  const std::vector<uint8_t> bitmap = {0xff, 0xff};
  column.validity = bitmap;
  const auto violations = ValidateBatch(MakeBatch(3, {column}));
  ASSERT_THAT(violations, SizeIs(1));
  EXPECT_EQ(violations[0].field, "batch.columns[0].validity");
}

TEST(ValidateBatch, RefusesAnIndexOutsideTheDictionaryUnlessItsRowIsNull) {
  const std::vector<uint32_t> indices = {0, 7, 1};
  ColumnView column;
  column.name = "color";
  column.values = DictionaryView{{"red", "blue"}, indices};
  const auto violations = ValidateBatch(MakeBatch(3, {column}));
  ASSERT_THAT(violations, SizeIs(1));
  EXPECT_THAT(violations[0].description, HasSubstr("index 7 in row 1"));

  const std::vector<uint8_t> bitmap = {0b101};
  column.validity = bitmap;
  EXPECT_THAT(ValidateBatch(MakeBatch(3, {column})), IsEmpty());
}

TEST(ValidateBatch, RefusesRepeatedAndEmptyNames) {
  EXPECT_THAT(ValidateBatch(MakeBatch(3, {NumberColumn("a", kThree), NumberColumn("a", kThree),
                                          NumberColumn("", kThree)})),
              SizeIs(2));
}

TEST(ValidateBatch, RefusesTimesAndIdsOfAnotherLength) {
  BatchView batch = MakeBatch(3, {NumberColumn("a", kThree)});
  const std::vector<int64_t> two = {1, 2};
  batch.row_event_micros = two;
  batch.int_row_ids = two;
  EXPECT_THAT(ValidateBatch(batch), SizeIs(2));
}

TEST(ValidateBatch, BoundsItsAnswer) {
  std::vector<ColumnView> columns(1000, NumberColumn("", kThree));
  EXPECT_THAT(ValidateBatch(MakeBatch(3, columns)), SizeIs(BatchLimits().max_violations));
}

}  // namespace
}  // namespace plumbline::profile
