#include "server/storage/spool.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/profile/time_span.h"
#include "server/storage/spool_sort.h"
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

template <class Values>
std::vector<typename Values::value_type> List(const Values& values) {
  return {values.begin(), values.end()};
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

// Rows [begin, end) of a table in which every column says which row it is, at the times `times`.
class NumberedRows {
 public:
  NumberedRows(uint64_t begin, uint64_t end, const std::vector<int64_t>& times)
      : times_(times.begin() + static_cast<std::ptrdiff_t>(begin),
               times.begin() + static_cast<std::ptrdiff_t>(end)),
        bools_(std::make_unique<bool[]>(end - begin)) {
    for (uint64_t row = begin; row < end; ++row) {
      doubles_.push_back(0.5 * static_cast<double>(row));
      floats_.push_back(static_cast<float>(row % 1000));
      ints_.push_back(static_cast<int64_t>(row));
      bools_[row - begin] = row % 2 == 0;
      texts_.push_back(Text(row));
      indices_.push_back(row % 5 == 0 ? 99 : row % 13);  // a null's index is never looked at
      const size_t bit = row - begin;
      valid_.resize(bit / 8 + 1);
      if (row % 5 != 0) valid_[bit / 8] |= static_cast<uint8_t>(1u << bit % 8);
    }
  }

  // The columns in another order, and text as a dictionary, where the number is odd.
  BatchView View(size_t number) {
    ColumnView flags, text = TextColumn("text", texts_);
    flags.name = "flags";
    flags.values = absl::Span<const bool>(bools_.get(), doubles_.size());
    if (number % 2 != 0) {
      DictionaryView dictionary;
      for (uint64_t entry = 0; entry < 13; ++entry) names_.push_back(Text(entry));
      dictionary.dictionary.assign(names_.begin(), names_.end());
      dictionary.indices = indices_;
      text.values = dictionary;
    }
    text.validity = valid_;
    BatchView view = MakeBatch(static_cast<uint32_t>(doubles_.size()),
                               {NumberColumn("d", doubles_), NumberColumn("f", floats_),
                                NumberColumn("i", ints_), flags, text});
    if (number % 2 != 0) std::swap(view.columns[0], view.columns[4]);
    if (times_.size() == 1) {
      view.event_micros = times_[0];
    } else {
      view.row_event_micros = times_;
    }
    return view;
  }
  static std::string Text(uint64_t row) { return "text " + std::to_string(row % 13); }

 private:
  std::vector<int64_t> times_;
  std::vector<double> doubles_;
  std::vector<float> floats_;
  std::vector<int64_t> ints_;
  std::unique_ptr<bool[]> bools_;
  std::vector<std::string> texts_, names_;
  std::vector<uint32_t> indices_;
  std::vector<uint8_t> valid_;
};

TEST_F(SpoolTest, SortsRowsByTimeAndKeepsTheOrderOfThoseOfOneTime) {
  constexpr uint64_t kRows = 3'000;
  std::mt19937_64 random(3);
  std::vector<int64_t> times;
  for (uint64_t row = 0; row < kRows; ++row) {
    times.push_back(static_cast<int64_t>(random() % 500) - 250);
  }
  // In memory at once; by runs of several batches; by so many that runs are merged over and over.
  for (const SpoolSortOptions& options :
       {SpoolSortOptions(), SpoolSortOptions{.run_bytes = 20'000, .max_runs = 64},
        SpoolSortOptions{.run_bytes = 1, .max_runs = 3}}) {
    auto spool = Spool::Create(dir_, 10 << 20).value();
    size_t number = 0;
    for (uint64_t begin = 0; begin < kRows; ++number) {
      const uint64_t end = std::min<uint64_t>(kRows, begin + 1 + random() % 40);
      NumberedRows rows(begin, end, times);
      ASSERT_TRUE(spool->Append(rows.View(number)).ok());
      begin = end;
    }
    auto sorted = SortByTime(std::move(spool), options);
    ASSERT_TRUE(sorted.ok()) << sorted.status();
    EXPECT_EQ(Files().size(), 1u);
    ASSERT_TRUE((*sorted)->Rewind().ok());
    std::pair<int64_t, int64_t> last = {INT64_MIN, -1};
    uint64_t found = 0;
    while (const BatchView* read = (*sorted)->Next().value()) {
      ASSERT_EQ(read->columns.size(), 5u);
      const ColumnView& text = read->columns[4];
      const auto& coded = std::get<DictionaryView>(text.values);
      for (uint32_t i = 0; i < read->rows; ++i, ++found) {
        const int64_t row = std::get<2>(read->columns[2].values)[i];
        const std::pair<int64_t, int64_t> here = {profile::EventMicros(*read, i), row};
        ASSERT_LT(last, here);
        last = here;
        ASSERT_EQ(here.first, times[static_cast<size_t>(row)]);
        ASSERT_EQ(std::get<0>(read->columns[0].values)[i], 0.5 * static_cast<double>(row));
        ASSERT_EQ(std::get<1>(read->columns[1].values)[i], static_cast<float>(row % 1000));
        ASSERT_EQ(std::get<3>(read->columns[3].values)[i], row % 2 == 0);
        ASSERT_EQ(text.IsValid(i), row % 5 != 0);
        if (!text.IsValid(i)) continue;
        ASSERT_EQ(coded.dictionary[coded.indices[i]],
                  NumberedRows::Text(static_cast<uint64_t>(row)));
      }
    }
    EXPECT_EQ(found, kRows);
  }
}

TEST_F(SpoolTest, SortsWithinItsBound) {
  // One long dictionary for all rows becomes one for each small batch.
  const std::vector<std::string> names = {std::string(5'000, 'a'), std::string(5'000, 'b')};
  std::vector<uint32_t> indices;
  std::vector<int64_t> times;
  for (uint32_t row = 0; row < 1'000; ++row) {
    indices.push_back(row % 2);
    times.push_back(-static_cast<int64_t>(row));
  }
  ColumnView column;
  column.name = "k";
  column.values = DictionaryView{{names[0], names[1]}, indices};
  BatchView batch = MakeBatch(1'000, {column});
  batch.row_event_micros = times;
  auto spool = Spool::Create(dir_, 50'000).value();
  ASSERT_TRUE(spool->Append(batch).ok());
  const absl::Status full =
      SortByTime(std::move(spool), {.run_bytes = 1'000, .max_runs = 2}).status();
  EXPECT_EQ(full.code(), absl::StatusCode::kResourceExhausted) << full;
  EXPECT_TRUE(Files().empty());
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
