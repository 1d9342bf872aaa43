#include "server/profile/chunk_list.h"

#include <utility>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace plumbline::profile {
namespace {

using ::testing::ElementsAre;

// One categorical variable with `codes` codes.
Baseline Draft(size_t codes) {
  Baseline draft;
  draft.schema = *Schema::Create({{"k", Role::kFeature, Kind::kCategorical, ValueType::kString}});
  draft.variables.resize(1);
  draft.variables[0].variable = draft.schema.variables()[0];
  draft.variables[0].counts.codes = CodeCounts(codes);
  return draft;
}

// Row i has code i % codes and event time i seconds. Returns an error or Ok.
absl::Status Fill(uint64_t rows, size_t codes, ChunkList* chunks) {
  for (uint64_t row = 0; row < rows;) {
    const uint64_t end = row + chunks->RowsLeft();
    Pane* pane = chunks->current();
    pane->rows += end - row;
    pane->variables[0].rows += end - row;
    for (uint64_t i = row; i < end; ++i) pane->variables[0].codes.Add(i % codes);
    chunks->See(static_cast<int64_t>(row) * 1'000'000, static_cast<int64_t>(end - 1) * 1'000'000);
    if (absl::Status closed = chunks->CloseIfFull(); !closed.ok()) return closed;
    row = end;
  }
  return absl::OkStatus();
}

TEST(ChunkList, CutsEvenlyAndLosesNoRow) {
  const Baseline draft = Draft(7);
  for (const uint64_t rows : {1u, 99u, 100u, 250u, 6'400u, 6'463u, 100'003u}) {
    ChunkList chunks(draft, rows, 64, 1 << 20);
    ASSERT_TRUE(Fill(rows, 7, &chunks).ok());
    const auto total = chunks.Total();
    ASSERT_TRUE(total.ok());
    EXPECT_EQ(total->rows, rows);
    EXPECT_EQ(total->variables[0].Coded(), rows);
    const auto list = std::move(chunks).Finish({});
    ASSERT_TRUE(list.ok());
    const uint64_t wanted = std::clamp<uint64_t>(rows / 100, 1, 64);
    EXPECT_EQ(list->size(), wanted);
    uint64_t start = 0;
    for (const BaselineChunk& chunk : *list) {
      EXPECT_NEAR(static_cast<double>(chunk.rows),
                  static_cast<double>(rows) / static_cast<double>(wanted), 1.0);
      EXPECT_EQ(absl::ToUnixSeconds(*chunk.start), static_cast<int64_t>(start));
      start += chunk.rows;
      EXPECT_EQ(absl::ToUnixSeconds(*chunk.end), static_cast<int64_t>(start) - 1);
    }
    EXPECT_EQ(start, rows);
  }
}

TEST(ChunkList, JoinsNeighboursToStayWithinItsBytes) {
  const Baseline draft = Draft(100);
  for (const size_t max_bytes : {300u, 500u, 1'000u, 3'000u}) {
    ChunkList chunks(draft, 10'000, 37, max_bytes);
    ASSERT_TRUE(Fill(10'000, 100, &chunks).ok());
    const auto total = chunks.Total();
    ASSERT_TRUE(total.ok());
    EXPECT_EQ(total->variables[0].codes.ToVector(), std::vector<uint64_t>(100, 100));
    const auto list = std::move(chunks).Finish({});
    ASSERT_TRUE(list.ok());
    size_t bytes = 0;
    uint64_t rows = 0;
    for (const BaselineChunk& chunk : *list) {
      bytes += chunk.pane.size();
      EXPECT_EQ(absl::ToUnixSeconds(*chunk.start), static_cast<int64_t>(rows));
      rows += chunk.rows;
    }
    EXPECT_LE(bytes, max_bytes);
    EXPECT_EQ(rows, 10'000u);
    EXPECT_GE(list->size(), 1u);
  }
}

TEST(ChunkList, HasNoneIfEvenOneIsTooLarge) {
  const Baseline draft = Draft(100);
  ChunkList chunks(draft, 1'000, 10, 20);
  ASSERT_TRUE(Fill(1'000, 100, &chunks).ok());
  EXPECT_EQ(chunks.Total()->rows, 1'000u);
  EXPECT_TRUE(std::move(chunks).Finish({})->empty());
}

TEST(ChunkList, MapsCodesInTheEnd) {
  Baseline draft = Draft(4);
  ChunkList chunks(draft, 250, 2, 1 << 20);
  ASSERT_TRUE(Fill(250, 3, &chunks).ok());
  const auto list = std::move(chunks).Finish({{1, 0, 1, 2}});
  ASSERT_TRUE(list.ok());
  draft.variables[0].counts.codes = CodeCounts(3);
  const auto pane = DecodePane(draft, (*list)[0].pane);
  ASSERT_TRUE(pane.ok());
  EXPECT_THAT(pane->variables[0].codes, ElementsAre(42, 83, 0));
}

}  // namespace
}  // namespace plumbline::profile
