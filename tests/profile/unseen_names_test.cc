#include "server/profile/unseen_names.h"

#include <map>
#include <random>
#include <string>
#include <utility>
#include <vector>

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

TEST(UnseenNames, KeepTheirBoundsWhenManyAreAdded) {
  std::mt19937_64 random(4);
  std::vector<std::string> texts;
  for (int i = 0; i < 300; ++i) texts.push_back("name" + std::to_string(i));
  UnseenNames names;
  std::map<std::string, uint64_t> exact;
  uint64_t total = 0;
  for (int round = 0; round < 50; ++round) {
    std::vector<std::pair<absl::string_view, uint64_t>> batch;
    for (size_t i = 0; i < texts.size(); ++i) {
      const uint64_t rows = i == 7 ? 200 : random() % 4;
      batch.emplace_back(texts[i], rows);
      exact[texts[i]] += rows;
      total += rows;
    }
    names.AddMany(batch);
    ASSERT_LE(names.rows().size(), UnseenNames::kCapacity);
    for (const auto& [name, rows] : names.rows()) ASSERT_LE(rows, exact[name]);
    const auto frequent = names.rows().find("name7");
    ASSERT_NE(frequent, names.rows().end());
    ASSERT_GE(frequent->second + total / (UnseenNames::kCapacity + 1), exact["name7"]);
  }
}

TEST(UnseenNames, AreExactWhileFewAreAddedTogether) {
  UnseenNames names;
  const std::string text(100, 'x');
  const std::vector<std::pair<absl::string_view, uint64_t>> first = {
      {"a", 3}, {"b", 1}, {"none", 0}};
  const std::vector<std::pair<absl::string_view, uint64_t>> second = {{"b", 4}, {text, 2}};
  names.AddMany(first);
  names.AddMany(second);
  UnseenNames expected;
  expected.Add("a", 3);
  expected.Add("b", 5);
  expected.Add(text, 2);
  EXPECT_EQ(names, expected);
}

}  // namespace
}  // namespace plumbline::profile
