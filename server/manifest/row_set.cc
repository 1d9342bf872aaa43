#include "server/manifest/row_set.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <iterator>
#include <limits>
#include <type_traits>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_format.h"

namespace plumbline::manifest {
namespace {

// What mixes to the hash of a number that is not NaN.
inline uint64_t WordOf(double number) {
  return std::bit_cast<uint64_t>(number + 0.0) ^ kNumberFlip;  // -0.0 becomes 0.0
}
inline uint64_t WordOf(float number) { return WordOf(static_cast<double>(number)); }
inline uint64_t WordOf(bool number) { return WordOf(number ? 1.0 : 0.0); }
inline uint64_t WordOf(int64_t number) {
  const auto as_double = static_cast<double>(number);
  // 2^63 is no int64.
  const bool held = as_double < 0x1p63 && static_cast<int64_t>(as_double) == number;
  return held ? WordOf(as_double) : static_cast<uint64_t>(number) ^ kIntegerFlip;
}

template <class Number>
inline bool IsNan(Number number) {
  if constexpr (std::is_floating_point_v<Number>) return std::isnan(number);
  return false;
}

}  // namespace

// Some consecutive rows: their sums, and what a column has in them.
struct RowSetBuilder::Block {
  static constexpr size_t kRows = 256;
  using Bits = uint64_t[kRows / 64];

  size_t begin = 0;
  size_t rows = 0;
  absl::uint128 sums[kRows] = {};

  template <class Number>
  void AddNumbers(const Column& column, absl::Span<const Number> values, MixerLevel level);
  void AddTexts(const Texts& texts);

 private:
  // Sets the bits of the null rows; there are `rows` bits. False: there is none.
  bool FindNulls(absl::Span<const uint8_t> validity, Bits& nulls) const;
  template <class Use>
  static void ForEach(const Bits& bits, const Use& use);
};

bool RowSetBuilder::Block::FindNulls(absl::Span<const uint8_t> validity, Bits& nulls) const {
  if (validity.empty()) return false;
  uint64_t any = 0;
  for (size_t i = 0; i < rows; i += 64) {
    uint64_t valid = 0;
    for (size_t j = 0; j < std::min<size_t>(64, rows - i); j += 8) {
      valid |= uint64_t{validity[(begin + i + j) / 8]} << j;
    }
    const uint64_t mine = rows - i < 64 ? (uint64_t{1} << (rows - i)) - 1 : ~uint64_t{0};
    nulls[i / 64] = ~valid & mine;
    any |= nulls[i / 64];
  }
  return any != 0;
}

template <class Use>
void RowSetBuilder::Block::ForEach(const Bits& bits, const Use& use) {
  for (size_t i = 0; i < std::size(bits); ++i) {
    for (uint64_t left = bits[i]; left != 0; left &= left - 1) {
      use(64 * i + static_cast<size_t>(std::countr_zero(left)));
    }
  }
}

// Where there is no number, the word 0 is mixed, and what that added is made good.
template <class Number>
void RowSetBuilder::Block::AddNumbers(const Column& column, absl::Span<const Number> values,
                                      MixerLevel level) {
  uint64_t words[kRows];
  uint64_t with_nans = 0;  // as wide as a word, for vectors
  const Number* const from = values.data() + begin;
  for (size_t i = 0; i < rows; ++i) {
    words[i] = WordOf(from[i]);
    with_nans |= IsNan(from[i]) ? 1 : 0;
  }
  Bits nulls = {}, nans = {};
  const bool with_nulls = FindNulls(column.validity, nulls);
  for (size_t i = 0; with_nans != 0 && i < rows; ++i) {
    nans[i / 64] |= uint64_t{IsNan(from[i])} << (i % 64);
  }
  if (with_nulls || with_nans != 0) {
    for (size_t i = 0; i < std::size(nans); ++i) nans[i] &= ~nulls[i];
    const auto clear = [&](size_t i) { words[i] = 0; };
    ForEach(nulls, clear);
    ForEach(nans, clear);
  }
  AddMixed(column.key, absl::MakeConstSpan(words, rows), level, absl::MakeSpan(sums));
  if (!with_nulls && with_nans == 0) return;
  const auto make_good = [&](const Bits& bits, const CellHash& cell) {
    const absl::uint128 term =
        RowHasher::Term(column.key, cell) - RowHasher::Term(column.key, Mixed(0));
    ForEach(bits, [&](size_t i) { RowHasher::Add(term, &sums[i]); });
  };
  make_good(nulls, HashOfNull());
  make_good(nans, HashOfNumber(std::numeric_limits<double>::quiet_NaN()));
}

void RowSetBuilder::Block::AddTexts(const Texts& texts) {
  Bits nulls = {};
  const bool with_nulls = FindNulls(texts.column.validity, nulls);
  const absl::uint128 null_term = RowHasher::Term(texts.column.key, HashOfNull());
  const absl::uint128* const terms = texts.terms.data();
  const auto add = [&](const auto& entry_of) {
    for (size_t i = 0; i < rows; ++i) {
      const bool null = with_nulls && (nulls[i / 64] >> (i % 64) & 1) != 0;
      RowHasher::Add(null ? null_term : terms[entry_of(begin + i)], &sums[i]);
    }
  };
  if (texts.indices.has_value()) {
    add([indices = texts.indices->data()](size_t row) { return indices[row]; });
  } else {
    add([](size_t row) { return row; });
  }
}

void RowSetBuilder::AddTexts(absl::string_view name, absl::Span<const absl::string_view> texts,
                             absl::Span<const uint8_t> validity) {
  Texts& added = texts_.emplace_back();
  added.column = {RowHasher::KeyOf(name), validity};
  added.terms.reserve(texts.size());
  for (const absl::string_view text : texts) {
    added.terms.push_back(RowHasher::Term(added.column.key, HashOfText(text)));
  }
}

void RowSetBuilder::AddTexts(absl::string_view name, absl::Span<const absl::string_view> dictionary,
                             absl::Span<const uint32_t> indices,
                             absl::Span<const uint8_t> validity) {
  AddTexts(name, dictionary, validity);
  texts_.back().indices = indices;
}

RowSet RowSetBuilder::Finish() const {
  RowSet set{.rows = rows_};
  for (size_t begin = 0; begin < rows_; begin += Block::kRows) {
    Block block;
    block.begin = begin;
    block.rows = std::min(Block::kRows, rows_ - begin);
    for (const Numbers& numbers : numbers_) {
      std::visit([&](const auto& values) { block.AddNumbers(numbers.column, values, level_); },
                 numbers.values);
    }
    for (const Texts& texts : texts_) block.AddTexts(texts);
    set.digest += RowHasher::SumOfFinished(absl::MakeConstSpan(block.sums, block.rows));
  }
  return set;
}

std::string DigestText(absl::uint128 digest) {
  return absl::StrFormat("%016x%016x", absl::Uint128High64(digest), absl::Uint128Low64(digest));
}

std::optional<absl::uint128> ParseDigest(absl::string_view text) {
  if (text.size() != 32) return std::nullopt;
  uint64_t halves[2] = {0, 0};
  for (int half = 0; half < 2; ++half) {
    for (const char c : text.substr(16 * half, 16)) {
      if (!absl::ascii_isxdigit(static_cast<unsigned char>(c))) return std::nullopt;
    }
    if (!absl::SimpleHexAtoi(text.substr(16 * half, 16), &halves[half])) return std::nullopt;
  }
  return absl::MakeUint128(halves[0], halves[1]);
}

}  // namespace plumbline::manifest
