#include "server/profile/row_sampler.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "server/profile/gap_clock.h"
#include "tests/profile/batch_maker.h"

namespace plumbline::profile {
namespace {

TEST(Selection, TakesExactlyWhatIsWanted) {
  for (const uint64_t wanted : {0u, 1u, 10u, 999u, 1000u, 2000u}) {
    Selection selection(1000, wanted);
    uint64_t taken = 0;
    for (int i = 0; i < 1000; ++i) taken += selection.Next() ? 1 : 0;
    EXPECT_EQ(taken, std::min<uint64_t>(wanted, 1000));
    EXPECT_FALSE(selection.Next());
  }
}

TEST(Selection, FavoursNoPartOfTheStream) {
  Selection selection(100'000, 10'000);
  std::vector<int> taken(10, 0);
  for (size_t i = 0; i < 100'000; ++i) taken[i / 10'000] += selection.Next() ? 1 : 0;
  // Hypergeometric, standard deviation 28.5: 6 of them.
  for (const int tenth : taken) EXPECT_NEAR(tenth, 1000, 171);
}

TEST(RowSampler, KeepsRowsWholeAndNullsNull) {
  std::vector<double> x;
  std::vector<std::string> k;
  for (int i = 0; i < 1000; ++i) {
    x.push_back(i);
    k.push_back(absl::StrCat("row ", i));
  }
  std::vector<uint8_t> odd_only(125, 0b10101010);
  ColumnView numbers = NumberColumn("x", x);
  numbers.validity = odd_only;
  const ColumnView text = TextColumn("k", k);
  RowSampler sampler({Kind::kNumeric, Kind::kCategorical}, 1000, 20, 100, 1 << 20);
  sampler.Add({&numbers, &text}, 1000);
  const RowSample sample = std::move(sampler).Finish();
  ASSERT_EQ(sample.rows, 100u);
  ASSERT_EQ(sample.numeric[0].size(), 100u);
  ASSERT_EQ(sample.categorical[1].size(), 100u);
  EXPECT_TRUE(sample.numeric[1].empty());
  for (size_t i = 0; i < 100; ++i) {
    const int row = std::stoi(sample.categorical[1][i]->substr(4));
    EXPECT_EQ(sample.numeric[0][i].has_value(), row % 2 == 1);
    if (row % 2 == 1) {
      EXPECT_EQ(*sample.numeric[0][i], row);
    }
  }
}

TEST(RowSampler, StaysWithinItsBytesHoweverTheRowsTurnOut) {
  std::vector<std::string> k;
  for (int i = 0; i < 1000; ++i) k.push_back(std::string(i % 2 == 0 ? 10 : 1000, 'x'));
  const ColumnView text = TextColumn("k", k);
  // It was told 20 bytes a row.
  RowSampler sampler({Kind::kCategorical}, 1000, 20, 1000, 20'000);
  sampler.Add({&text}, 1000);
  const RowSample sample = std::move(sampler).Finish();
  size_t bytes = 0;
  for (const auto& category : sample.categorical[0]) bytes += 8 + category->size();
  EXPECT_EQ(sample.categorical[0].size(), sample.rows);
  EXPECT_LE(bytes, 20'000u);
  EXPECT_GT(bytes, 10'000u);
}

TEST(GapClock, CountsTheEndsAndLetsTimeStandStill) {
  GapClock clock(100);
  clock.See(3, 150);
  clock.See(4, 120);  // older than the one before
  clock.See(10, 160);
  EXPECT_EQ(clock.longest_rows(), 5u);
  EXPECT_EQ(clock.longest_micros(), 50);
  clock.End(20, 300);
  EXPECT_EQ(clock.longest_rows(), 9u);
  EXPECT_EQ(clock.longest_micros(), 140);
}

TEST(GapClock, IsTheWholeStreamForWhatNeverCame) {
  GapClock clock(100);
  clock.End(20, 300);
  EXPECT_EQ(clock.longest_rows(), 20u);
  EXPECT_EQ(clock.longest_micros(), 200);
}

}  // namespace
}  // namespace plumbline::profile
