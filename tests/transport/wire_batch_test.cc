#include "server/transport/wire_batch.h"

#include "client/row_set_of_batch.h"
#include "gmock/gmock.h"
#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"
#include "server/profile/row_set_of_batch.h"

namespace plumbline::transport {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

TEST(ViewOf, SeesEveryTypeOfColumn) {
  v1::Batch batch;
  batch.set_row_count(2);
  v1::Column* column = batch.add_columns();
  column->set_name("d");
  column->set_role(v1::ROLE_PREDICTION);
  column->set_validity("\x01");
  column->mutable_double_values()->add_values(1.5);
  column->mutable_double_values()->add_values(2.5);
  column = batch.add_columns();
  column->set_name("k");
  column->mutable_dictionary_values()->add_dictionary("red");
  column->mutable_dictionary_values()->add_indices(0);
  column->mutable_dictionary_values()->add_indices(0);
  column = batch.add_columns();
  column->set_name("s");
  column->mutable_string_values()->add_values("a");
  column->mutable_string_values()->add_values("");
  column = batch.add_columns();
  column->set_name("i");
  column->mutable_int64_values()->add_values(-3);
  column->mutable_int64_values()->add_values(4);
  column = batch.add_columns();
  column->set_name("b");
  column->mutable_bool_values()->add_values(true);
  column->mutable_bool_values()->add_values(false);
  column = batch.add_columns();
  column->set_name("f");
  column->mutable_float_values()->add_values(0.1f);
  column->mutable_float_values()->add_values(0.2f);
  batch.mutable_event_time()->set_seconds(5);
  batch.mutable_event_time()->set_nanos(7'000);
  batch.set_source("eu");
  batch.mutable_row_ids()->mutable_string_values()->add_values("id1");
  batch.mutable_row_ids()->mutable_string_values()->add_values("id2");

  EXPECT_THAT(ValidateWire(batch), IsEmpty());
  const profile::BatchView view = ViewOf(batch);
  EXPECT_THAT(profile::ValidateBatch(view), IsEmpty());
  ASSERT_THAT(view.columns, SizeIs(6));
  EXPECT_THAT(std::get<profile::Packed<double>>(view.columns[0].values), ElementsAre(1.5, 2.5));
  EXPECT_EQ(view.columns[0].role, profile::Role::kPrediction);
  EXPECT_TRUE(view.columns[0].IsValid(0));
  EXPECT_FALSE(view.columns[0].IsValid(1));
  EXPECT_THAT(std::get<profile::DictionaryView>(view.columns[1].values).dictionary,
              ElementsAre("red"));
  EXPECT_THAT(std::get<std::vector<absl::string_view>>(view.columns[2].values),
              ElementsAre("a", ""));
  EXPECT_THAT(std::get<profile::Packed<int64_t>>(view.columns[3].values), ElementsAre(-3, 4));
  EXPECT_THAT(std::get<absl::Span<const bool>>(view.columns[4].values), ElementsAre(true, false));
  EXPECT_THAT(std::get<profile::Packed<float>>(view.columns[5].values), ElementsAre(0.1f, 0.2f));
  EXPECT_EQ(view.event_micros, 5'000'007);
  EXPECT_EQ(view.source, "eu");
  EXPECT_THAT(view.string_row_ids, ElementsAre("id1", "id2"));
}

TEST(ViewOf, SeesATimeForEachRow) {
  v1::Batch batch;
  batch.set_row_count(2);
  batch.mutable_event_times()->add_unix_micros(10);
  batch.mutable_event_times()->add_unix_micros(20);
  EXPECT_THAT(ViewOf(batch).row_event_micros, ElementsAre(10, 20));
  EXPECT_FALSE(ViewOf(batch).event_micros.has_value());
}

TEST(ValidateWire, NamesAColumnWithoutValuesAndAWrongRole) {
  v1::Batch batch;
  batch.set_row_count(1);
  batch.add_columns()->set_name("empty");
  batch.mutable_columns(0)->set_role(static_cast<v1::Role>(9));
  const auto violations = ValidateWire(batch);
  ASSERT_THAT(violations, SizeIs(2));
  EXPECT_EQ(violations[0].field, "batch.columns[0].values");
  EXPECT_EQ(violations[1].field, "batch.columns[0].role");
}

TEST(ValidateWire, RefusesATimeOutsideTheCalendar) {
  v1::Batch batch;
  batch.mutable_event_time()->set_seconds(int64_t{1} << 60);
  EXPECT_THAT(ValidateWire(batch), SizeIs(1));
}

TEST(RowSetOf, IsTheSameForTheClientAndTheServer) {
  v1::Batch batch;
  ASSERT_TRUE(google::protobuf::TextFormat::ParseFromString(
      R"pb(
        row_count: 3
        columns {
          name: "d"
          validity: "\x05"
          double_values { values: [ -0.0, 7, nan ] }
        }
        columns {
          name: "k"
          dictionary_values {
            dictionary: [ "a", "b" ]
            indices: [ 1, 0, 1 ]
          }
        }
        columns {
          name: "s"
          string_values { values: [ "b", "a", "b" ] }
        }
        columns {
          name: "i"
          int64_values { values: [ 9007199254740993, -3, 0 ] }
        }
        columns {
          name: "b"
          bool_values { values: [ true, false, true ] }
        }
        columns {
          name: "f"
          float_values { values: [ 0.1, inf, 2 ] }
        }
      )pb",
      &batch));
  const manifest::RowSet sent = client::RowSetOf(batch);
  EXPECT_EQ(sent.rows, 3u);
  EXPECT_EQ(sent, profile::RowSetOf(ViewOf(batch)));
  // Plain or dictionary-coded, and in whatever order of columns: the same.
  std::swap(*batch.mutable_columns(0), *batch.mutable_columns(2));
  EXPECT_EQ(sent, client::RowSetOf(batch));
  batch.mutable_columns(1)->mutable_string_values()->add_values("b");
  batch.mutable_columns(1)->mutable_string_values()->add_values("a");
  batch.mutable_columns(1)->mutable_string_values()->add_values("b");
  EXPECT_EQ(sent, profile::RowSetOf(ViewOf(batch)));
  batch.mutable_columns(1)->mutable_string_values()->set_values(0, "c");
  EXPECT_NE(sent, client::RowSetOf(batch));
}

}  // namespace
}  // namespace plumbline::transport
