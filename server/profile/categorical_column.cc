#include <algorithm>
#include <cstring>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "server/profile/column_counter.h"
#include "server/profile/validity.h"

namespace plumbline::profile {
namespace {

constexpr size_t kFewRows = 64;

// Counts by code, and the names behind the unseen code: gathered first, since most of them come
// more than once. `Value` is a text, or a number that stands for its decimal text.
template <class Value>
class CategoryCounts {
 public:
  CategoryCounts(const CategoryTable& categories, VariableCounts* counts)
      : unseen_code_(categories.unseen_code()), counts_(counts) {}

  void Add(uint32_t code, const Value& value, uint64_t rows) {
    counts_->codes.Add(code, rows);
    if (code != unseen_code_) return;
    if constexpr (std::is_same_v<Value, absl::string_view>) {
      unseen_[UnseenNames::Cut(value)] += rows;
    } else {
      unseen_[value] += rows;
    }
    if (unseen_.size() >= kMostUnseen) Finish();
  }

  void Finish() {
    if (unseen_.empty()) return;
    std::vector<std::string> texts;  // of numbers
    texts.reserve(unseen_.size());
    std::vector<std::pair<absl::string_view, uint64_t>> names;
    for (const auto& [value, rows] : unseen_) {
      if constexpr (std::is_same_v<Value, absl::string_view>) {
        names.emplace_back(value, rows);
      } else {
        names.emplace_back(texts.emplace_back(absl::StrCat(value)), rows);
      }
    }
    counts_->unseen_names.AddMany(names);
    unseen_.clear();
  }

 private:
  static constexpr size_t kMostUnseen = 1024;

  uint32_t unseen_code_;
  VariableCounts* counts_;
  absl::flat_hash_map<Value, uint64_t> unseen_;
};

using TextCounts = CategoryCounts<absl::string_view>;

// Rows by index, then by code. Four counters an index, as in CodeHistogram; the last index is for
// nulls, whose indices mean nothing.
class IndexHistogram {
 public:
  static constexpr size_t kMaxEntries = 1024;

  explicit IndexHistogram(size_t entries) : entries_(entries) {
    for (auto& side : counts_) std::fill_n(side, entries + 1, 0);
  }

  void Add(const ColumnView& column, absl::Span<const uint32_t> indices, uint32_t begin,
           uint32_t end) {
    const auto null = static_cast<uint32_t>(entries_);
    for (uint32_t from = begin; from < end; from += 64) {
      const uint32_t n = std::min<uint32_t>(64, end - from);
      const uint32_t* block = indices.data() + from;
      const uint64_t valid = ValidBits(column.validity, from, n);
      if (valid == LowBits(n)) {
        for (uint32_t i = 0; i < n; ++i) ++counts_[i % kSides][block[i]];
        continue;
      }
      for (uint32_t i = 0; i < n; ++i) {
        const uint32_t mask = -static_cast<uint32_t>((valid >> i) & 1);
        ++counts_[i % kSides][(block[i] & mask) | (null & ~mask)];
      }
    }
  }

  uint64_t rows(size_t index) const {
    return uint64_t{counts_[0][index]} + counts_[1][index] + counts_[2][index] +
           uint64_t{counts_[3][index]};
  }
  uint64_t nulls() const { return rows(entries_); }

 private:
  static constexpr size_t kSides = 4;

