#include "client/batch_builder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

namespace plumbline::client {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string Message(const absl::StatusOr<v1::Batch>& batch) {
  return std::string(batch.status().message());
}

TEST(BatchBuilder, KeepsEveryTypeOfColumn) {
  const bool flags[] = {true, false};
  BatchBuilder builder;
  builder.AddDoubles("double", {1.5, std::numeric_limits<double>::infinity()});
  builder.AddFloats("float", {0.1f, 0.2f});
  builder.AddInt64s("int64", {-1, 2});
  builder.AddBools("bool", flags);
  builder.AddStrings("string", {"a", "b"});
  builder.AddDictionary("dictionary", {"x", "y"}, {1, 0}, {.role = v1::ROLE_LABEL});
  const auto batch = builder.Build();
  ASSERT_TRUE(batch.ok()) << batch.status();
  EXPECT_EQ(batch->row_count(), 2u);
  ASSERT_EQ(batch->columns_size(), 6);
  EXPECT_TRUE(std::isinf(batch->columns(0).double_values().values(1)));
  EXPECT_THAT(batch->columns(1).float_values().values(), ElementsAre(0.1f, 0.2f));
  EXPECT_THAT(batch->columns(2).int64_values().values(), ElementsAre(-1, 2));
  EXPECT_THAT(batch->columns(3).bool_values().values(), ElementsAre(true, false));
  EXPECT_THAT(batch->columns(4).string_values().values(), ElementsAre("a", "b"));
  EXPECT_THAT(batch->columns(5).dictionary_values().dictionary(), ElementsAre("x", "y"));
  EXPECT_THAT(batch->columns(5).dictionary_values().indices(), ElementsAre(1u, 0u));
  EXPECT_EQ(batch->columns(5).role(), v1::ROLE_LABEL);
  EXPECT_EQ(batch->columns(0).validity(), "");
}

TEST(BatchBuilder, PacksValidityLeastSignificantBitFirst) {
  const std::vector<uint8_t> validity = {1, 0, 1, 1, 1, 1, 1, 1, 0, 1};
  EXPECT_EQ(PackValidity(validity), std::string("\xFD\x02", 2));
  EXPECT_EQ(PackValidity(std::vector<uint8_t>(10, 1)), "");
  EXPECT_EQ(PackValidity({}), "");
}

TEST(BatchBuilder, KeepsIdsTimesAndSource) {
  BatchBuilder builder;
  builder.AddDoubles("x", {1, 2});
  builder.SetRowIds({"r1", "r2"});
  builder.SetEventTimes({absl::FromUnixMicros(5), absl::FromUnixMicros(-7)});
  builder.SetSource("eu-west");
  const auto batch = builder.Build();
  ASSERT_TRUE(batch.ok()) << batch.status();
  EXPECT_THAT(batch->row_ids().string_values().values(), ElementsAre("r1", "r2"));
  EXPECT_THAT(batch->event_times().unix_micros(), ElementsAre(5, -7));
  EXPECT_EQ(batch->source(), "eu-west");
}

TEST(BatchBuilder, OneTimeForAllReplacesATimeForEach) {
  BatchBuilder builder;
  builder.AddDoubles("x", {1, 2});
  builder.SetEventTimes({absl::UnixEpoch(), absl::UnixEpoch()});
  builder.SetEventTime(absl::FromUnixMillis(-1500));
  const auto batch = builder.Build();
  ASSERT_TRUE(batch.ok()) << batch.status();
  ASSERT_TRUE(batch->has_event_time());
  EXPECT_EQ(batch->event_time().seconds(), -2);
  EXPECT_EQ(batch->event_time().nanos(), 500'000'000);
}

TEST(BatchBuilder, NamesTheColumnOfAnotherLength) {
  BatchBuilder builder;
  builder.AddDoubles("x", {1, 2});
  builder.AddDoubles("y", {1, 2, 3});
  EXPECT_THAT(Message(builder.Build()), HasSubstr("column y: 3 values in a batch of 2 rows"));
}

TEST(BatchBuilder, ChecksTheLengthOfValidityIdsAndTimes) {
  BatchBuilder builder;
  const std::vector<uint8_t> validity = {1};
  builder.AddDoubles("x", {1, 2}, {.validity = validity});
  EXPECT_THAT(Message(builder.Build()), HasSubstr("validity of column x"));
  builder.AddDoubles("x", {1, 2});
  builder.SetRowIds({int64_t{1}});
  EXPECT_THAT(Message(builder.Build()), HasSubstr("row ids"));
  builder.AddDoubles("x", {1, 2});
  builder.SetEventTimes({absl::UnixEpoch()});
  EXPECT_THAT(Message(builder.Build()), HasSubstr("event times"));
}

TEST(BatchBuilder, RefusesWhatTheContractRefuses) {
  BatchBuilder builder;
  EXPECT_THAT(Message(builder.Build()), HasSubstr("without columns"));
  builder.AddDoubles("x", {});
  EXPECT_THAT(Message(builder.Build()), HasSubstr("without rows"));
  builder.AddDoubles("x", {1});
  builder.AddInt64s("x", {1});
  EXPECT_THAT(Message(builder.Build()), HasSubstr("column x is there twice"));
  builder.AddDoubles("", {1});
  EXPECT_THAT(Message(builder.Build()), HasSubstr("without a name"));
  builder.AddDoubles(std::string(257, 'n'), {1});
  EXPECT_THAT(Message(builder.Build()), HasSubstr("257 bytes"));
  builder.AddStrings("s", {"\xFF"});
  EXPECT_THAT(Message(builder.Build()), HasSubstr("s: not UTF-8"));
  builder.AddDictionary("d", {"a"}, {0, 1});
  EXPECT_THAT(Message(builder.Build()), HasSubstr("column d, row 1: index 1"));
}

TEST(BatchBuilder, IgnoresTheIndexOfANullRow) {
  const std::vector<uint8_t> validity = {1, 0};
  BatchBuilder builder;
  builder.AddDictionary("d", {"a"}, {0, 99}, {.validity = validity});
  EXPECT_TRUE(builder.Build().ok());
}

TEST(BatchBuilder, IsEmptyAfterBuild) {
  BatchBuilder builder;
  builder.AddDoubles("", {1});
  EXPECT_FALSE(builder.Build().ok());
  builder.AddDoubles("x", {1, 2, 3});
  const auto batch = builder.Build();
  ASSERT_TRUE(batch.ok()) << batch.status();
  EXPECT_EQ(batch->row_count(), 3u);
  EXPECT_EQ(batch->columns_size(), 1);
}

}  // namespace
}  // namespace plumbline::client
