#include "server/transport/ingest_message.h"

#include <cmath>
#include <random>
#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/transport/message.h"
#include "server/transport/wire_batch.h"
#include "tests/transport/whole_request.h"

namespace plumbline::transport {
namespace {

using plumbline::testing::InSlices;
using plumbline::testing::WholeOf;

constexpr RequestSplit::Limits kAll = {.least_bytes = 0, .least_column_bytes = 1};

v1::IngestRequest MakeRequest(int rows) {
  v1::IngestRequest request;
  v1::NumberedBatch* const numbered = request.mutable_batch();
  numbered->set_model("m");
  numbered->mutable_number()->set_producer("p");
  numbered->mutable_number()->set_sequence(7);
  v1::Batch* const batch = numbered->mutable_batch();
  batch->set_row_count(static_cast<uint32_t>(rows));
  const auto column = [&](const std::string& name) {
    v1::Column* const added = batch->add_columns();
    added->set_name(name);
    return added;
  };
  auto* doubles = column("double")->mutable_double_values();
  auto* floats = column("a float")->mutable_float_values();
  auto* ints = column("int64")->mutable_int64_values();
  auto* bools = column("bool")->mutable_bool_values();
  auto* dictionary = column("coded")->mutable_dictionary_values();
  auto* more = column("more")->mutable_double_values();
  for (int row = 0; row < rows; ++row) {
    doubles->add_values(row == 3 ? std::nan("") : row / 3.0);
    floats->add_values(static_cast<float>(row) / 7);
    ints->add_values(row - (int64_t{1} << 40));
    bools->add_values(row % 2 == 0);
    dictionary->add_indices(static_cast<uint32_t>(row % 2));
    more->add_values(-row);
  }
  dictionary->add_dictionary("x");
  dictionary->add_dictionary("y");
  batch->mutable_columns(0)->set_validity(std::string(static_cast<size_t>(rows + 7) / 8, '\xfd'));
  batch->set_source("eu");
  return request;
}

// Both ways to read `bytes` agree; true if there was a message.
bool ReadsAsProtobufDoes(absl::string_view bytes, size_t slice) {
  const grpc::ByteBuffer buffer = InSlices(bytes, slice);
  const Message<v1::IngestRequest> plain(buffer);
  const IngestMessage split(buffer, kAll);
  EXPECT_EQ(plain.sound(), split.sound());
  if (plain.sound()) {
    EXPECT_EQ(plain.get().SerializeAsString(), WholeOf(split).SerializeAsString());
  } else {  // a refusal is recorded under the number
    EXPECT_EQ(plain.get().batch().number().SerializeAsString(),
              split.get().batch().number().SerializeAsString());
  }
  return plain.sound();
}

TEST(IngestMessage, LeavesLongColumnsOfNumbersWhereTheyCame) {
  const std::string bytes = MakeRequest(100).SerializeAsString();
  for (const size_t slice : {bytes.size(), size_t{1'000}, size_t{64}, size_t{1}}) {
    const grpc::ByteBuffer buffer = InSlices(bytes, slice);
    const IngestMessage message(buffer, kAll);
    ASSERT_TRUE(message.sound());
    ASSERT_EQ(message.values().size(), 4u);
    EXPECT_EQ(message.values()[3].column, 5u);
    EXPECT_EQ(message.values()[3].bytes.size(), 800u);
    EXPECT_EQ(message.get().batch().batch().columns(5).double_values().values_size(), 0);
    EXPECT_EQ(message.get().batch().batch().columns(3).bool_values().values_size(), 100);
    EXPECT_TRUE(ReadsAsProtobufDoes(bytes, slice));
  }
}

TEST(IngestMessage, TheViewHasTheSameValues) {
  const v1::IngestRequest request = MakeRequest(50);
  const IngestMessage message(InSlices(request.SerializeAsString(), 700), kAll);
  const profile::BatchView view = ViewOf(message.get().batch().batch(), message.values());
  const profile::BatchView plain = ViewOf(request.batch().batch());
  ASSERT_EQ(view.columns.size(), plain.columns.size());
  const auto same = [&](auto list, size_t column) {
    using List = decltype(list);
    const auto &a = std::get<List>(view.columns[column].values),
               &b = std::get<List>(plain.columns[column].values);
    ASSERT_EQ(a.size(), b.size());
    for (size_t i = 0; i < a.size(); ++i) EXPECT_TRUE(a[i] == b[i] || a[i] != a[i]) << i;
  };
  same(profile::Packed<double>(), 0);
  same(profile::Packed<float>(), 1);
  same(profile::Packed<int64_t>(), 2);
  same(absl::Span<const bool>(), 3);
  same(profile::Packed<double>(), 5);
  EXPECT_TRUE(profile::ValidateBatch(view).empty());
}

TEST(IngestMessage, CopiesWhatIsSmall) {
  const IngestMessage small(InSlices(MakeRequest(1'000).SerializeAsString(), 65'536));
  EXPECT_TRUE(small.values().empty());
  const std::string bytes = MakeRequest(30'000).SerializeAsString();
  const IngestMessage large(InSlices(bytes, 65'536));
  EXPECT_EQ(large.values().size(), 4u);
  EXPECT_GT(large.footprint(), bytes.size());
}

TEST(IngestMessage, WhatIsWrittenInAnotherWayIsReadAsProtobufReadsIt) {
  const std::string whole = MakeRequest(40).SerializeAsString();
  v1::IngestRequest twice;
  ASSERT_TRUE(twice.ParseFromString(whole + whole));  // merges: the columns of both
  EXPECT_EQ(twice.batch().batch().columns_size(), 12);
  EXPECT_TRUE(ReadsAsProtobufDoes(whole + whole, 100));

  // A column whose values come in two messages, and in two parts of one.
  v1::Column column;
  for (int i = 0; i < 20; ++i) column.mutable_double_values()->add_values(i);
  column.set_name("c");
  const std::string once = column.SerializeAsString();
  const std::string part = column.double_values().SerializeAsString();
  std::string parts = absl::StrCat("\x0a\x01", "c", "\x1a");
  parts += static_cast<char>(0x80 | (2 * part.size() & 0x7f));
  parts += static_cast<char>(2 * part.size() >> 7);
  for (const std::string& bytes : {once + once, parts + part + part}) {
    v1::Column read;
    ASSERT_TRUE(read.ParseFromString(bytes));
    EXPECT_EQ(read.double_values().values_size(), 40);
    // Written by hand: request { batch { batch { columns } } }.
    std::string message = bytes;
    for (const char tag : {'\x12', '\x22', '\x0a'}) {
      std::string outer(1, tag);
      for (size_t size = message.size();; size >>= 7) {
        outer += static_cast<char>(size < 0x80 ? size : (size & 0x7f) | 0x80);
        if (size < 0x80) break;
      }
      message = outer + message;
    }
    v1::IngestRequest by_hand;
    ASSERT_TRUE(by_hand.ParseFromString(message));
    EXPECT_EQ(by_hand.batch().batch().columns(0).double_values().values_size(), 40);
    EXPECT_TRUE(ReadsAsProtobufDoes(message, 17));
  }
}

TEST(IngestMessage, DamagedBytesAreReadAsProtobufReadsThem) {
  std::mt19937_64 random(5);
  const std::string whole = MakeRequest(24).SerializeAsString();
  size_t sound = 0;
  for (int round = 0; round < 20'000; ++round) {
    std::string bytes = whole;
    const auto place = [&] { return random() % bytes.size(); };
    switch (random() % 4) {
      case 0:
        bytes[place()] = static_cast<char>(random());
        break;
      case 1:
        bytes.resize(place());
        break;
      case 2: {
        const std::string part = bytes.substr(place(), random() % 40);
        bytes.insert(place(), part);
        break;
      }
      default:
        bytes.erase(place(), 1 + random() % 12);
    }
    sound += ReadsAsProtobufDoes(bytes, 1 + random() % 200);
    ASSERT_FALSE(HasFailure()) << round;
  }
  EXPECT_GT(sound, 1'000u);
}

}  // namespace
}  // namespace plumbline::transport
