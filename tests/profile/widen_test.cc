#include "server/profile/widen.h"

#include <cstdint>
#include <limits>
#include <random>
#include <vector>

#include "gtest/gtest.h"

namespace plumbline::profile {
namespace {

// Every magnitude, both signs, and where double rounds: halfway between two doubles, and beside it.
std::vector<int64_t> HardNumbers() {
  std::vector<int64_t> numbers = {0, -1, 1, std::numeric_limits<int64_t>::min(),
                                  std::numeric_limits<int64_t>::max()};
  std::mt19937_64 random(1);
  for (int bits = 1; bits < 64; ++bits) {
    for (int i = 0; i < 200; ++i) {
      const auto number = static_cast<int64_t>(random() >> (64 - bits));
      numbers.push_back(number);
      numbers.push_back(-number);
      if (bits < 55) continue;
      const int64_t half = int64_t{1} << (bits - 54);
      const int64_t between = (number & ~(2 * half - 1)) | half;
      for (const int64_t beside : {between - 1, between, between + 1}) {
        numbers.push_back(beside);
        numbers.push_back(-beside);
      }
    }
  }
  return numbers;
}

TEST(Widen, RoundsAsTheObviousVersionDoes) {
  const std::vector<int64_t> numbers = HardNumbers();
  for (const stats::SimdLevel level : stats::SimdLevelsHere()) {
    std::vector<double> wide(numbers.size());
    Widen(numbers, wide.data(), level);
    for (size_t i = 0; i < numbers.size(); ++i) {
      ASSERT_EQ(wide[i], static_cast<double>(numbers[i])) << numbers[i];
    }
  }
}

TEST(Widen, WritesAsManyAsThereAre) {
  const std::vector<int64_t> numbers(11, -7);
  for (const stats::SimdLevel level : stats::SimdLevelsHere()) {
    for (size_t size = 0; size <= numbers.size(); ++size) {
      std::vector<double> wide(numbers.size() + 4, 1);
      Widen(absl::MakeConstSpan(numbers).first(size), wide.data(), level);
      for (size_t i = 0; i < wide.size(); ++i) ASSERT_EQ(wide[i], i < size ? -7 : 1) << size;
    }
  }
}

}  // namespace
}  // namespace plumbline::profile
