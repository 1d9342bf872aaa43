#include "client/commands/format.h"

#include <gtest/gtest.h>

#include <sstream>

#include "client/commands/progress.h"
#include "client/commands/text_table.h"

namespace plumbline::client {
namespace {

TEST(Format, GroupsThousands) {
  EXPECT_EQ(FormatCount(0), "0");
  EXPECT_EQ(FormatCount(999), "999");
  EXPECT_EQ(FormatCount(1000), "1,000");
  EXPECT_EQ(FormatCount(1234567), "1,234,567");
  EXPECT_EQ(FormatCount(1, "row", "rows"), "1 row");
}

TEST(Format, ShowsThreeDigitsThatMatter) {
  EXPECT_EQ(FormatNumber(0), "0");
  EXPECT_EQ(FormatNumber(0.031234), "0.0312");
  EXPECT_EQ(FormatNumber(15832.4), "15832");
  EXPECT_EQ(FormatNumber(-2.5e12), "-2.5e+12");
}

TEST(Format, NeverRoundsASmallShareToZeroOrALargeOneToAll) {
  EXPECT_EQ(FormatShare(0), "0");
  EXPECT_EQ(FormatShare(0.0001), "<0.1%");
  EXPECT_EQ(FormatShare(0.123), "12.3%");
  EXPECT_EQ(FormatShare(0.99999), ">99.9%");
  EXPECT_EQ(FormatShare(1), "100%");
}

TEST(Format, ShowsTimesInUtc) {
  google::protobuf::Timestamp time;
  time.set_seconds(1'601'510'400);
  EXPECT_EQ(FormatTime(time, true), "2020-10-01 00:00:00");
  EXPECT_EQ(FormatTime(time, false), "-");
}

TEST(Format, TakesThePowerFromControlCharacters) {
  EXPECT_EQ(Printable("a\x1b[2Jb\nc\x7f"), "a?[2Jb?c?");
  EXPECT_EQ(Printable("a\xC2\x9B"
                      "b"),
            "a?b");  // the one-byte CSI
  EXPECT_EQ(Printable("Zürich"), "Zürich");
}

TEST(Format, CutsBetweenCharacters) {
  EXPECT_EQ(Printable("Zürich", 4), "Zür…");
  EXPECT_EQ(Printable("Zürich", 6), "Zürich");
}

TEST(TextTable, AlignsByCharactersNotBytes) {
  TextTable table({{"city"}, {"n", TextTable::Align::kRight}, {"bar"}});
  table.AddRow({"Zürich", "1", "█"});
  table.AddRow({"Bern", "12", ""});
  EXPECT_EQ(table.ToString(),
            "city     n  bar\n"
            "Zürich   1  █\n"
            "Bern    12\n");
}

TEST(TextTable, LeavesOutColumnsWithoutCells) {
  TextTable table({{"a"}, {"empty"}, {"b"}});
  table.AddRow({"1", "", "2"});
  EXPECT_EQ(table.ToString(), "a  b\n1  2\n");
  EXPECT_EQ(TextTable({{"a"}}).ToString(), "");
}

TEST(Progress, WritesNothingWithoutATerminal) {
  std::ostringstream out;
  {
    Progress progress(out, false, "reading");
    progress.Update(0.5);
  }
  EXPECT_EQ(out.str(), "");
}

TEST(Progress, DrawsAndErasesItself) {
  std::ostringstream out;
  {
    Progress progress(out, true, "reading");
    progress.Update(0.5);
    progress.Update(0.501);  // nothing new to show
  }
  const std::string text = out.str();
  EXPECT_NE(text.find("reading"), std::string::npos);
  EXPECT_EQ(text.find(" 50%"), text.rfind(" 50%"));
  EXPECT_EQ(text.substr(text.size() - 4), "\r\x1b[K");
}

}  // namespace
}  // namespace plumbline::client
