#include "server/stats/membership_filter.h"

#include <gtest/gtest.h>

#include <cmath>
#include <string>

#include "server/stats/hash.h"

namespace plumbline::stats {
namespace {

constexpr size_t kNoLimit = size_t{1} << 30;

TEST(MembershipFilter, FindsEverythingInserted) {
  MembershipFilter filter(10'000, 0.01, kNoLimit);
  for (uint64_t i = 0; i < 10'000; ++i) filter.Insert(HashUint64(i));
  for (uint64_t i = 0; i < 10'000; ++i) ASSERT_TRUE(filter.MayContain(HashUint64(i)));
}

TEST(MembershipFilter, ErrsAtTheRateAskedFor) {
  for (const double rate : {0.1, 0.01, 0.001}) {
    MembershipFilter filter(20'000, rate, kNoLimit);
    for (uint64_t i = 0; i < 20'000; ++i) filter.Insert(HashUint64(i));
    int wrong = 0;
    constexpr int kTries = 200'000;
    for (uint64_t i = 0; i < kTries; ++i) wrong += filter.MayContain(HashUint64(1'000'000 + i));
    EXPECT_NEAR(wrong / double{kTries} / rate, 1, 0.3) << rate;
    EXPECT_NEAR(filter.FalsePositiveRate() / rate, 1, 0.2) << rate;
  }
}

TEST(MembershipFilter, OfNothingContainsNothing) {
  const MembershipFilter filter(100, 0.01, kNoLimit);
  for (uint64_t i = 0; i < 1'000; ++i) EXPECT_FALSE(filter.MayContain(HashUint64(i)));
  EXPECT_EQ(filter.FalsePositiveRate(), 0);
}

TEST(MembershipFilter, StaysInItsMemoryAndStillMissesNothing) {
  MembershipFilter filter(1'000'000, 0.001, 1'000);
  EXPECT_LE(filter.bit_bytes(), 1'000u);
  for (uint64_t i = 0; i < 100'000; ++i) filter.Insert(HashUint64(i));
  for (uint64_t i = 0; i < 100'000; ++i) ASSERT_TRUE(filter.MayContain(HashUint64(i)));
}

TEST(MembershipFilter, TakesSillySizes) {
  for (MembershipFilter filter :
       {MembershipFilter(0, 0.01, 0), MembershipFilter(1, std::nan(""), 64),
        MembershipFilter(~uint64_t{0}, 1e-300, 64), MembershipFilter(10, 7, 1)}) {
    EXPECT_GE(filter.bit_bytes(), 8u);
    EXPECT_LE(filter.bit_bytes(), 64u);
    filter.Insert(HashUint64(1));
    EXPECT_TRUE(filter.MayContain(HashUint64(1)));
  }
}

TEST(MembershipFilter, ComesBackFromItsBytes) {
  MembershipFilter filter(500, 0.01, kNoLimit);
  for (uint64_t i = 0; i < 500; ++i) filter.Insert(HashUint64(i));
  const std::string bytes = filter.bytes();
  const auto restored = MembershipFilter::FromBytes({bytes.data(), bytes.size()});
  ASSERT_TRUE(restored.ok());
  EXPECT_EQ(restored->bytes(), bytes);
  for (uint64_t i = 0; i < 5'000; ++i) {
    ASSERT_EQ(restored->MayContain(HashUint64(i)), filter.MayContain(HashUint64(i)));
  }
}

TEST(MembershipFilter, RefusesBytesThatAreNotOne) {
  const std::string good = MembershipFilter(10, 0.01, kNoLimit).bytes();
  const auto refused = [](const std::string& bytes) {
    return absl::IsInvalidArgument(
        MembershipFilter::FromBytes({bytes.data(), bytes.size()}).status());
  };
  ASSERT_FALSE(refused(good));
  EXPECT_TRUE(refused(""));
  EXPECT_TRUE(refused(good.substr(0, 8)));
  EXPECT_TRUE(refused(good.substr(0, good.size() - 1)));
  for (const auto& [at, value] :
       {std::pair{0, 'x'}, {4, '\2'}, {5, '\0'}, {5, '\x7f'}, {5, '\xff'}, {6, '\1'}, {7, '\1'}}) {
    std::string bad = good;
    bad[static_cast<size_t>(at)] = value;
    EXPECT_TRUE(refused(bad)) << at;
  }
}

}  // namespace
}  // namespace plumbline::stats
