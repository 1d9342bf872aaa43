#include "server/storage/spool.h"

#include <array>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <variant>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/profile/batch_maker.h"

namespace plumbline::storage {
namespace {

using profile::BatchView;
using profile::ColumnView;
using profile::DictionaryView;
using profile::MakeBatch;
using profile::NumberColumn;
using profile::TextColumn;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

namespace fs = std::filesystem;

class SpoolTest : public ::testing::Test {
 protected:
  SpoolTest() {
    std::string path = ::testing::TempDir() + "plumbline-spool-XXXXXX";
    dir_ = mkdtemp(path.data());
  }
  ~SpoolTest() override { fs::remove_all(dir_); }

  std::vector<fs::path> Files() const {
    std::vector<fs::path> files;
    for (const auto& entry : fs::directory_iterator(dir_ + "/spool")) files.push_back(entry.path());
    return files;
  }

  std::string dir_;
};

template <class T>
std::vector<T> List(absl::Span<const T> span) {
  return {span.begin(), span.end()};
}

TEST_F(SpoolTest, ReadsBackEveryColumnTypeTwice) {
  const std::vector<double> doubles = {1.5, -0.0, 1e300};
  const std::vector<float> floats = {0.25f, 7, -1};
  const std::vector<int64_t> ints = {-1, INT64_MAX, INT64_MIN};
  const std::array<bool, 3> bools = {true, false, true};
  const std::vector<std::string> texts = {"", std::string("a\0b", 3), "a longer text than eight"};
  const std::vector<uint32_t> indices = {1, 0, 1};
  const std::vector<uint8_t> valid = {0b101};
  const std::vector<int64_t> times = {10, 20, -30};
  ColumnView flags;
  flags.name = "flags";
  flags.values = absl::Span<const bool>(bools);
  ColumnView coded;
  coded.name = "coded";
  coded.values = DictionaryView{{"x", "yy"}, indices};
  coded.role = profile::Role::kLabel;
  ColumnView number = NumberColumn("d", doubles);
  number.validity = valid;
  number.role = profile::Role::kPrediction;
  BatchView batch = MakeBatch(3, {number, NumberColumn("f", floats), NumberColumn("i", ints), flags,
                                  TextColumn("t", texts), coded});
  for (ColumnView& column : batch.columns) column.validity = valid;
  batch.row_event_micros = times;
  batch.source = "eu-west";
  batch.string_row_ids = {"r1", "r2", "r3"};
  BatchView other = MakeBatch(3, {NumberColumn("d", doubles)});
  other.event_micros = -7;
  other.int_row_ids = ints;

  auto spool = Spool::Create(dir_, 1 << 20);
  ASSERT_TRUE(spool.ok()) << spool.status();
  ASSERT_TRUE((*spool)->Append(batch).ok());
  ASSERT_TRUE((*spool)->Append(other).ok());
  for (int pass = 0; pass < 2; ++pass) {
    ASSERT_TRUE((*spool)->Rewind().ok());
    const BatchView* read = (*spool)->Next().value();
    ASSERT_NE(read, nullptr);
    EXPECT_EQ(read->rows, 3u);
    EXPECT_FALSE(read->event_micros.has_value());
    EXPECT_EQ(List(read->row_event_micros), times);
    EXPECT_EQ(read->source, "eu-west");
    EXPECT_THAT(read->string_row_ids, ElementsAre("r1", "r2", "r3"));
    EXPECT_TRUE(read->int_row_ids.empty());
    ASSERT_EQ(read->columns.size(), 6u);
    for (size_t i = 0; i < 6; ++i) {
      EXPECT_EQ(read->columns[i].name, batch.columns[i].name);
      EXPECT_EQ(read->columns[i].role, batch.columns[i].role);
      EXPECT_EQ(List(read->columns[i].validity), valid);
    }
    EXPECT_EQ(List(std::get<0>(read->columns[0].values)), doubles);
    EXPECT_EQ(List(std::get<1>(read->columns[1].values)), floats);
    EXPECT_EQ(List(std::get<2>(read->columns[2].values)), ints);
    EXPECT_THAT(std::get<3>(read->columns[3].values), ElementsAre(true, false, true));
    EXPECT_THAT(std::get<4>(read->columns[4].values), ElementsAre(texts[0], texts[1], texts[2]));
    EXPECT_THAT(std::get<5>(read->columns[5].values).dictionary, ElementsAre("x", "yy"));
    EXPECT_EQ(List(std::get<5>(read->columns[5].values).indices), indices);

    read = (*spool)->Next().value();
    ASSERT_NE(read, nullptr);
    EXPECT_EQ(read->event_micros, -7);
    EXPECT_TRUE(read->row_event_micros.empty());
    EXPECT_EQ(List(read->int_row_ids), ints);
    ASSERT_EQ(read->columns.size(), 1u);
    EXPECT_TRUE(read->columns[0].validity.empty());
    EXPECT_EQ((*spool)->Next().value(), nullptr);
  }
}

TEST_F(SpoolTest, KeepsToItsBound) {
  const std::vector<double> values(100, 1.0);
  const BatchView batch = MakeBatch(100, {NumberColumn("x", values)});
  auto measure = Spool::Create(dir_, 1 << 20);
  ASSERT_TRUE(measure.ok() && (*measure)->Append(batch).ok());
  const uint64_t size = (*measure)->bytes();
  EXPECT_GT(size, 800u);
  auto spool = Spool::Create(dir_, 2 * size);
  ASSERT_TRUE(spool.ok()) << spool.status();
  EXPECT_TRUE((*spool)->Append(batch).ok());
  EXPECT_TRUE((*spool)->Append(batch).ok());
  const absl::Status full = (*spool)->Append(batch);
  EXPECT_EQ(full.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(std::string(full.message()), HasSubstr(std::to_string(2 * size)));
  EXPECT_EQ((*spool)->bytes(), 2 * size);
  ASSERT_TRUE((*spool)->Rewind().ok());
  EXPECT_NE((*spool)->Next().value(), nullptr);
  EXPECT_NE((*spool)->Next().value(), nullptr);
  EXPECT_EQ((*spool)->Next().value(), nullptr);
}

TEST_F(SpoolTest, WritesBeforeItReads) {
  auto spool = Spool::Create(dir_, 1 << 20);
  ASSERT_TRUE(spool.ok()) << spool.status();
  EXPECT_EQ((*spool)->Next().status().code(), absl::StatusCode::kFailedPrecondition);
  ASSERT_TRUE((*spool)->Rewind().ok());
  EXPECT_EQ((*spool)->Next().value(), nullptr);
  EXPECT_EQ((*spool)->Append(BatchView()).code(), absl::StatusCode::kFailedPrecondition);
}

TEST_F(SpoolTest, TellsACutFileAtEveryLength) {
  const std::vector<std::string> texts = {"abc", "defghijkl"};
  const BatchView batch = MakeBatch(2, {TextColumn("t", texts)});
  auto spool = Spool::Create(dir_, 1 << 20);
  ASSERT_TRUE(spool.ok() && (*spool)->Append(batch).ok() && (*spool)->Rewind().ok());
  const fs::path file = Files().at(0);
  for (uint64_t size = (*spool)->bytes(); size-- > 0;) {
    fs::resize_file(file, size);
    ASSERT_TRUE((*spool)->Rewind().ok());
    EXPECT_EQ((*spool)->Next().status().code(), absl::StatusCode::kDataLoss) << size;
  }
}

TEST_F(SpoolTest, ItsFileGoesWithIt) {
  {
    auto first = Spool::Create(dir_, 100);
    auto second = Spool::Create(dir_, 100);
    ASSERT_TRUE(first.ok() && second.ok());
    EXPECT_EQ(Files().size(), 2u);
  }
  EXPECT_TRUE(Files().empty());
}

TEST_F(SpoolTest, RemovesWhatAnEarlierProcessLeft) {
  auto left = Spool::Create(dir_, 100);
  ASSERT_TRUE(left.ok()) << left.status();
  Spool::RemoveAbandoned(dir_);
  EXPECT_FALSE(fs::exists(dir_ + "/spool"));
  EXPECT_TRUE(fs::exists(dir_));
  Spool::RemoveAbandoned(dir_);
  EXPECT_TRUE(Spool::Create(dir_, 100).ok());
}

TEST_F(SpoolTest, CannotBeMadeWhereThereIsAFile) {
  const std::string path = dir_ + "/file";
  std::FILE* file = std::fopen(path.c_str(), "w");
  ASSERT_NE(file, nullptr);
  std::fclose(file);
  EXPECT_EQ(Spool::Create(path, 100).status().code(), absl::StatusCode::kUnavailable);
}

}  // namespace
}  // namespace plumbline::storage
