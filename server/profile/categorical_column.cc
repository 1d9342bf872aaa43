#include <variant>

#include "absl/strings/str_cat.h"
#include "server/profile/column_counter.h"

namespace plumbline::profile {

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
