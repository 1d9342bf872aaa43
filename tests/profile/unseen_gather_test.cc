#include "server/profile/unseen_gather.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace plumbline::profile {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;

void AddText(absl::string_view text, uint64_t rows, UnseenGather<absl::string_view>* gather) {
  gather->Add(text, HashOfText(text, TextKey(text)), rows);
}

TEST(UnseenGather, AddsUpWhatComesMoreThanOnce) {
  UnseenNames names;
  UnseenGather<absl::string_view> gather(&names);
  AddText("west", 2, &gather);
  AddText("east", 4, &gather);
  AddText("west", 3, &gather);
  EXPECT_TRUE(names.empty());
  gather.Finish();
  EXPECT_THAT(names.MostFrequent(5), ElementsAre(Pair("west", 5), Pair("east", 4)));
}

TEST(UnseenGather, TakesLongTextsThatBeginAlikeForOne) {
  const std::string begin(UnseenNames::kMaxBytes, 'x');
  const std::string one = begin + "1", other = begin + "2";
  UnseenNames names;
  UnseenGather<absl::string_view> gather(&names);
  AddText(one, 1, &gather);
  AddText(other, 1, &gather);
  gather.Finish();
  EXPECT_THAT(names.MostFrequent(5), ElementsAre(Pair(begin, 2)));
}

TEST(UnseenGather, TellsValuesOfOneHashApart) {
  UnseenNames names;
  UnseenGather<int64_t> gather(&names);
  gather.Add(-7, 5, 1);
  gather.Add(8, 5, 2);
  gather.Add(8, 5, 2);
  gather.Finish();
  EXPECT_THAT(names.MostFrequent(5), ElementsAre(Pair("8", 4), Pair("-7", 1)));
}

TEST(UnseenGather, KeepsTheMostFrequentOfAnyNumber) {
  UnseenNames names;
  UnseenGather<int64_t> gather(&names);
  for (int64_t i = 0; i < 10'000; ++i) {
    gather.Add(i, HashOfNumber(i), 1);
    if (i % 4 == 0) gather.Add(42, HashOfNumber(42), 1);
  }
  gather.Finish();
  EXPECT_EQ(names.MostFrequent(1)[0].first, "42");
}

}  // namespace
}  // namespace plumbline::profile
