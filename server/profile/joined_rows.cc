#include "server/profile/joined_rows.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "server/profile/time_span.h"
#include "server/profile/values.h"

namespace plumbline::profile {
namespace {

absl::string_view TextOf(const ColumnView& column, uint32_t row) {
  if (const auto* coded = std::get_if<DictionaryView>(&column.values)) {
    return coded->dictionary[coded->indices[row]];
  }
  return std::get<std::vector<absl::string_view>>(column.values)[row];
}

}  // namespace

template <class T>
absl::Span<T> JoinedRows::Allocate() {
  memory_.push_back(std::make_unique<std::byte[]>(rows_.size() * sizeof(T)));
  return {reinterpret_cast<T*>(memory_.back().get()), rows_.size()};
}

template <class List>
absl::Span<const typename List::value_type> JoinedRows::Numbers(size_t column) {
  const auto out = Allocate<typename List::value_type>();
  for (size_t i = 0; i < rows_.size(); ++i) {
    out[i] = std::get<List>(Column(rows_[i], column).values)[rows_[i].row];
  }
  return out;
}

DictionaryView JoinedRows::Text(size_t column) {
  DictionaryView text;
  const absl::Span<uint32_t> indices = Allocate<uint32_t>();
  absl::flat_hash_map<absl::string_view, uint32_t> index_of;
  for (size_t i = 0; i < rows_.size(); ++i) {
    indices[i] = 0;
    const ColumnView& from = Column(rows_[i], column);
    if (!from.IsValid(rows_[i].row)) continue;
    const auto [entry, added] = index_of.try_emplace(TextOf(from, rows_[i].row),
                                                     static_cast<uint32_t>(text.dictionary.size()));
    if (added) text.dictionary.push_back(entry->first);
    indices[i] = entry->second;
  }
  text.indices = indices;
  return text;
}

absl::Span<const uint8_t> JoinedRows::Validity(size_t column) {
  const bool any = std::any_of(sources_.begin(), sources_.end(), [&](const Source& source) {
    return !source.columns[column]->validity.empty();
  });
  if (!any) return {};
  const absl::Span<uint8_t> bits = Allocate<uint8_t>().first((rows_.size() + 7) / 8);
  std::fill(bits.begin(), bits.end(), uint8_t{0});
  for (size_t i = 0; i < rows_.size(); ++i) {
    if (!Column(rows_[i], column).IsValid(rows_[i].row)) continue;
    bits[i >> 3] |= static_cast<uint8_t>(1u << (i & 7));
  }
  return bits;
}

Values JoinedRows::Join(size_t column) {
  const Values& like = sources_[0].columns[column]->values;
  if (IsText(like)) return Text(column);
  if (std::holds_alternative<Packed<float>>(like)) return Numbers<Packed<float>>(column);
  if (std::holds_alternative<Packed<int64_t>>(like)) return Numbers<Packed<int64_t>>(column);
  if (std::holds_alternative<absl::Span<const bool>>(like)) {
    return Numbers<absl::Span<const bool>>(column);
  }
  return Numbers<Packed<double>>(column);
}

JoinedRows::JoinedRows(absl::Span<const Source> sources, absl::Span<const Row> rows)
    : sources_(sources), rows_(rows) {
  view_.rows = static_cast<uint32_t>(rows.size());
  for (size_t i = 0; i < sources[0].columns.size(); ++i) {
    ColumnView& column = view_.columns.emplace_back();
    column.name = sources[0].columns[i]->name;
    column.role = sources[0].columns[i]->role;
    column.values = Join(i);
    column.validity = Validity(i);
  }
  const absl::Span<int64_t> times = Allocate<int64_t>();
  for (size_t i = 0; i < rows.size(); ++i) {
    times[i] = EventMicros(*sources[rows[i].source].batch, rows[i].row);
  }
  view_.row_event_micros = times;
}

}  // namespace plumbline::profile
