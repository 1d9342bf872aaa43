#include "server/manifest/row_set.h"

#include <bit>
#include <cmath>
#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "gtest/gtest.h"
#include "server/manifest/row_id.h"

namespace plumbline::manifest {
namespace {

struct TwoColumns {
  std::vector<double> a;
  std::vector<std::string> b;
};

TwoColumns Rows(const std::vector<std::pair<double, std::string>>& rows) {
  TwoColumns columns;
  for (const auto& [a, b] : rows) {
    columns.a.push_back(a);
    columns.b.push_back(b);
  }
  return columns;
}

RowSet SetOf(const TwoColumns& columns, bool b_first = false) {
  RowSetBuilder builder(columns.a.size());
  const std::vector<absl::string_view> texts(columns.b.begin(), columns.b.end());
  if (b_first) builder.AddTexts("b", texts, {});
  builder.AddNumbers("a", absl::MakeConstSpan(columns.a), {});
  if (!b_first) builder.AddTexts("b", texts, {});
  return builder.Finish();
}

TEST(RowSet, IsTheSameWhateverTheOrderAndTheParts) {
  const RowSet all = SetOf(Rows({{1, "x"}, {2, "y"}, {2, "y"}}));
  EXPECT_EQ(all.rows, 3u);
  EXPECT_EQ(all, SetOf(Rows({{2, "y"}, {1, "x"}, {2, "y"}}), /*b_first=*/true));
  RowSet parts = SetOf(Rows({{2, "y"}}));
  parts.Add(SetOf(Rows({{2, "y"}, {1, "x"}})));
  EXPECT_EQ(parts, all);
}

TEST(RowSet, IsAnotherOneForOtherRows) {
  const RowSet all = SetOf(Rows({{1, "x"}, {2, "y"}}));
  EXPECT_NE(all, SetOf(Rows({{1, "y"}, {2, "x"}})));  // cells that trade rows
  EXPECT_NE(all, SetOf(Rows({{1, "x"}, {2, "y"}, {2, "y"}})));
  EXPECT_NE(all, SetOf(Rows({{1, "x"}})));
  EXPECT_NE(all, SetOf(Rows({{1, "x"}, {2.0000000001, "y"}})));
}

RowSet SetOfOne(const std::string& name, double value, const std::vector<uint8_t>& validity = {}) {
  RowSetBuilder builder(1);
  builder.AddNumbers(name, absl::MakeConstSpan(&value, 1), validity);
  return builder.Finish();
}

TEST(RowSet, KnowsColumnsByNameAndNullFromAnyValue) {
  EXPECT_NE(SetOfOne("a", 1), SetOfOne("c", 1));
  EXPECT_EQ(SetOfOne("a", 1), SetOfOne("a", 1, {1}));
  EXPECT_EQ(SetOfOne("a", 7, {0}), SetOfOne("a", 1, {0}));
  EXPECT_NE(SetOfOne("a", 0), SetOfOne("a", 0, {0}));
}

// All kinds of columns, with values at the borders of their kinds.
struct AllKinds {
  std::vector<double> doubles;
  std::vector<float> floats;
  std::vector<int64_t> integers;
  std::unique_ptr<bool[]> bools;
  std::vector<uint32_t> indices;
  std::vector<uint8_t> validity;  // of some columns
  size_t rows = 0;

