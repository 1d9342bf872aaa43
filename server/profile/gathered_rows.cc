#include "server/profile/gathered_rows.h"

#include <algorithm>
#include <type_traits>
#include <utility>
#include <variant>

#include "absl/strings/string_view.h"

namespace plumbline::profile {

template <class T>
absl::Span<T> GatheredRows::Allocate(size_t count) {
  static_assert(std::is_trivially_copyable_v<T>);
  memory_.push_back(std::make_unique<std::byte[]>(count * sizeof(T)));
  return {reinterpret_cast<T*>(memory_.back().get()), count};
}

template <class List>
absl::Span<const typename List::value_type> GatheredRows::Gather(const List& values,
                                                                 absl::Span<const uint32_t> rows) {
  using T = typename List::value_type;
  const absl::Span<T> out = Allocate<T>(rows.size());
  for (size_t i = 0; i < rows.size(); ++i) out[i] = values[rows[i]];
  return out;
}

absl::Span<const uint8_t> GatheredRows::GatherValidity(const ColumnView& column,
                                                       absl::Span<const uint32_t> rows) {
  const absl::Span<uint8_t> bits = Allocate<uint8_t>((rows.size() + 7) / 8);
  std::fill(bits.begin(), bits.end(), uint8_t{0});
  for (size_t i = 0; i < rows.size(); ++i) {
    if (column.IsValid(rows[i])) bits[i >> 3] |= static_cast<uint8_t>(1u << (i & 7));
  }
  return bits;
}

GatheredRows::GatheredRows(absl::Span<const ColumnView* const> columns,
                           absl::Span<const uint32_t> rows) {
  view_.rows = static_cast<uint32_t>(rows.size());
  view_.columns.reserve(columns.size());
  for (const ColumnView* const column : columns) {
    ColumnView& gathered = view_.columns.emplace_back();
    gathered.name = column->name;
    gathered.role = column->role;
    std::visit(
        [&](const auto& values) {
          using List = std::decay_t<decltype(values)>;
          if constexpr (std::is_same_v<List, DictionaryView>) {
            // An index of a row that is not valid may lie outside: it is never looked at.
            gathered.values = DictionaryView{values.dictionary, Gather(values.indices, rows)};
          } else if constexpr (std::is_same_v<List, std::vector<absl::string_view>>) {
            std::vector<absl::string_view> strings;
            strings.reserve(rows.size());
            for (const uint32_t row : rows) strings.push_back(values[row]);
            gathered.values = std::move(strings);
          } else {
            gathered.values = Gather(values, rows);
          }
        },
        column->values);
    if (!column->validity.empty()) gathered.validity = GatherValidity(*column, rows);
  }
}

}  // namespace plumbline::profile
