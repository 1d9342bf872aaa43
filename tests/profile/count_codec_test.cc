#include "server/profile/count_codec.h"

#include <cmath>
#include <random>
#include <string>
#include <vector>

#include "gtest/gtest.h"

namespace plumbline::profile {
namespace {

std::string Bytes(const CodeCounts& counts) {
  ByteWriter out;
  WriteCounts(counts, &out);
  return out.Take();
}

void ExpectReadBack(const std::vector<uint64_t>& plain) {
  const CodeCounts counts = CodeCounts::Of(plain);
  const std::string bytes = Bytes(counts);
  const std::string more = bytes + "\x7f";
  ByteReader in(more);
  std::vector<uint64_t> read(plain.size(), 99);
  ASSERT_TRUE(ReadCounts(&in, absl::MakeSpan(read)).ok());
  ASSERT_EQ(read, plain);
  ASSERT_EQ(in.Byte(), 0x7f);  // no byte too many was taken
  ASSERT_TRUE(in.AtEnd());
  for (size_t size = 0; size < bytes.size(); ++size) {
    ByteReader cut(absl::string_view(bytes).substr(0, size));
    ASSERT_FALSE(ReadCounts(&cut, absl::MakeSpan(read)).ok() && cut.ok()) << size;
  }
}

// Rows spread over codes, some of which take more than others.
std::vector<uint64_t> Spread(size_t codes, uint64_t rows, double lean, std::mt19937_64& random) {
  std::vector<uint64_t> counts(codes, 0);
  std::uniform_real_distribution<double> uniform(0, 1);
  for (uint64_t row = 0; row < rows; ++row) {
    ++counts[static_cast<size_t>(std::pow(uniform(random), lean) * static_cast<double>(codes))];
  }
  return counts;
}

TEST(CountCodec, ReadsBackWhatItWrote) {
  std::mt19937_64 random(3);
  for (const size_t codes : {1u, 2u, 3u, 50u, 226u, 1002u}) {
    for (const uint64_t rows : {0u, 1u, 7u, 100u, 6'000u, 100'000u}) {
      for (const double lean : {1.0, 4.0, 40.0}) ExpectReadBack(Spread(codes, rows, lean, random));
    }
  }
}

TEST(CountCodec, ReadsBackCountsOfAnySize) {
  std::mt19937_64 random(4);
  for (int round = 0; round < 200; ++round) {
    std::vector<uint64_t> counts(1 + random() % 300);
    const uint64_t usual = random() % 64;
    for (uint64_t& count : counts) {
      const uint64_t shift = random() % 20 == 0 ? random() % 64 : usual;
      count = random() % 7 == 0 ? 0 : random() >> shift;
    }
    ExpectReadBack(counts);
  }
  ExpectReadBack(std::vector<uint64_t>(5, ~uint64_t{0}));
  ExpectReadBack({});
}

TEST(CountCodec, TakesLittleRoom) {
  std::mt19937_64 random(5);
  EXPECT_LE(Bytes(CodeCounts::Of(Spread(226, 100, 1, random))).size(), 52u);
  EXPECT_LE(Bytes(CodeCounts::Of(Spread(226, 6'000, 1, random))).size(), 195u);
  EXPECT_EQ(Bytes(CodeCounts(1002)).size(), 2u);
  // Where one value has nearly all rows, the others stay short.
  std::vector<uint64_t> atom = Spread(226, 100, 1, random);
  atom[100] += 1'000'000;
  EXPECT_LE(Bytes(CodeCounts::Of(atom)).size(), 60u);
}

TEST(CountCodec, RefusesWhatItCannotHaveWritten) {
  for (const std::string& bytes :
       {std::string("\x20\x00\x00", 3),                 // 31 lower bits
        std::string("\x00\x03\x00\x01", 4),             // three of two codes
        std::string("\x00\x01\x02\x01", 4),             // a code beyond the last
        std::string("\x00\x01\x00\x00", 4),             // a count of nothing
        std::string("\x00\x02\x01\x01\x00\x01", 6)}) {  // a second behind the last
    ByteReader in(bytes);
    std::vector<uint64_t> counts(2);
    EXPECT_FALSE(ReadCounts(&in, absl::MakeSpan(counts)).ok());
  }
}

}  // namespace
}  // namespace plumbline::profile
