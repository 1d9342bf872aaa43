#include "server/manifest/row_set.h"

#include <string>
#include <vector>

#include "gtest/gtest.h"

namespace plumbline::manifest {
namespace {

struct TwoColumns {
  std::vector<CellHash> a, b;
};

TwoColumns Rows(const std::vector<std::pair<double, std::string>>& rows) {
  TwoColumns columns;
  for (const auto& [a, b] : rows) {
    columns.a.push_back(HashOfNumber(a));
    columns.b.push_back(HashOfText(b));
  }
  return columns;
}

RowSet SetOf(const TwoColumns& columns, bool b_first = false) {
  RowSetBuilder builder(columns.a.size());
  if (b_first) builder.AddColumn("b", columns.b);
  builder.AddColumn("a", columns.a);
  if (!b_first) builder.AddColumn("b", columns.b);
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
  RowSetBuilder renamed(1);
  renamed.AddColumn("c", {{HashOfNumber(1)}});
  RowSetBuilder named(1);
  named.AddColumn("a", {{HashOfNumber(1)}});
  EXPECT_NE(renamed.Finish(), named.Finish());
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

}  // namespace
}  // namespace plumbline::manifest