  explicit AllKinds(size_t count) : bools(new bool[count]), rows(count) {
    std::mt19937_64 random(count);
    const double doubles_there_are[] = {0.0,    -0.0, std::nan("7"), -std::nan(""), HUGE_VAL,
                                        5e-324, -1,   0.1,           1e308,         0x1p63};
    const int64_t integers_there_are[] = {
        0, INT64_MIN, INT64_MAX, (1ll << 53) + 1, (1ll << 53) + 2, -1, 1ll << 62, 7};
    for (size_t i = 0; i < count; ++i) {
      const uint64_t any = random();
      const bool border = any % 4 == 0;
      doubles.push_back(border ? doubles_there_are[any / 4 % 10] : std::ldexp(any, -40));
      floats.push_back(static_cast<float>(doubles.back()));
      integers.push_back(border ? integers_there_are[any / 4 % 8] : static_cast<int64_t>(any >> 8));
      bools[i] = any % 2 == 0;
      validity.resize(i / 8 + 1);
      const bool valid = any % 3 != 0 || i / 64 == 2;  // 64 rows have none that is null
      if (valid) validity[i / 8] |= 1 << (i % 8);
      indices.push_back(valid ? any % 3 : 1000);
    }
  }
};

const std::vector<absl::string_view> kNames = {"north", "", "5"};

RowSet Fast(const AllKinds& all, MixerLevel level) {
  const std::vector<uint8_t>& bits = all.validity;
  const absl::Span<const bool> bools(all.bools.get(), all.rows);
  RowSetBuilder builder(all.rows, level);
  builder.AddNumbers("d", absl::MakeConstSpan(all.doubles), {});
  builder.AddNumbers("d0", absl::MakeConstSpan(all.doubles), bits);
  builder.AddNumbers("f", absl::MakeConstSpan(all.floats), bits);
  builder.AddNumbers("i", absl::MakeConstSpan(all.integers), {});
  builder.AddNumbers("i0", absl::MakeConstSpan(all.integers), bits);
  builder.AddNumbers("b", bools, bits);
  builder.AddTexts("t", kNames, all.indices, bits);
  return builder.Finish();
}

// A cell at a time, by what the header says.
RowSet Obvious(const AllKinds& all) {
  std::vector<absl::uint128> sums(all.rows);
  const auto add = [&](absl::string_view name, bool with_nulls, const auto& cell_of) {
    std::vector<CellHash> cells;
    for (size_t i = 0; i < all.rows; ++i) {
      const bool valid = !with_nulls || (all.validity[i / 8] >> (i % 8) & 1) != 0;
      cells.push_back(valid ? cell_of(i) : HashOfNull());
    }
    RowHasher::AddColumn(RowHasher::KeyOf(name), cells, absl::MakeSpan(sums));
  };
  const auto number = [&](size_t i) { return HashOfNumber(all.doubles[i]); };
  const auto integer = [&](size_t i) { return HashOfInteger(all.integers[i]); };
  add("t", true, [&](size_t i) { return HashOfText(kNames[all.indices[i]]); });
  add("b", true, [&](size_t i) { return HashOfNumber(all.bools[i] ? 1 : 0); });
  add("i0", true, integer);
  add("i", false, integer);
  add("f", true, [&](size_t i) { return HashOfNumber(all.floats[i]); });
  add("d0", true, number);
  add("d", false, number);
  RowSet set{.rows = all.rows};
  for (const absl::uint128 sum : sums) set.digest += RowHasher::Finish(sum).value();
  return set;
}

TEST(RowSetBuilder, IsTheObviousOneOnEveryMachine) {
  for (const size_t rows : {0, 1, 7, 8, 9, 63, 64, 65, 255, 256, 257, 264, 511, 1000}) {
    const AllKinds all(rows);
    const RowSet obvious = Obvious(all);
    for (const MixerLevel level : MixerLevelsHere()) {
      EXPECT_EQ(Fast(all, level), obvious) << rows << " rows, level " << static_cast<int>(level);
    }
  }
}

// Digests are stored, and declared by clients of other versions.
TEST(RowSetBuilder, NeverGivesAnotherDigest) {
  const std::vector<double> numbers = {1, -0.0, std::nan(""), 1e300, 7};
  const std::vector<int64_t> integers = {1, 2, 3, INT64_MAX, 5};
  const std::vector<absl::string_view> texts = {"x", "y", "x", "z", ""};
  const std::vector<uint8_t> validity = {0x0f};
  for (const MixerLevel level : MixerLevelsHere()) {
    RowSetBuilder builder(5, level);
    builder.AddNumbers("a", absl::MakeConstSpan(numbers), validity);
    builder.AddNumbers("b", absl::MakeConstSpan(integers), {});
    builder.AddTexts("c", texts, {});
    EXPECT_EQ(DigestText(builder.Finish().digest), "ff5a87d688c00089f86fda0615056208");
  }
}

RowSet SetOfTwo(double a, double b, MixerLevel level = BestMixerLevel()) {
  RowSetBuilder builder(1, level);
  builder.AddNumbers("a", absl::MakeConstSpan(&a, 1), {});
  builder.AddNumbers("b", absl::MakeConstSpan(&b, 1), {});
  return builder.Finish();
}

TEST(RowSet, ScattersRowsThatAreAlike) {
  // Small whole numbers, (3, 5) beside (5, 3): what data is made of. By chance, 0.5 of 65,536 rows
  // have 32 bits in common with another one.
  for (const int shift : {0, 32, 64, 96}) {
    absl::flat_hash_set<uint32_t> seen;
    for (int a = 0; a < 256; ++a) {
      for (int b = 0; b < 256; ++b) {
        seen.insert(static_cast<uint32_t>(SetOfTwo(a, b).digest >> shift));
      }
    }
    EXPECT_GE(seen.size(), 65'536u - 6) << shift;
  }
}

TEST(RowSet, ChangesEveryBitByHalfForAnyBitOfACell) {
  std::mt19937_64 random(1);
  std::normal_distribution<double> normal;
  size_t changed[128] = {}, tries = 0;
  for (int i = 0; i < 100; ++i) {
    const double a = normal(random), b = std::round(normal(random) * 100);
    const absl::uint128 before = SetOfTwo(a, b).digest;
    for (int bit = 0; bit < 64; ++bit) {
      const auto other = std::bit_cast<double>(std::bit_cast<uint64_t>(b) ^ (uint64_t{1} << bit));
      if (std::isnan(other) || other == b) continue;
      const absl::uint128 difference = before ^ SetOfTwo(a, other).digest;
      for (int out = 0; out < 128; ++out)
        changed[out] += static_cast<uint64_t>(difference >> out) & 1;
      ++tries;
    }
  }
  for (const size_t count : changed) {
    EXPECT_NEAR(static_cast<double>(count) / static_cast<double>(tries), 0.5, 0.04);
  }
}

TEST(RowSet, TakesZerosAsOneNumberAndNansAsAnother) {
  for (const MixerLevel level : MixerLevelsHere()) {
    EXPECT_EQ(SetOfTwo(-0.0, 1, level), SetOfTwo(0.0, 1, level));
    EXPECT_EQ(SetOfTwo(-std::nan("7"), 1, level), SetOfTwo(std::nan(""), 1, level));
    EXPECT_NE(SetOfTwo(std::nan(""), 1, level), SetOfTwo(0, 1, level));
  }
  EXPECT_NE(SetOfOne("a", std::nan("")), SetOfOne("a", std::nan(""), {0}));
}

TEST(DigestText, AndBackIsTheSame) {
  const absl::uint128 digest = absl::MakeUint128(0x0123456789abcdef, 0xfedcba9876543210);
  EXPECT_EQ(DigestText(digest), "0123456789abcdeffedcba9876543210");
  EXPECT_EQ(ParseDigest(DigestText(digest)), digest);
  EXPECT_EQ(ParseDigest("0123456789ABCDEFfedcba9876543210"), digest);
  for (const char* text :
       {"", "12", "0x23456789abcdeffedcba9876543210aa", " 123456789abcdeffedcba9876543210",
        "g123456789abcdeffedcba9876543210", "0123456789abcdeffedcba98765432100"}) {
    EXPECT_EQ(ParseDigest(text), std::nullopt) << text;
  }
}

TEST(NormalId, TakesWholeNumbersWithAFractionOfZeroForWholeNumbers) {
  EXPECT_EQ(NormalId("17.0"), "17");
  EXPECT_EQ(NormalId("-17.00"), "-17");
  for (const char* id : {"17", "17.5", "17.", ".0", "-.0", "a.0", "1.0.0", "007", "", "1e3"}) {
    EXPECT_EQ(NormalId(id), id);
  }
}

}  // namespace
}  // namespace plumbline::manifest
