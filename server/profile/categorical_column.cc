#include <algorithm>
#include <variant>
#include <vector>

#include "absl/strings/string_view.h"
#include "server/profile/column_counter.h"
#include "server/profile/text_key.h"
#include "server/profile/unseen_gather.h"
#include "server/profile/validity.h"

namespace plumbline::profile {
namespace {

constexpr size_t kFewRows = 64;

// Counts by code, and the names behind the unseen code.
template <class Value>
class CategoryCounts {
 public:
  CategoryCounts(const CategoryTable& categories, VariableCounts* counts)
      : unseen_code_(categories.unseen_code()),
        codes_(&counts->codes),
        unseen_(&counts->unseen_names) {}

  // `hash_of()` is a hash of the value.
  template <class HashOf>
  void Add(uint32_t code, const Value& value, const HashOf& hash_of, uint64_t rows) {
    codes_->Add(code, rows);
    if (code == unseen_code_) unseen_.Add(value, hash_of(), rows);
  }
  void Add(uint32_t code, absl::string_view text, uint64_t rows) {
    Add(
        code, text, [&] { return HashOfText(text, TextKey(text)); }, rows);
  }

  void Finish() { unseen_.Finish(); }

 private:
  uint32_t unseen_code_;
  CodeCounts* codes_;
  UnseenGather<Value> unseen_;
};

using TextCounts = CategoryCounts<absl::string_view>;

// For each set of four rows all ones for those that are in it.
struct RowMasks {
  alignas(16) uint32_t of[16][4];
};

constexpr RowMasks MakeRowMasks() {
  RowMasks masks = {};
  for (uint32_t set = 0; set < 16; ++set) {
    for (uint32_t row = 0; row < 4; ++row) masks.of[set][row] = (set >> row) % 2 == 0 ? 0 : ~0u;
  }
  return masks;
}

constexpr RowMasks kRowMasks = MakeRowMasks();

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
    for (uint32_t from = begin; from < end; from += kBlock) {
      const uint32_t n = std::min(kBlock, end - from);
      const uint32_t* const block = indices.data() + from;
      const uint64_t valid = ValidBits(column.validity, from, n);
      if (valid == LowBits(n)) {
        Count(block, n);
      } else {
        uint32_t own[kBlock];
        ReplaceNulls(block, n, valid, own);
        Count(own, n);
      }
    }
  }

  uint64_t rows(size_t index) const {
    return uint64_t{counts_[0][index]} + counts_[1][index] + counts_[2][index] +
           uint64_t{counts_[3][index]};
  }
  uint64_t nulls() const { return rows(entries_); }

 private:
  static constexpr uint32_t kBlock = 64;
  static constexpr size_t kSides = 4;

  void Count(const uint32_t* indices, uint32_t n) {
    uint32_t i = 0;
    for (; i + kSides <= n; i += kSides) {
      for (uint32_t side = 0; side < kSides; ++side) ++counts_[side][indices[i + side]];
    }
    for (; i < n; ++i) ++counts_[0][indices[i]];
  }

  void ReplaceNulls(const uint32_t* indices, uint32_t n, uint64_t valid, uint32_t* own) const {
    const auto null = static_cast<uint32_t>(entries_);
    uint32_t i = 0;
    for (; i + 4 <= n; i += 4) {
      const auto& masks = kRowMasks.of[(valid >> i) & 15];
      for (uint32_t row = 0; row < 4; ++row) {
        own[i + row] = (indices[i + row] & masks[row]) | (null & ~masks[row]);
      }
    }
    for (; i < n; ++i) own[i] = (valid >> i) % 2 == 0 ? null : indices[i];
  }

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

// A text as it is compared: at most two words and its length, if it is short.
class TextLookup {
 public:
  using Value = absl::string_view;

  TextLookup(const CategoryTable& categories, absl::string_view text)
      : categories_(&categories), text_(text), key_(text), hash_(HashOfText(text, key_)) {}

