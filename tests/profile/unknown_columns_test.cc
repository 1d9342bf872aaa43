#include "server/profile/unknown_columns.h"

#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/profile/batch_maker.h"

namespace plumbline::profile {
namespace {

struct Data {
  explicit Data(uint64_t seed, size_t rows = 2000) {
    std::mt19937_64 random(seed);
    std::normal_distribution<double> normal(0, 1);
    for (size_t i = 0; i < rows; ++i) {
      temperature.push_back(20 + 5 * normal(random));
      pressure.push_back(1000 + 10 * normal(random));
      city.push_back(absl::StrCat("city", random() % 5));
    }
  }
  std::vector<double> temperature, pressure;
  std::vector<std::string> city;
};

class UnknownColumnsTest : public ::testing::Test {
 protected:
  UnknownColumnsTest() {
    const Data data(1);
    baseline_ = BuildBaseline({MakeBatch(2000, {NumberColumn("temperature", data.temperature),
                                                NumberColumn("pressure", data.pressure),
                                                TextColumn("city", data.city)})})
                    .value();
  }
  void See(std::vector<ColumnView> columns) {
    // In small batches: a few values are taken of each.
    constexpr size_t kRows = 100;
    for (size_t begin = 0; begin < 2000; begin += kRows) {
      std::vector<ColumnView> part = columns;
      for (ColumnView& column : part) {
        if (auto* numbers = std::get_if<Packed<double>>(&column.values)) {
          *numbers = numbers->subspan(begin, kRows);
        } else {
          auto& texts = std::get<std::vector<absl::string_view>>(column.values);
          texts = {texts.begin() + begin, texts.begin() + begin + kRows};
        }
      }
      columns_.See(baseline_, aliases_, MakeBatch(kRows, std::move(part)));
    }
  }
  std::string Guess(size_t index) const {
    const auto guess = GuessRename(baseline_, index, columns_);
    return guess.has_value() ? guess->name : "";
  }

  Baseline baseline_;
  Aliases aliases_;
  UnknownColumns columns_;
};

TEST(NameSimilarity, IsOfLettersAndDigitsWhateverTheirCase) {
  EXPECT_EQ(NameSimilarity("user_id", "UserId"), 1);
  EXPECT_EQ(NameSimilarity("", ""), 0);
  EXPECT_EQ(NameSimilarity("__", "--"), 0);
  EXPECT_GE(NameSimilarity("temp", "temperature"), 0.8);
  EXPECT_GE(NameSimilarity("hum", "rel_hum"), 0.8);
  EXPECT_LT(NameSimilarity("x", "max"), 0.5);
  EXPECT_DOUBLE_EQ(NameSimilarity("abcd", "abxd"), 0.75);
  EXPECT_EQ(NameSimilarity("ab", "cd"), 0);
}

TEST_F(UnknownColumnsTest, GuessesByNameAndByDistribution) {
  const Data live(2);
  See({NumberColumn("temp_c", live.temperature), NumberColumn("p", live.pressure),
       TextColumn("town", live.city)});
  EXPECT_EQ(Guess(0), "temp_c");
  EXPECT_EQ(Guess(1), "p");
  EXPECT_EQ(Guess(2), "town");
  EXPECT_LT(GuessRename(baseline_, 1, columns_)->distance, 0.15);
}

TEST_F(UnknownColumnsTest, ANameThatIsAlikeIsGuessedWhateverTheUnit) {
  Data live(2);
  for (double& value : live.temperature) value = value * 1.8 + 32;
  See({NumberColumn("Temperature_F", live.temperature), NumberColumn("other", live.pressure),
       TextColumn("city", live.city)});
  EXPECT_EQ(Guess(0), "Temperature_F");
  EXPECT_GT(GuessRename(baseline_, 0, columns_)->distance, kAlikeDistance);
}

TEST_F(UnknownColumnsTest, NothingIsGuessedOfColumnsThatAreNotAlikeOrThatAreManyAlike) {
  const Data live(2);
  const std::vector<double> flat(2000, 7);
  See({NumberColumn("pressure", live.pressure), NumberColumn("flat", flat),
       TextColumn("words", live.city)});
  EXPECT_EQ(Guess(0), "");
  columns_ = {};
  See({NumberColumn("u", live.temperature), NumberColumn("v", live.temperature),
       NumberColumn("pressure", live.pressure), TextColumn("city", live.city)});
  EXPECT_EQ(Guess(0), "");
}

TEST_F(UnknownColumnsTest, NothingIsKeptWhileEveryVariableIsThere) {
  const Data live(2);
  const auto columns = [&](absl::string_view name) {
    return std::vector<ColumnView>{
        NumberColumn(name, live.temperature), NumberColumn("pressure", live.pressure),
        TextColumn("city", live.city), NumberColumn("new", live.pressure)};
  };
  See(columns("temperature"));
  EXPECT_TRUE(columns_.empty());
  aliases_["heat"] = 0;
  See(columns("heat"));
  EXPECT_TRUE(columns_.empty());
  See(columns("cold"));
  EXPECT_EQ(columns_.columns().size(), 2u);
  // Bounded.
  for (int i = 0; i < 100; ++i) See(columns(absl::StrCat("name", i)));
  EXPECT_EQ(columns_.columns().size(), 32u);
  EXPECT_EQ(columns_.columns().at("new").numbers.size(), 256u);
}

TEST_F(UnknownColumnsTest, AnAliasCountsAsItsVariableUnlessThatIsThereToo) {
  const Data live(2);
  aliases_["heat"] = 0;
  const BatchView renamed = MakeBatch(2000, {NumberColumn("heat", live.temperature)});
  Pane pane(baseline_);
  PreparedBatch(baseline_, renamed, aliases_).Count(0, 2000, &pane);
  EXPECT_EQ(pane.variables[0].Coded(), 2000u);
  EXPECT_EQ(pane.variables[0].absent, 0u);
  EXPECT_TRUE(pane.unknown_variables.empty());
  const BatchView both = MakeBatch(
      2000, {NumberColumn("heat", live.pressure), NumberColumn("temperature", live.temperature)});
  Pane of_both(baseline_);
  PreparedBatch(baseline_, both, aliases_).Count(0, 2000, &of_both);
  EXPECT_EQ(of_both.variables[0].codes, pane.variables[0].codes);
  EXPECT_TRUE(of_both.unknown_variables.empty());
}

}  // namespace
}  // namespace plumbline::profile
