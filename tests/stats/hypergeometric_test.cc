#include "server/stats/hypergeometric.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

namespace plumbline::stats {
namespace {

// Plain sum of the pmf, by lgamma: the slow, obvious version, good for totals up to some 100,000.
class Slow {
 public:
  Slow(uint64_t marked, uint64_t unmarked, uint64_t draws)
      : marked_(static_cast<long double>(marked)),
        unmarked_(static_cast<long double>(unmarked)),
        draws_(static_cast<long double>(draws)) {}

  double Pmf(uint64_t k) const {
    const auto x = static_cast<long double>(k);
    return static_cast<double>(std::exp(LogChoose(marked_, x) + LogChoose(unmarked_, draws_ - x) -
                                        LogChoose(marked_ + unmarked_, draws_)));
  }
  double Sum(uint64_t from, uint64_t to) const {
    double sum = 0;
    for (uint64_t k = from; k <= to; ++k) sum += Pmf(k);
    return sum;
  }

 private:
  static long double LogChoose(long double n, long double k) {
    return std::lgamma(n + 1) - std::lgamma(k + 1) - std::lgamma(n - k + 1);
  }
  long double marked_;
  long double unmarked_;
  long double draws_;
};

TEST(Hypergeometric, IsRightByHand) {
  // 3 marked of 8, 4 drawn: C(3, k) C(5, 4 - k) / 70.
  const Hypergeometric law(3, 5, 4);
  EXPECT_EQ(law.min(), 0u);
  EXPECT_EQ(law.max(), 3u);
  const double expected[] = {5, 30, 30, 5};
  for (uint64_t k = 0; k <= 3; ++k) {
    EXPECT_NEAR(std::exp(law.LogPmf(k)), expected[k] / 70, 1e-14);
  }
  EXPECT_NEAR(law.UpperTail(2), 0.5, 1e-14);
  EXPECT_NEAR(law.LowerTail(0), 5.0 / 70, 1e-14);
  EXPECT_EQ(law.UpperTail(0), 1);
  EXPECT_EQ(law.UpperTail(4), 0);
  EXPECT_EQ(law.LowerTail(3), 1);
  EXPECT_EQ(law.LogPmf(4), -std::numeric_limits<double>::infinity());
}

TEST(Hypergeometric, OfACertainOutcomeIsOne) {
  for (const Hypergeometric& law : {Hypergeometric(0, 10, 5), Hypergeometric(10, 0, 5),
                                    Hypergeometric(4, 6, 0), Hypergeometric(4, 6, 10)}) {
    ASSERT_EQ(law.min(), law.max());
    EXPECT_EQ(law.LogPmf(law.min()), 0);
    EXPECT_EQ(law.UpperTail(law.min()), 1);
    EXPECT_EQ(law.LowerTail(law.min()), 1);
    EXPECT_EQ(law.UpperTail(law.min() + 1), 0);
  }
}

TEST(Hypergeometric, AgreesWithThePlainSum) {
  struct Case {
    uint64_t marked, unmarked, draws;
  };
  for (const Case& c : {Case{20, 30, 10}, Case{500, 1'500, 700}, Case{3, 40'000, 20'000},
                        Case{20'000, 30'000, 25'000}, Case{49'000, 1'000, 10'000}}) {
    const Hypergeometric law(c.marked, c.unmarked, c.draws);
    const Slow slow(c.marked, c.unmarked, c.draws);
    const uint64_t step = std::max<uint64_t>(1, (law.max() - law.min()) / 200);
    for (uint64_t k = law.min(); k <= law.max(); k += step) {
      const double upper = slow.Sum(k, law.max());
      const double lower = slow.Sum(law.min(), k);
      if (upper > 1e-250) {
        EXPECT_NEAR(law.UpperTail(k) / upper, 1, 1e-6) << k;
      }
      if (lower > 1e-250) {
        EXPECT_NEAR(law.LowerTail(k) / lower, 1, 1e-6) << k;
      }
    }
  }
}

TEST(Hypergeometric, TailsOfHugeTotalsAreThoseOfTheNormal) {
  // Deviation sqrt(2^38): the normal approximation itself is good to about 1e-5 here.
  const uint64_t half = uint64_t{1} << 41;
  const Hypergeometric law(half, half, half);
  const double deviation = std::sqrt(std::ldexp(1.0, 39) * 0.5);
  const double mean = std::ldexp(1.0, 40);
  for (const double z : {0.0, 0.5, 1.0, 3.0, 6.0, 10.0}) {
    const double normal = std::erfc(z / std::sqrt(2.0)) / 2;
    const auto up = static_cast<uint64_t>(mean + z * deviation);
    const auto down = static_cast<uint64_t>(mean - z * deviation);
    EXPECT_NEAR(law.UpperTail(up) / normal, 1, 1e-4) << z;
    EXPECT_NEAR(law.LowerTail(down) / normal, 1, 1e-4) << z;
  }
}

TEST(Hypergeometric, TailsAreComplementsAndFall) {
  const Hypergeometric law(40'000, 960'000, 250'000);
  double last = 1;
  for (uint64_t k = 9'000; k < 11'000; k += 7) {
    const double upper = law.UpperTail(k);
    EXPECT_LE(upper, last * (1 + 1e-9)) << k;
    EXPECT_NEAR(upper + law.LowerTail(k - 1), 1, 1e-6) << k;
    last = upper;
  }
}

}  // namespace
}  // namespace plumbline::stats
