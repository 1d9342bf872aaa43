#include "client/utf8.h"

#include <gtest/gtest.h>

namespace plumbline::client {
namespace {

TEST(Utf8, TakesWhatIsWellFormed) {
  EXPECT_TRUE(IsValidUtf8(""));
  EXPECT_TRUE(IsValidUtf8("plain text, longer than a word"));
  EXPECT_TRUE(IsValidUtf8("Zürich 東京 \xF0\x9F\x8F\xA0"));
  EXPECT_TRUE(IsValidUtf8("\xF4\x8F\xBF\xBF"));  // U+10FFFF
}

TEST(Utf8, RejectsWhatIsNot) {
  EXPECT_FALSE(IsValidUtf8("Z\xFCrich"));         // Latin-1
  EXPECT_FALSE(IsValidUtf8("\xC0\xAF"));          // overlong
  EXPECT_FALSE(IsValidUtf8("\xE0\x80\xAF"));      // overlong
  EXPECT_FALSE(IsValidUtf8("\xED\xA0\x80"));      // surrogate
  EXPECT_FALSE(IsValidUtf8("\xF4\x90\x80\x80"));  // above U+10FFFF
  EXPECT_FALSE(IsValidUtf8("12345678\xE6\x9D"));  // cut
  EXPECT_FALSE(IsValidUtf8("\x80"));              // continuation without a lead
}

TEST(Utf8, CutsNoCharacter) {
  EXPECT_EQ(Utf8Beginning("aé", 5), "aé");
  EXPECT_EQ(Utf8Beginning("aé", 3), "aé");
  EXPECT_EQ(Utf8Beginning("aé", 2), "a");
  EXPECT_EQ(Utf8Beginning("東", 2), "");
  EXPECT_EQ(Utf8End("éa", 5), "éa");
  EXPECT_EQ(Utf8End("éa", 3), "éa");
  EXPECT_EQ(Utf8End("éa", 2), "a");
  EXPECT_EQ(Utf8End("東", 2), "");
}

}  // namespace
}  // namespace plumbline::client