  size_t entries_;
  uint32_t counts_[kSides][kMaxEntries + 1];
};

void CountDictionary(const DictionaryView& values, const ColumnView& column,
                     absl::Span<const uint32_t> codes, uint32_t begin, uint32_t end,
                     TextCounts* sums, uint64_t* nulls) {
  const size_t entries = values.dictionary.size();
  if (end - begin < kFewRows || entries > IndexHistogram::kMaxEntries) {
    *nulls += ForValidRows(column, begin, end, [&](uint32_t row) {
      const uint32_t index = values.indices[row];
      sums->Add(codes[index], values.dictionary[index], 1);
    });
    return;
  }
  IndexHistogram histogram(entries);
  histogram.Add(column, values.indices, begin, end);
  for (size_t index = 0; index < entries; ++index) {
    const uint64_t rows = histogram.rows(index);
    if (rows > 0) sums->Add(codes[index], values.dictionary[index], rows);
  }
  *nulls += histogram.nulls();
}

// A text's first and last bytes and its length, mixed: cheap, and different for most of the values
// of a column. Never leaves this process.
uint64_t Fingerprint(absl::string_view text) {
  uint64_t first = 0, last = 0;
  const size_t n = text.size();
  if (n >= 8) {
    std::memcpy(&first, text.data(), 8);
    std::memcpy(&last, text.data() + n - 8, 8);
  } else if (n >= 4) {
    uint32_t low, high;
    std::memcpy(&low, text.data(), 4);
    std::memcpy(&high, text.data() + n - 4, 4);
    first = low;
    last = high;
  } else if (n > 0) {
    first = static_cast<uint8_t>(text[0]);
    last = static_cast<uint8_t>(text[n / 2]) * 256u + static_cast<uint8_t>(text[n - 1]);
  }
  return (first * 0x9e37'79b9'7f4a'7c15 ^ (last + n) * 0xc2b2'ae3d'27d4'eb4f) *
         0x9e37'79b9'7f4a'7c15;
}

uint64_t Fingerprint(int64_t number) {
  return static_cast<uint64_t>(number) * 0x9e37'79b9'7f4a'7c15;
}

// Remembers the codes of the latest values, one for each place, and counts them there: a value that
// comes often is looked up once a batch.
template <class T>
class RecentValues {
 public:
  // `code_of(value)` looks a value up.
  template <class CodeOf>
  void Add(const T& value, const CodeOf& code_of, CategoryCounts<T>* sums) {
    Place& place = places_[Fingerprint(value) >> (64 - kBits)];
    if (place.rows > 0 && place.value == value) {
      ++place.rows;
      return;
    }
    if (place.rows > 0) sums->Add(place.code, place.value, place.rows);
    place = {value, code_of(value), 1};
  }

  void Finish(CategoryCounts<T>* sums) {
    for (const Place& place : places_) {
      if (place.rows > 0) sums->Add(place.code, place.value, place.rows);
    }
  }

 private:
  static constexpr int kBits = 8;
  struct Place {
    T value{};
    uint32_t code = 0;
    uint32_t rows = 0;
  };
  Place places_[1 << kBits];
};

template <class T, class CodeOf>
void CountOneByOne(const CategoryTable& categories, const ColumnView& column,
                   absl::Span<const T> values, uint32_t begin, uint32_t end, const CodeOf& code_of,
                   VariableCounts* counts) {
  CategoryCounts<T> sums(categories, counts);
  if (end - begin < kFewRows) {
    counts->nulls += ForValidRows(
        column, begin, end, [&](uint32_t row) { sums.Add(code_of(values[row]), values[row], 1); });
  } else {
    RecentValues<T> recent;
    counts->nulls += ForValidRows(column, begin, end,
                                  [&](uint32_t row) { recent.Add(values[row], code_of, &sums); });
    recent.Finish(&sums);
  }
  sums.Finish();
}

}  // namespace

void CountCategoricalColumn(const CategoryTable& categories, const ColumnView& column,
                            absl::Span<const uint32_t> codes, uint32_t begin, uint32_t end,
                            VariableCounts* counts) {
  if (const auto* strings = std::get_if<std::vector<absl::string_view>>(&column.values)) {
    CountOneByOne<absl::string_view>(
        categories, column, *strings, begin, end,
        [&](absl::string_view text) { return categories.Code(text); }, counts);
  } else if (const auto* dictionary = std::get_if<DictionaryView>(&column.values)) {
    TextCounts sums(categories, counts);
    CountDictionary(*dictionary, column, codes, begin, end, &sums, &counts->nulls);
    sums.Finish();
  } else if (const auto* bools = std::get_if<absl::Span<const bool>>(&column.values)) {
    const BoolCounts found = CountBoolRows(column, *bools, begin, end);
    TextCounts sums(categories, counts);
    counts->nulls += found.nulls;
    if (found.falses > 0) sums.Add(codes[0], "false", found.falses);
    if (found.trues > 0) sums.Add(codes[1], "true", found.trues);
    sums.Finish();
  } else if (const auto* ints = std::get_if<absl::Span<const int64_t>>(&column.values)) {
    CountOneByOne<int64_t>(
        categories, column, *ints, begin, end,
        [&](int64_t number) { return categories.CodeOfInt(number); }, counts);
  }
}

}  // namespace plumbline::profile
