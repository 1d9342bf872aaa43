#include "server/profile/categories.h"

#include <cstdint>
#include <limits>
#include <utility>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/profile/category_counter.h"
#include "server/stats/hash.h"

namespace plumbline::profile {
namespace {

using ::testing::ElementsAre;

stats::MembershipFilter FilterOf(std::vector<std::string> names) {
  stats::MembershipFilter filter(names.size(), 1e-6, 1024);
  for (const std::string& name : names) filter.Insert(stats::HashBytes(name));
  return filter;
}

TEST(CategoryTable, TellsKeptRareAndUnseenApart) {
  const auto table = CategoryTable::Create({"b", "", "a"}, FilterOf({"rare", "17"}));
  ASSERT_TRUE(table.ok());
  EXPECT_EQ(table->Code("b"), 0u);
  EXPECT_EQ(table->Code(""), 1u);
  EXPECT_EQ(table->Code("a"), 2u);
  EXPECT_EQ(table->Code("rare"), table->rare_code());
  EXPECT_EQ(table->Code("A"), table->unseen_code());
  EXPECT_EQ(table->CodeOfInt(17), table->rare_code());
}

TEST(CategoryTable, TakesAnIntegerForItsDecimalTextOnly) {
  const auto table = CategoryTable::Create(
      {"1", "01", "+2", "-3", " 4", "-0", "9223372036854775807", "-9223372036854775808"},
      FilterOf({}));
  ASSERT_TRUE(table.ok());
  for (const int64_t number :
       {int64_t{0}, int64_t{1}, int64_t{2}, int64_t{-3}, int64_t{4},
        std::numeric_limits<int64_t>::max(), std::numeric_limits<int64_t>::min()}) {
    EXPECT_EQ(table->CodeOfInt(number), table->Code(std::to_string(number))) << number;
  }
  EXPECT_EQ(table->CodeOfInt(1), 0u);
  EXPECT_EQ(table->CodeOfInt(2), table->unseen_code());
}

TEST(CategoryTable, RefusesRepeatedAndTooManyNames) {
  EXPECT_FALSE(CategoryTable::Create({"a", "a"}, FilterOf({})).ok());
  std::vector<std::string> many;
  for (size_t i = 0; i <= kMaxKeptCategories; ++i) many.push_back(std::to_string(i));
  EXPECT_FALSE(CategoryTable::Create(many, FilterOf({})).ok());
}

TEST(CategoryTable, CallsEverythingUnseenWhileEmpty) {
  EXPECT_EQ(CategoryTable().Code("a"), CategoryTable().unseen_code());
}

TEST(CategoryCounter, KeepsByExactCountThenByName) {
  CategoryCounter counter({stats::HashBytes("x"), stats::HashBytes("b"), stats::HashBytes("a"),
                           stats::HashBytes("never")},
                          1, 0, 1024, 0);
  CodeCounts counts(6);
  uint64_t row = 0;
  for (const char* category : {"a", "b", "rest", "b", "a", "x", "x", "x"}) {
    const uint32_t code = counter.Code(category);
    counts.Add(code);
    counter.See(code, row++, 0);
  }
  auto result = std::move(counter).Finish(counts, kMaxKeptCategories, row, 0);
  ASSERT_TRUE(result.ok());
  EXPECT_THAT(result->table.names(), ElementsAre("x", "a", "b"));
  EXPECT_THAT(result->longest_gap_rows, ElementsAre(5, 3, 4));
  // By candidate: x, b, a, never, the rest, the unseen.
  EXPECT_THAT(result->final_codes, ElementsAre(0, 2, 1, 3, 3, 4));
  EXPECT_EQ(result->table.Code("rest"), result->table.rare_code());
}

TEST(CategoryTable, TellsAnyTwoTextsApart) {
  // All lengths around those of words, and texts that differ in one byte, anywhere, or in length.
  std::vector<std::string> texts = {"", std::string(1, '\0'), std::string(2, '\0')};
  for (size_t size = 1; size <= 40; ++size) {
    const std::string same(size, 'x');
    texts.push_back(same);
    for (size_t at = 0; at < size; ++at) {
      texts.push_back(same);
      texts.back()[at] = static_cast<char>(at % 2 == 0 ? 'y' : 0xff);
    }
  }
  std::vector<std::string> kept;
  for (size_t i = 0; i < texts.size(); i += 2) kept.push_back(texts[i]);
  const auto table = CategoryTable::Create(kept, stats::MembershipFilter(0, 0.01, 8));
  ASSERT_TRUE(table.ok());
  for (size_t i = 0; i < texts.size(); ++i) {
    EXPECT_EQ(table->Code(texts[i]), i % 2 == 0 ? i / 2 : table->unseen_code()) << i;
    EXPECT_EQ(table->name(i / 2), texts[i / 2 * 2]);
  }
}

TEST(CategoryTable, RefusesTwoOfAName) {
  EXPECT_FALSE(CategoryTable::Create({"a", "b", "a"}, stats::MembershipFilter(0, 0.01, 8)).ok());
}

TEST(CategoryCounter, PutsCandidatesBeyondTheLimitIntoTheRest) {
  constexpr size_t kCandidates = kMaxKeptCategories + 100;
  std::vector<uint64_t> hashes;
  for (size_t i = 0; i < kCandidates; ++i) hashes.push_back(stats::HashBytes(std::to_string(i)));
  CategoryCounter counter(hashes, 100, 0, 1 << 16, 0);
  CodeCounts counts(kCandidates + 2);
  for (size_t i = 0; i < kCandidates; ++i) counts.Add(counter.Code(std::to_string(i)), i + 1);
  const auto result = std::move(counter).Finish(counts, kMaxKeptCategories, 1, 0);
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(result->table.size(), kMaxKeptCategories);
  EXPECT_EQ(result->table.names()[0], std::to_string(kCandidates - 1));
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(result->table.Code(std::to_string(i)), result->table.rare_code());
  }
}

}  // namespace
}  // namespace plumbline::profile
