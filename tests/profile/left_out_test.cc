#include "server/profile/left_out.h"

#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "tests/profile/batch_maker.h"

namespace plumbline::profile {
namespace {

// By chunk of 100.
std::vector<uint64_t> Values(size_t chunks) { return std::vector<uint64_t>(chunks, 100); }

TEST(LeaveOutCategories, RunsOfANewCategoryAreToBeExpectedInRuns) {
  std::vector<CategorySpan> spans = {{0, 63, 6'000}};
  for (uint64_t i = 0; i < 8; ++i) spans.push_back({8 * i + 3, 8 * i + 3, 50});
  const LeftOut found = LeaveOutCategories(spans, {}, Values(64));
  EXPECT_DOUBLE_EQ(found.share, 400 / 6'400.0);
  EXPECT_GT(found.design_effect, 50);
  EXPECT_LT(found.design_effect, 150);
}

TEST(LeaveOutCategories, WhatStraddlesTwoChunksIsLeftOutWithBoth) {
  const std::vector<uint64_t> values = Values(30);
  EXPECT_DOUBLE_EQ(LeaveOutCategories({{{3, 4, 50}}}, {}, values).share, 50 / 3'000.0);
  EXPECT_EQ(LeaveOutCategories({{{3, 5, 50}}}, {}, values).share, 0);
  // Of more chunks longer runs are left out as well.
  EXPECT_DOUBLE_EQ(LeaveOutCategories({{{3, 5, 50}}}, {}, Values(60)).share, 50 / 6'000.0);
}

TEST(LeaveOutCategories, SingleRowsAnywhereAreAsGoodAndTuringHaveIt) {
  std::mt19937_64 random(3);
  std::vector<CategorySpan> spans;
  for (int i = 0; i < 300; ++i) {
    const uint64_t chunk = random() % 64;
    spans.push_back({chunk, chunk, 1});
  }
  const LeftOut found = LeaveOutCategories(spans, {}, Values(64));
  EXPECT_DOUBLE_EQ(found.share, 300 / 6'400.0);
  EXPECT_EQ(found.design_effect, 1);
}

TEST(LeaveOutCategories, ChancePutsAFewPairsInOnePlace) {
  std::mt19937_64 random(4);
  std::vector<CategorySpan> apart, together;
  for (int i = 0; i < 200; ++i) {
    const uint64_t one = random() % 64, other = random() % 64;
    apart.push_back({std::min(one, other), std::max(one, other), 2});
    together.push_back({one, one, 2});
  }
  EXPECT_EQ(LeaveOutCategories(apart, {}, Values(64)).share, 0);
  EXPECT_EQ(LeaveOutCategories(apart, {}, Values(64)).design_effect, 1);
  EXPECT_DOUBLE_EQ(LeaveOutCategories(together, {}, Values(64)).share, 400 / 6'400.0);
}

TEST(LeaveOutCategories, ASampleStandsForTheOthers) {
  SpanSample rest;
  rest.scale = 4;
  for (uint64_t i = 0; i < 8; ++i) rest.spans.push_back({8 * i + 3, 8 * i + 3, 50});
  EXPECT_DOUBLE_EQ(LeaveOutCategories({}, rest, Values(64)).share, 1'600 / 6'400.0);
}

TEST(LeaveOutCategories, NothingIsLeftOutOfFewChunksOrNoValues) {
  EXPECT_EQ(LeaveOutCategories({{{3, 3, 50}}}, {}, Values(7)).share, 0);
  EXPECT_EQ(LeaveOutCategories({}, {}, std::vector<uint64_t>(64)).share, 0);
  EXPECT_EQ(LeaveOutCategories({}, {}, {}).design_effect, 1);
}

TEST(LeaveOutCategories, RowsThatAreSortedByAFewNamesDoNotLetExpectMore) {
  const auto sorted = [](uint64_t names) {
    std::vector<CategorySpan> spans;
    for (uint64_t i = 0; i < names; ++i) {
      spans.push_back({64 * i / names, (64 * (i + 1) - 1) / names, 6'400 / names});
    }
    return LeaveOutCategories(spans, {}, Values(64));
  };
  EXPECT_EQ(sorted(32).share, 0);
  EXPECT_EQ(sorted(32).design_effect, 1);
  EXPECT_DOUBLE_EQ(sorted(640).share, 1);  // of so many there will be more
}

// 40,000 rows of letters, and runs of 10 rows of a user each, 1,500 of them or so.
std::vector<std::string> Users() {
  std::mt19937_64 random(5);
  std::vector<std::string> names;
  int users = 0;
  while (names.size() < 40'000) {
    if (random() % 17 == 0) {
      names.insert(names.end(), 10, absl::StrCat("user", ++users));
    } else {
      names.emplace_back(1, static_cast<char>('a' + random() % 26));
    }
  }
  names.resize(40'000);
  return names;
}

NaturalVariation NaturalOf(const ColumnView& column, uint32_t rows, BaselineOptions options = {}) {
  const auto baseline = BuildBaseline({MakeBatch(rows, {column})}, {}, options);
  EXPECT_TRUE(baseline.ok()) << baseline.status();
  return baseline->variables[0].natural;
}

TEST(LeftOut, IsTheSameWhetherCategoriesAreKeptByNameOrNot) {
  const std::vector<std::string> names = Users();
  const auto rows = static_cast<uint32_t>(names.size());
  double users = 0;
  for (const std::string& name : names) users += name.size() > 1 ? 1 : 0;
  const NaturalVariation natural = NaturalOf(TextColumn("user", names), rows);
  EXPECT_NEAR(natural.outside_share, users / rows, 0.005);
  EXPECT_GT(natural.outside, 4);
  EXPECT_LT(natural.outside, 20);
  EXPECT_GE(natural.DriftEffect(/*numeric=*/false), natural.outside);
  BaselineOptions options;
  options.max_categories = 26;
  const NaturalVariation rest = NaturalOf(TextColumn("user", names), rows, options);
  EXPECT_DOUBLE_EQ(rest.outside_share, natural.outside_share);
  EXPECT_DOUBLE_EQ(rest.outside, natural.outside);
  // As a dictionary.
  ColumnView column = TextColumn("user", names);
  DictionaryView dictionary{{names.begin(), names.end()}, {}};
  std::vector<uint32_t> indices(rows);
  for (uint32_t row = 0; row < rows; ++row) indices[row] = row;
  dictionary.indices = indices;
  column.values = dictionary;
  EXPECT_DOUBLE_EQ(NaturalOf(column, rows, options).outside, natural.outside);
}

TEST(LeftOut, IsKnownFromASampleOfTheCategories) {
  const std::vector<std::string> names = Users();
  const auto rows = static_cast<uint32_t>(names.size());
  const NaturalVariation natural = NaturalOf(TextColumn("user", names), rows);
  BaselineOptions options;
  options.distinct_sample_capacity = 400;
  options.max_categories = 26;
  const NaturalVariation sampled = NaturalOf(TextColumn("user", names), rows, options);
  EXPECT_NEAR(sampled.outside_share, natural.outside_share, 0.1);
  EXPECT_GT(sampled.outside, 4);
  EXPECT_LT(sampled.outside, 30);
}

TEST(LeftOut, IsKnownOfChunksThatWereJoined) {
  const std::vector<std::string> names = Users();
  const auto rows = static_cast<uint32_t>(names.size());
  BaselineOptions options;
  options.max_categories = 26;
  const auto whole = BuildBaseline({MakeBatch(rows, {TextColumn("user", names)})}, {}, options);
  ASSERT_TRUE(whole.ok());
  size_t bytes = 0;
  for (const BaselineChunk& chunk : whole->chunks) bytes += chunk.pane.size();
  options.max_chunk_bytes = 2 * bytes;  // the candidates for a name take more
  const auto joined = BuildBaseline({MakeBatch(rows, {TextColumn("user", names)})}, {}, options);
  ASSERT_TRUE(joined.ok());
  ASSERT_LT(joined->chunks.size(), whole->chunks.size());
  ASSERT_GE(joined->chunks.size(), kFewChunks);
  EXPECT_NEAR(joined->variables[0].natural.outside_share, whole->variables[0].natural.outside_share,
              0.005);
  EXPECT_GT(joined->variables[0].natural.outside, 4);
}

}  // namespace
}  // namespace plumbline::profile
