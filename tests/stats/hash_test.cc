#include "server/stats/hash.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>
#include <set>

namespace plumbline::stats {
namespace {

// These are on disk: a change breaks every stored baseline.
TEST(HashBytes, IsXxh3) {
  EXPECT_EQ(HashBytes(""), 0x2d06800538d394c2u);  // of the XXH3 specification's own test vectors
  EXPECT_EQ(HashBytes("a"), 0xe6c632b61e964e1fu);
  EXPECT_EQ(HashBytes("abc"), 0x78af5f94892f3950u);
}

TEST(HashBytes, KeepsZeroBytesApart) {
  EXPECT_NE(HashBytes(absl::string_view("a\0", 2)), HashBytes("a"));
  EXPECT_NE(HashBytes(absl::string_view("\0", 1)), HashBytes(""));
}

TEST(HashUint64, IsOfTheLittleEndianBytes) {
  EXPECT_EQ(HashUint64(0x0807060504030201u),
            HashBytes(absl::string_view("\x01\x02\x03\x04\x05\x06\x07\x08", 8)));
}

TEST(HashDouble, TakesEqualValuesAsOne) {
  EXPECT_EQ(HashDouble(-0.0), HashDouble(0.0));
  EXPECT_EQ(HashDouble(std::nan("1")), HashDouble(-std::nan("2")));
  EXPECT_EQ(HashDouble(1.5), HashUint64(std::bit_cast<uint64_t>(1.5)));
}

TEST(HashDouble, KeepsNeighboursApart) {
  std::set<uint64_t> hashes;
  double x = 1;
  for (int i = 0; i < 1'000; ++i) {
    hashes.insert(HashDouble(x));
    x = std::nextafter(x, 2);
  }
  hashes.insert(HashDouble(std::numeric_limits<double>::denorm_min()));
  hashes.insert(HashDouble(0));
  hashes.insert(HashDouble(std::numeric_limits<double>::infinity()));
  hashes.insert(HashDouble(-std::numeric_limits<double>::infinity()));
  EXPECT_EQ(hashes.size(), 1'004u);
}

}  // namespace
}  // namespace plumbline::stats
