#include "server/manifest/content_digest.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "gtest/gtest.h"

namespace plumbline::manifest {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

std::vector<CellHash> SomeCells(size_t count, uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<CellHash> cells;
  for (size_t i = 0; i < count; ++i) {
    cells.push_back(i % 7 == 0 ? HashOfNull() : HashOfNumber(static_cast<double>(random() % 50)));
  }
  return cells;
}

ContentDigest DigestOf(absl::Span<const CellHash> cells) {
  ContentDigest digest;
  digest.AddAll(cells);
  return digest;
}

TEST(CellHash, IsOfTheValueAndNotOfTheType) {
  EXPECT_EQ(HashOfInteger(5), HashOfNumber(5.0));
  EXPECT_EQ(HashOfInteger(-7), HashOfNumber(static_cast<float>(-7)));
  EXPECT_EQ(HashOfNumber(-0.0), HashOfNumber(0.0));
  EXPECT_EQ(HashOfNumber(kNan), HashOfNumber(std::nan("77")));
  EXPECT_EQ(HashOfNumber(-kNan), HashOfNumber(kNan));
  EXPECT_FALSE(HashOfNumber(kNan) == HashOfNull());
  EXPECT_FALSE(HashOfNumber(0) == HashOfNull());
  EXPECT_FALSE(HashOfText("") == HashOfNull());
  EXPECT_FALSE(HashOfText("5") == HashOfNumber(5));
  // 2^53 + 1 has no double of its own.
  const int64_t odd = (int64_t{1} << 53) + 1;
  EXPECT_FALSE(HashOfInteger(odd) == HashOfNumber(static_cast<double>(odd)));
  EXPECT_FALSE(HashOfInteger(std::numeric_limits<int64_t>::max()) == HashOfNumber(0x1p63));
  EXPECT_EQ(HashOfInteger(std::numeric_limits<int64_t>::min()), HashOfNumber(-0x1p63));
}

TEST(CellHash, FoldedTextsDifferInWritingOnly) {
  EXPECT_EQ(HashOfFoldedText(" <=50K"), HashOfFoldedText("<=50k\t"));
  EXPECT_EQ(HashOfFoldedText("5.0"), HashOfFoldedText("5"));
  EXPECT_EQ(HashOfFoldedText("Male"), HashOfFoldedText("MALE "));
  EXPECT_FALSE(HashOfFoldedText("nan") == HashOfNumber(kNan));
  EXPECT_FALSE(HashOfFoldedText("<=50K") == HashOfFoldedText(">50K"));
}

TEST(ContentDigest, IsTheSameForAnyPartitionMergedInOrder) {
  const std::vector<CellHash> cells = SomeCells(1'000, 1);
  const ContentDigest whole = DigestOf(cells);
  std::mt19937_64 random(2);
  for (int round = 0; round < 20; ++round) {
    ContentDigest merged;
    for (size_t begin = 0; begin < cells.size();) {
      const size_t end = std::min(cells.size(), begin + random() % 200);
      merged.Merge(DigestOf(absl::MakeConstSpan(cells).subspan(begin, end - begin)));
      begin = end;
    }
    EXPECT_EQ(merged, whole);
  }
}

TEST(ContentDigest, KnowsContentRegardlessOfOrderAndOrderToo) {
  std::vector<CellHash> cells = SomeCells(1'000, 3);
  const ContentDigest before = DigestOf(cells);
  std::shuffle(cells.begin(), cells.end(), std::mt19937_64(4));
  const ContentDigest shuffled = DigestOf(cells);
  EXPECT_TRUE(before.SameContent(shuffled));
  EXPECT_FALSE(before == shuffled);
  cells.push_back(cells[1]);
  EXPECT_FALSE(before.SameContent(DigestOf(cells)));  // a duplicate counts
}

TEST(ContentDigest, FindsOneChangedCellAmongMany) {
  std::vector<CellHash> cells = SomeCells(1 << 20, 5);
  const ContentDigest before = DigestOf(cells);
  cells[777'777] = HashOfNumber(1e9);
  EXPECT_FALSE(before.SameContent(DigestOf(cells)));
  // Two that trade places: another order, the same content.
  cells = SomeCells(1 << 20, 5);
  cells[0] = HashOfNumber(-1);
  const ContentDigest first = DigestOf(cells);
  std::swap(cells[0], cells[1 << 19]);
  EXPECT_TRUE(first.SameContent(DigestOf(cells)));
  EXPECT_FALSE(first == DigestOf(cells));
}

TEST(ContentDigest, TellsTwoValuesInThueMorseOrderApart) {
  // What defeats a polynomial modulo a power of two.
  std::vector<CellHash> one, other;
  for (uint64_t i = 0; i < 1 << 16; ++i) {
    const bool bit = std::popcount(i) % 2 != 0;
    one.push_back(HashOfNumber(bit ? 1 : 0));
    other.push_back(HashOfNumber(bit ? 0 : 1));
  }
  EXPECT_TRUE(DigestOf(one).SameContent(DigestOf(other)));
  EXPECT_FALSE(DigestOf(one) == DigestOf(other));
}

TEST(ContentDigest, SurvivesStorageAndRefusesWhatCannotBe) {
  const ContentDigest digest = DigestOf(SomeCells(100, 6));
  EXPECT_EQ(*ContentDigest::FromParts(digest.ToParts()), digest);
  ContentDigest::Parts parts = digest.ToParts();
  parts.ordered_low = ~uint64_t{0};
  EXPECT_FALSE(ContentDigest::FromParts(parts).ok());
  parts = digest.ToParts();
  parts.cells = 0;
  EXPECT_FALSE(ContentDigest::FromParts(parts).ok());
}

TEST(RowHasher, IsOfColumnsByNameInAnyOrder) {
  const std::vector<CellHash> a = SomeCells(64, 7), b = SomeCells(64, 8);
  const auto key_a = RowHasher::KeyOf("a"), key_b = RowHasher::KeyOf("b");
  std::vector<absl::uint128> ab(64, 0), ba(64, 0), swapped(64, 0);
  RowHasher::AddColumn(key_a, a, absl::MakeSpan(ab));
  RowHasher::AddColumn(key_b, b, absl::MakeSpan(ab));
  RowHasher::AddColumn(key_b, b, absl::MakeSpan(ba));
  RowHasher::AddColumn(key_a, a, absl::MakeSpan(ba));
  RowHasher::AddColumn(key_a, b, absl::MakeSpan(swapped));
  RowHasher::AddColumn(key_b, a, absl::MakeSpan(swapped));
  EXPECT_EQ(ab, ba);
  EXPECT_NE(ab, swapped);
  EXPECT_EQ(RowHasher::Finish(ab[5]), RowHasher::Finish(ba[5]));
}

}  // namespace
}  // namespace plumbline::manifest
