#include "server/profile/unseen_names.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace plumbline::profile {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;

TEST(UnseenNames, CountsFewNamesExactly) {
  UnseenNames names;
  names.Add("west", 3);
  names.Add("east");
  names.Add("west");
  EXPECT_THAT(names.MostFrequent(10), ElementsAre(Pair("west", 4), Pair("east", 1)));
  EXPECT_THAT(names.MostFrequent(1), ElementsAre(Pair("west", 4)));
}

TEST(UnseenNames, KeepsAFrequentNameAmongAMillionOthers) {
  UnseenNames names;
  for (int i = 0; i < 1'000'000; ++i) names.Add(i % 10 == 0 ? "often" : std::to_string(i));
  EXPECT_LE(names.rows().size(), UnseenNames::kCapacity);
  ASSERT_FALSE(names.empty());
  EXPECT_EQ(names.MostFrequent(1)[0].first, "often");
  EXPECT_LE(names.MostFrequent(1)[0].second, 100'000u);
}

TEST(UnseenNames, MergesToAtLeastTheFrequentOnes) {
  UnseenNames a, b;
  a.Add("x", 5);
  b.Add("x", 7);
  b.Add("y", 1);
  a.Merge(b);
  EXPECT_THAT(a.MostFrequent(10), ElementsAre(Pair("x", 12), Pair("y", 1)));
}

TEST(UnseenNames, CutsLongNamesBetweenCharacters) {
  UnseenNames names;
  std::string text;
  while (text.size() < 100) text += "ä";
  names.Add("x" + text);
  const std::string kept = names.MostFrequent(1)[0].first;
  EXPECT_EQ(kept.size(), 63u);
  EXPECT_EQ(kept, ("x" + text).substr(0, 63));
}

}  // namespace
}  // namespace plumbline::profile
