#include "server/manifest/row_set.h"

#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

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

// The fast path beside the obvious one.
TEST(RowHasher, AddsNumbersAsItAddsTheirCells) {
  const std::vector<double> doubles = {0.0,    -0.0, 1.5, std::nan(""), -HUGE_VAL,
                                       5e-324, 9,    0.1, 1e308};
  const std::vector<int64_t> integers = {0, 1, -1, INT64_MAX, INT64_MIN, (1ll << 53) + 1, 5, 6, 7};
  const std::vector<uint8_t> validity = {0x5b, 0x01};
  const RowHasher::Key key = RowHasher::KeyOf("x");
  for (const bool with_nulls : {false, true}) {
    std::vector<CellHash> cells, whole;
    for (size_t i = 0; i < doubles.size(); ++i) {
      const bool valid = !with_nulls || (validity[i / 8] >> (i % 8) & 1) != 0;
      cells.push_back(valid ? HashOfNumber(doubles[i]) : HashOfNull());
      whole.push_back(valid ? HashOfInteger(integers[i]) : HashOfNull());
    }
    const absl::Span<const uint8_t> bits =
        with_nulls ? absl::MakeConstSpan(validity) : absl::Span<const uint8_t>();
    std::vector<absl::uint128> fast(9), obvious(9);
    RowHasher::AddNumbers(key, absl::MakeConstSpan(doubles), bits, absl::MakeSpan(fast));
    RowHasher::AddNumbers(key, absl::MakeConstSpan(integers), bits, absl::MakeSpan(fast));
    RowHasher::AddColumn(key, cells, absl::MakeSpan(obvious));
    RowHasher::AddColumn(key, whole, absl::MakeSpan(obvious));
    EXPECT_EQ(fast, obvious);
  }
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
