#include "server/profile/column_counter.h"

#include <cmath>
#include <limits>
#include <type_traits>
#include <variant>

#include "absl/strings/str_cat.h"

namespace plumbline::profile {
namespace {

constexpr size_t kBlock = 256;

float ToFloat(double x) {
  constexpr double kLargest = std::numeric_limits<float>::max();
  if (x > kLargest) return std::numeric_limits<float>::infinity();
  if (x < -kLargest) return -std::numeric_limits<float>::infinity();
  return static_cast<float>(x);
}

// Finite values of one column, gathered until a block is full, then coded together. `Coded` is the
// type in which they are compared with the edges.
template <class Coded>
class BlockCounter {
 public:
  BlockCounter(const NumericBins& bins, VariableCounts* counts)
      : bins_(bins), counts_(counts), above_(static_cast<uint32_t>(bins.size()) + 1) {}
  ~BlockCounter() { Flush(); }
  BlockCounter(const BlockCounter&) = delete;
  BlockCounter& operator=(const BlockCounter&) = delete;

  void Add(double value) {
    values_[size_] = value;
    if constexpr (std::is_same_v<Coded, float>) coded_[size_] = ToFloat(value);
    if (++size_ == kBlock) Flush();
  }

 private:
  void Flush() {
    const absl::Span<const double> values(values_, size_);
    if constexpr (std::is_same_v<Coded, float>) {
      bins_.Codes(absl::Span<const float>(coded_, size_), codes_);
    } else {
      bins_.Codes(values, codes_);
    }
    for (size_t i = 0; i < size_; ++i) {
      ++counts_->codes[codes_[i]];
      if (codes_[i] == 0) {
        counts_->below_sum.Add(values_[i]);
      } else if (codes_[i] == above_) {
        counts_->above_sum.Add(values_[i]);
      }
    }
    counts_->moments.AddAll(values);
    size_ = 0;
  }

  const NumericBins& bins_;
  VariableCounts* counts_;
  uint32_t above_;
  size_t size_ = 0;
  double values_[kBlock];
  float coded_[std::is_same_v<Coded, float> ? kBlock : 1];
  uint32_t codes_[kBlock];
};

template <class Coded, class T>
void CountNumbers(const NumericBins& bins, const ColumnView& column, absl::Span<const T> values,
                  uint32_t begin, uint32_t end, VariableCounts* counts) {
  BlockCounter<Coded> block(bins, counts);
  counts->nulls += ForValidRows(column, begin, end, [&](uint32_t row) {
    const T value = values[row];
    if constexpr (std::is_floating_point_v<T>) {
      if (std::isfinite(value)) {
        block.Add(value);
      } else if (std::isnan(value)) {
        ++counts->nans;
      } else {
        ++(value > 0 ? counts->positive_infinities : counts->negative_infinities);
      }
    } else {
      block.Add(static_cast<double>(value));
    }
  });
}

}  // namespace

bool IsWrongType(Kind kind, const Values& values) {
  const bool text = std::holds_alternative<std::vector<absl::string_view>>(values) ||
                    std::holds_alternative<DictionaryView>(values);
  const bool floating = std::holds_alternative<absl::Span<const double>>(values) ||
                        std::holds_alternative<absl::Span<const float>>(values);
  return kind == Kind::kNumeric ? text : floating;
}

uint64_t CountNulls(const ColumnView& column, uint32_t begin, uint32_t end) {
  if (column.validity.empty()) return 0;
  return ForValidRows(column, begin, end, [](uint32_t) {});
}

void CountNumericColumn(const VariableBaseline& baseline, const ColumnView& column, uint32_t begin,
                        uint32_t end, VariableCounts* counts) {
  const bool narrow = baseline.variable.type == ValueType::kFloat;
  const auto count = [&](auto values) {
    using T = std::remove_const_t<typename decltype(values)::element_type>;
    if (narrow || std::is_same_v<T, float>) {
      CountNumbers<float>(baseline.bins, column, values, begin, end, counts);
    } else {
      CountNumbers<double>(baseline.bins, column, values, begin, end, counts);
    }
  };
  if (const auto* doubles = std::get_if<absl::Span<const double>>(&column.values)) {
    count(*doubles);
  } else if (const auto* floats = std::get_if<absl::Span<const float>>(&column.values)) {
    count(*floats);
  } else if (const auto* ints = std::get_if<absl::Span<const int64_t>>(&column.values)) {
    count(*ints);
  } else if (const auto* bools = std::get_if<absl::Span<const bool>>(&column.values)) {
    count(*bools);
  }
}

void CountCategoricalColumn(const CategoryTable& categories, const ColumnView& column,
                            absl::Span<const uint32_t> codes, uint32_t begin, uint32_t end,
                            VariableCounts* counts) {
  const uint32_t unseen = categories.unseen_code();
  const auto count = [&](const auto& code_of, const auto& name_of) {
    counts->nulls += ForValidRows(column, begin, end, [&](uint32_t row) {
      const uint32_t code = code_of(row);
      ++counts->codes[code];
      if (code == unseen) counts->unseen_names.Add(name_of(row));
    });
  };
  if (const auto* strings = std::get_if<std::vector<absl::string_view>>(&column.values)) {
    count([&](uint32_t row) { return categories.Code((*strings)[row]); },
          [&](uint32_t row) { return (*strings)[row]; });
  } else if (const auto* dictionary = std::get_if<DictionaryView>(&column.values)) {
    count([&](uint32_t row) { return codes[dictionary->indices[row]]; },
          [&](uint32_t row) { return dictionary->dictionary[dictionary->indices[row]]; });
  } else if (const auto* bools = std::get_if<absl::Span<const bool>>(&column.values)) {
    count([&](uint32_t row) { return codes[(*bools)[row] ? 1 : 0]; },
          [&](uint32_t row) { return (*bools)[row] ? "true" : "false"; });
  } else if (const auto* ints = std::get_if<absl::Span<const int64_t>>(&column.values)) {
    count([&](uint32_t row) { return categories.CodeOfInt((*ints)[row]); },
          [&](uint32_t row) { return absl::StrCat((*ints)[row]); });
  }
}

}  // namespace plumbline::profile
