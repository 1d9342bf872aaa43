#include "client/cell_values.h"

#include <gtest/gtest.h>

#include <cmath>

namespace plumbline::client {
namespace {

constexpr int64_t kOctober = 1'601'510'400'000'000;  // 2020-10-01T00:00:00Z

TEST(ParseNumber, ReadsNumbers) {
  EXPECT_EQ(ParseNumber("1"), 1.0);
  EXPECT_EQ(ParseNumber("-1.5e3"), -1500.0);
  EXPECT_EQ(ParseNumber("+7"), 7.0);
  EXPECT_EQ(ParseNumber(" 2.5 "), 2.5);
  EXPECT_EQ(ParseNumber("0.1"), 0.1);
  EXPECT_EQ(ParseNumber("18446744073709551616"), 18446744073709551616.0);
}

TEST(ParseNumber, ReadsNanAndInfinities) {
  for (const char* text : {"NaN", "nan", "-nan"}) {
    ASSERT_TRUE(ParseNumber(text).has_value()) << text;
    EXPECT_TRUE(std::isnan(*ParseNumber(text))) << text;
  }
  EXPECT_EQ(ParseNumber("inf"), HUGE_VAL);
  EXPECT_EQ(ParseNumber("Infinity"), HUGE_VAL);
  EXPECT_EQ(ParseNumber("-inf"), -HUGE_VAL);
  EXPECT_EQ(ParseNumber("1e999"), HUGE_VAL);
}

TEST(ParseNumber, RejectsText) {
  for (const char* text : {"", " ", "NA", "null", "1,5", "1 2", "0x10", "12 Main St", "nan(1)"}) {
    EXPECT_FALSE(ParseNumber(text).has_value()) << text;
  }
}

TEST(ParseUnixMicros, ReadsIsoTimesAsUtc) {
  for (const char* text :
       {"2020-10-01", "2020-10-01 00:00", "2020-10-01 00:00:00", "2020-10-01T00:00:00",
        "2020-10-01T00:00:00Z", "2020-10-01 00:00:00.000", "2020-10-01T02:00:00+02:00",
        "2020-09-30 19:30:00-04:30", " 2020-10-01 "}) {
    EXPECT_EQ(ParseUnixMicros(text), kOctober) << text;
  }
  EXPECT_EQ(ParseUnixMicros("2020-10-01 00:00:00.000001"), kOctober + 1);
}

TEST(ParseUnixMicros, TellsTheUnitByMagnitude) {
  EXPECT_EQ(ParseUnixMicros("1601510400"), kOctober);
  EXPECT_EQ(ParseUnixMicros("1601510400.5"), kOctober + 500'000);
  EXPECT_EQ(ParseUnixMicros("1601510400000"), kOctober);
  EXPECT_EQ(ParseUnixMicros("1601510400000001"), kOctober + 1);
  EXPECT_EQ(ParseUnixMicros("1601510400000001000"), kOctober + 1);
  EXPECT_EQ(ParseUnixMicros("0"), 0);
  EXPECT_EQ(ParseUnixMicros("-1"), -1'000'000);
}

TEST(ParseUnixMicros, RejectsWhatIsNoTime) {
  for (const char* text : {"", "yesterday", "2020-13-01", "2020-02-30", "2020-10-01 25:00:00",
                           "01/10/2020", "NaN", "inf", "2020-10-01X00:00:00"}) {
    EXPECT_FALSE(ParseUnixMicros(text).has_value()) << text;
  }
}

TEST(HasLeadingZero, IsTrueOfCodesOnly) {
  for (const char* cell : {"01005", "-007", "+01", " 00 ", "007.5"}) {
    EXPECT_TRUE(HasLeadingZero(cell)) << cell;
  }
  for (const char* cell : {"", "0", "-0", "0.5", "-0.5", "0e3", "10", "1005", "-", "x01"}) {
    EXPECT_FALSE(HasLeadingZero(cell)) << cell;
  }
}

}  // namespace
}  // namespace plumbline::client
