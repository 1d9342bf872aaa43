// Differential tests of counting categories, by blocks and one by one.

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "server/profile/column_counter.h"

namespace plumbline::profile {
namespace {

constexpr uint32_t kRows = 1'301;

CategoryTable Table() {
  std::vector<std::string> names = {"a", "", "true", "17", "-4"};
  for (int i = 0; i < 600; ++i) names.push_back(absl::StrCat("name-", i));
  auto table = CategoryTable::Create(names, stats::MembershipFilter(10, 0.001, 64));
  return *std::move(table);
}

std::vector<uint32_t> CodesOf(const CategoryTable& table,
                              const std::vector<absl::string_view>& texts) {
  std::vector<uint32_t> codes;
  for (const absl::string_view text : texts) codes.push_back(table.Code(text));
  return codes;
}

// Every row by itself; the names are exact while there are few.
VariableCounts Obvious(const CategoryTable& table, const ColumnView& column,
                       const std::vector<std::string>& texts, uint32_t begin, uint32_t end) {
  VariableCounts counts;
  counts.codes = CodeCounts(table.size() + 2);
  for (uint32_t row = begin; row < end; ++row) {
    if (!column.IsValid(row)) {
      ++counts.nulls;
      continue;
    }
    const uint32_t code = table.Code(texts[row]);
    counts.codes.Add(code);
    if (code == table.unseen_code()) counts.unseen_names.Add(texts[row]);
  }
  return counts;
}

void Check(const CategoryTable& table, ColumnView column, absl::Span<const uint32_t> codes,
           const std::vector<std::string>& texts) {
  std::mt19937_64 random(8);
  std::vector<uint8_t> some((kRows + 7) / 8), none((kRows + 7) / 8);
  for (uint8_t& byte : some) byte = static_cast<uint8_t>(random());
  const std::pair<uint32_t, uint32_t> ranges[] = {{0, kRows}, {3, 3},    {5, 6},
                                                  {7, 70},    {7, 1000}, {65, kRows}};
  for (const auto& validity : {std::vector<uint8_t>(), some, none}) {
    column.validity = validity;
    for (const auto& [begin, end] : ranges) {
      VariableCounts counts;
      counts.codes = CodeCounts(table.size() + 2);
      CountCategoricalColumn(table, column, codes, begin, end, &counts);
      const VariableCounts expected = Obvious(table, column, texts, begin, end);
      ASSERT_EQ(counts.codes, expected.codes);
      ASSERT_EQ(counts.nulls, expected.nulls);
      ASSERT_EQ(counts.unseen_names, expected.unseen_names);
    }
  }
}

// Values of which `distinct` occur, a tenth of the rows one of ten unseen ones.
std::vector<std::string> Texts(size_t distinct, uint64_t seed) {
  std::mt19937_64 random(seed);
  const char* special[] = {"", "a", "true", "name-1", "unseen name of some length"};
  std::vector<std::string> texts;
  for (uint32_t row = 0; row < kRows; ++row) {
    if (random() % 10 == 0) {
      texts.push_back(absl::StrCat("new", random() % 10));
    } else if (random() % 5 == 0) {
      texts.emplace_back(special[random() % std::size(special)]);
    } else {
      texts.push_back(absl::StrCat("name-", random() % distinct));
    }
  }
  return texts;
}

TEST(CountCategoricalColumn, CountsStringsAsOneByOne) {
  const CategoryTable table = Table();
  for (const size_t distinct : {1, 3, 50, 600}) {
    const std::vector<std::string> texts = Texts(distinct, distinct);
    ColumnView column;
    column.values = std::vector<absl::string_view>(texts.begin(), texts.end());
    Check(table, column, {}, texts);
  }
}

TEST(CountCategoricalColumn, CountsADictionaryAsOneByOne) {
  const CategoryTable table = Table();
  for (const size_t unused : {0, 900, 3000}) {  // small enough for counters by index, and not
    const std::vector<std::string> texts = Texts(50, 2);
    std::vector<std::string> entries = texts;
    for (size_t i = 0; i < unused; ++i) entries.push_back(absl::StrCat("unused-", i));
    std::sort(entries.begin(), entries.end());
    entries.erase(std::unique(entries.begin(), entries.end()), entries.end());
    std::vector<uint32_t> indices;
    for (const std::string& text : texts) {
      indices.push_back(static_cast<uint32_t>(
          std::lower_bound(entries.begin(), entries.end(), text) - entries.begin()));
    }
    const std::vector<absl::string_view> dictionary(entries.begin(), entries.end());
    ColumnView column;
    column.values = DictionaryView{dictionary, indices};
    const std::vector<uint32_t> codes = CodesOf(table, dictionary);
    Check(table, column, codes, texts);
  }
}

TEST(CountCategoricalColumn, IgnoresTheIndicesOfNullRows) {
  const CategoryTable table = Table();
  std::vector<uint32_t> indices(100, 4'000'000'000);
  std::vector<uint8_t> validity(13, 0);
  indices[70] = 1;
  validity[8] = 1 << 6;
  ColumnView column;
  column.values = DictionaryView{{"a", "name-7"}, indices};
  column.validity = validity;
  VariableCounts counts;
  counts.codes = CodeCounts(table.size() + 2);
  CountCategoricalColumn(table, column, CodesOf(table, {"a", "name-7"}), 0, 100, &counts);
  EXPECT_EQ(counts.nulls, 99u);
  EXPECT_EQ(counts.codes[table.Code("name-7")], 1u);
  EXPECT_EQ(counts.Coded(), 1u);
}

TEST(CountCategoricalColumn, CountsIntegersAndBooleansAsOneByOne) {
  const CategoryTable table = Table();
  std::mt19937_64 random(6);
  std::vector<int64_t> numbers;
  std::vector<std::string> texts, flags_text;
  bool flags[kRows];
  for (uint32_t row = 0; row < kRows; ++row) {
    numbers.push_back(random() % 3 == 0 ? 17 : static_cast<int64_t>(random() % 12) - 4);
    texts.push_back(absl::StrCat(numbers.back()));
    flags[row] = random() % 3 == 0;
    flags_text.emplace_back(flags[row] ? "true" : "false");
  }
  ColumnView column;
  column.values = absl::MakeConstSpan(numbers);
  Check(table, column, {}, texts);
  column.values = absl::Span<const bool>(flags);
  Check(table, column, CodesOf(table, {"false", "true"}), flags_text);
}

}  // namespace
}  // namespace plumbline::profile
