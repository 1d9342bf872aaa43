#include "server/profile/code_counts.h"

#include <cstdint>
#include <random>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace plumbline::profile {
namespace {

using ::testing::ElementsAre;

// Counts that are at the ends of each width.
uint64_t AnyCount(std::mt19937_64& random) {
  constexpr uint64_t kEnds[] = {0,           1,           254,           255,
                                256,         65'534,      65'535,        65'536,
                                0xffff'fffe, 0xffff'ffff, 0x1'0000'0000, uint64_t{1} << 40};
  return random() % 2 == 0 ? random() % 300 : kEnds[random() % std::size(kEnds)];
}

TEST(CodeCounts, StartAtZero) {
  const CodeCounts counts(3);
  EXPECT_THAT(counts, ElementsAre(0, 0, 0));
  EXPECT_EQ(counts.Total(), 0u);
  EXPECT_EQ(counts.Max(), 0u);
  EXPECT_TRUE(CodeCounts().empty());
  EXPECT_EQ(CodeCounts().Max(), 0u);
}

TEST(CodeCounts, AreExactAtTheEndOfEveryWidth) {
  for (const uint64_t end : {uint64_t{0xff}, uint64_t{0xffff}, uint64_t{0xffff'ffff}}) {
    CodeCounts counts(2);
    counts.Add(0, end);
    counts.Add(1, 7);
    EXPECT_THAT(counts, ElementsAre(end, 7));
    counts.Add(0);
    EXPECT_THAT(counts, ElementsAre(end + 1, 7));
    counts.Merge(counts);
    EXPECT_THAT(counts, ElementsAre(2 * end + 2, 14));
  }
}

TEST(CodeCounts, AddAsPlainCountsDo) {
  std::mt19937_64 random(5);
  for (int round = 0; round < 300; ++round) {
    const size_t size = 1 + random() % 40;
    CodeCounts counts(size);
    std::vector<uint64_t> plain(size, 0);
    for (int step = 0; step < 30; ++step) {
      const size_t code = random() % size;
      std::vector<uint64_t> more(size, 0);
      switch (random() % 4) {
        case 0:
          more[code] = AnyCount(random);
          counts.Add(code, more[code]);
          break;
        case 1: {
          std::vector<uint32_t> rows(1 + random() % size);
          uint64_t total = 0;
          for (size_t i = 0; i < rows.size(); ++i) {
            rows[i] = static_cast<uint32_t>(AnyCount(random));
            more[i] = rows[i];
            total += rows[i];
          }
          counts.AddEach(rows, total);
          break;
        }
        case 2: {
          std::vector<uint32_t> codes(random() % 600, static_cast<uint32_t>(code));
          more[code] = codes.size();
          counts.AddCodes(codes);
          break;
        }
        default:
          for (uint64_t& count : more) count = AnyCount(random);
          counts.Merge(CodeCounts::Of(more));
      }
      uint64_t total = 0, largest = 0;
      for (size_t i = 0; i < size; ++i) {
        plain[i] += more[i];
        total += plain[i];
        largest = std::max(largest, plain[i]);
        ASSERT_EQ(counts[i], plain[i]);
      }
      ASSERT_EQ(counts.ToVector(), plain);
      ASSERT_EQ(counts.Total(), total);
      ASSERT_EQ(counts.Max(), largest);
      ASSERT_EQ(counts, CodeCounts::Of(plain));
    }
  }
}

TEST(CodeCounts, ArePlainToRead) {
  const CodeCounts counts = CodeCounts::Of({3, 70'000, 5});
  EXPECT_EQ(counts.size(), 3u);
  EXPECT_EQ(counts.front(), 3u);
  EXPECT_EQ(counts.back(), 5u);
  uint64_t first[2];
  counts.CopyTo(absl::MakeSpan(first));
  EXPECT_THAT(first, ElementsAre(3, 70'000));
}

TEST(CodeCounts, OfTwoSizesKeepTheLarger) {
  CodeCounts small(1), large = CodeCounts::Of({1, 2, 3});
  small.Add(0, 9);
  large.Merge(small);
  EXPECT_THAT(large, ElementsAre(10, 2, 3));
  small.Merge(large);
  EXPECT_THAT(small, ElementsAre(19, 2, 3));
}

TEST(CodeCounts, ClearToZero) {
  CodeCounts counts = CodeCounts::Of({1, 70'000});
  counts.Clear();
  EXPECT_EQ(counts, CodeCounts(2));
  counts.Add(1, 3);
  EXPECT_THAT(counts, ElementsAre(0, 3));
}

TEST(CodeCounts, DifferIfACountOrTheirNumberDoes) {
  EXPECT_NE(CodeCounts::Of({1, 2}), CodeCounts::Of({1, 3}));
  EXPECT_NE(CodeCounts::Of({1, 2}), CodeCounts::Of({1, 2, 0}));
}

}  // namespace
}  // namespace plumbline::profile
