#ifndef PLUMBLINE_SERVER_PROFILE_VALUES_H_
#define PLUMBLINE_SERVER_PROFILE_VALUES_H_

#include <cstdint>
#include <string>
#include <type_traits>
#include <variant>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "server/profile/batch.h"

namespace plumbline::profile {

/// True if the column holds strings, plain or dictionary-coded.
inline bool IsText(const Values& values) {
  return std::holds_alternative<std::vector<absl::string_view>>(values) ||
         std::holds_alternative<DictionaryView>(values);
}

/// The number in a valid row of a column that is not of strings.
inline double NumberAt(const ColumnView& column, uint32_t row) {
  return std::visit(
      [&](const auto& values) -> double {
        using List = std::decay_t<decltype(values)>;
        if constexpr (std::is_same_v<List, DictionaryView> ||
                      std::is_same_v<List, std::vector<absl::string_view>>) {
          return 0;
        } else {
          return static_cast<double>(values[row]);
        }
      },
      column.values);
}

/// The category in a valid row of a column that is not of floating point: as ForEachCategory.
inline std::string CategoryAt(const ColumnView& column, uint32_t row) {
  if (const auto* strings = std::get_if<std::vector<absl::string_view>>(&column.values)) {
    return std::string((*strings)[row]);
  }
  if (const auto* dictionary = std::get_if<DictionaryView>(&column.values)) {
    return std::string(dictionary->dictionary[dictionary->indices[row]]);
  }
  if (const auto* bools = std::get_if<absl::Span<const bool>>(&column.values)) {
    return (*bools)[row] ? "true" : "false";
  }
  if (const auto* ints = std::get_if<Packed<int64_t>>(&column.values)) {
    return absl::StrCat((*ints)[row]);
  }
  return "";
}

/// Calls `use(row, double)` for every valid row of [begin, end), and `null(row)` for its others.
/// Numbers and booleans only: a column of strings calls nothing.
template <class Use, class Null>
void ForEachNumber(const ColumnView& column, uint32_t begin, uint32_t end, const Use& use,
                   const Null& null) {
  std::visit(
      [&](const auto& values) {
        using List = std::decay_t<decltype(values)>;
        if constexpr (!std::is_same_v<List, DictionaryView> &&
                      !std::is_same_v<List, std::vector<absl::string_view>>) {
          for (uint32_t row = begin; row < end; ++row) {
            if (column.IsValid(row)) {
              use(row, static_cast<double>(values[row]));
            } else {
              null(row);
            }
          }
        }
      },
      column.values);
}

/// Calls `use(row, category)` for every valid row of [begin, end), and `null(row)` for its others:
/// strings as they are, booleans as `true` and `false`, integers in decimal. Floating point calls
/// nothing.
template <class Use, class Null>
void ForEachCategory(const ColumnView& column, uint32_t begin, uint32_t end, const Use& use,
                     const Null& null) {
  const auto visit = [&](const auto& text_of) {
    for (uint32_t row = begin; row < end; ++row) {
      if (column.IsValid(row)) {
        text_of(row);
      } else {
        null(row);
      }
    }
  };
  if (const auto* strings = std::get_if<std::vector<absl::string_view>>(&column.values)) {
    visit([&](uint32_t row) { use(row, (*strings)[row]); });
  } else if (const auto* dictionary = std::get_if<DictionaryView>(&column.values)) {
    visit([&](uint32_t row) { use(row, dictionary->dictionary[dictionary->indices[row]]); });
  } else if (const auto* bools = std::get_if<absl::Span<const bool>>(&column.values)) {
    visit([&](uint32_t row) { use(row, absl::string_view((*bools)[row] ? "true" : "false")); });
  } else if (const auto* ints = std::get_if<Packed<int64_t>>(&column.values)) {
    visit([&](uint32_t row) { use(row, absl::AlphaNum((*ints)[row]).Piece()); });
  }
}

}  // namespace plumbline::profile

#endif  // PLUMBLINE_SERVER_PROFILE_VALUES_H_