  uint64_t hash() const { return hash_; }
  uint32_t Code() const {
    const uint32_t kept = categories_->KeptCode(text_, key_, hash_);
    return kept < categories_->size() ? kept : categories_->OtherCode(text_);
  }

  // What is kept of it to recognise it again.
  struct Known {
    absl::string_view text;
    TextKey key{""};
    const absl::string_view& value() const { return text; }
  };
  Known known() const { return {text_, key_}; }
  bool Is(const Known& known) const {
    return key_ == known.key && SameText(text_, known.text, key_);
  }

 private:
  const CategoryTable* categories_;
  absl::string_view text_;
  TextKey key_;
  uint64_t hash_;
};

class NumberLookup {
 public:
  using Value = int64_t;

  NumberLookup(const CategoryTable& categories, int64_t number)
      : categories_(&categories), number_(number) {}

  uint64_t hash() const { return HashOfNumber(number_); }
  uint32_t Code() const { return categories_->CodeOfInt(number_); }

  struct Known {
    int64_t number = 0;
    const int64_t& value() const { return number; }
  };
  Known known() const { return {number_}; }
  bool Is(const Known& known) const { return number_ == known.number; }

 private:
  const CategoryTable* categories_;
  int64_t number_;
};

// Remembers the codes of the latest values, one for each place, and counts them there: a value that
// comes often is looked up once a batch.
template <class Lookup>
class RecentValues {
 public:
  explicit RecentValues(CategoryCounts<typename Lookup::Value>* sums) : sums_(sums) {}

  void Add(const Lookup& lookup) {
    const uint64_t hash = lookup.hash();
    Place& place = places_[hash % kPlaces];
    if (place.rows > 0 && lookup.Is(place.known)) {
      ++place.rows;
      return;
    }
    Forget(place);
    place = {lookup.known(), hash, lookup.Code(), 1};
  }

  void Finish() {
    for (const Place& place : places_) Forget(place);
  }

 private:
  static constexpr size_t kPlaces = 256;
  struct Place {
    typename Lookup::Known known;
    uint64_t hash = 0;
    uint32_t code = 0;
    uint32_t rows = 0;
  };

  void Forget(const Place& place) {
    if (place.rows == 0) return;
    sums_->Add(
        place.code, place.known.value(), [&] { return place.hash; }, place.rows);
  }

  CategoryCounts<typename Lookup::Value>* sums_;
  Place places_[kPlaces];
};

template <class Lookup, class List>
void CountOneByOne(const CategoryTable& categories, const ColumnView& column, const List& values,
                   uint32_t begin, uint32_t end, VariableCounts* counts) {
  CategoryCounts<typename Lookup::Value> sums(categories, counts);
  if (end - begin < kFewRows) {
    counts->nulls += ForValidRows(column, begin, end, [&](uint32_t row) {
      const Lookup lookup(categories, values[row]);
      sums.Add(
          lookup.Code(), values[row], [&] { return lookup.hash(); }, 1);
    });
  } else {
    RecentValues<Lookup> recent(&sums);
    counts->nulls += ForValidRows(
        column, begin, end, [&](uint32_t row) { recent.Add(Lookup(categories, values[row])); });
    recent.Finish();
  }
  sums.Finish();
}

}  // namespace

void CountCategoricalColumn(const CategoryTable& categories, const ColumnView& column,
                            absl::Span<const uint32_t> codes, uint32_t begin, uint32_t end,
                            VariableCounts* counts) {
  if (const auto* strings = std::get_if<std::vector<absl::string_view>>(&column.values)) {
    CountOneByOne<TextLookup>(categories, column, *strings, begin, end, counts);
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
  } else if (const auto* ints = std::get_if<Packed<int64_t>>(&column.values)) {
    CountOneByOne<NumberLookup>(categories, column, *ints, begin, end, counts);
  }
}

}  // namespace plumbline::profile
