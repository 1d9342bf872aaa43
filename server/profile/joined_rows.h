#ifndef PLUMBLINE_SERVER_PROFILE_JOINED_ROWS_H_
#define PLUMBLINE_SERVER_PROFILE_JOINED_ROWS_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "absl/types/span.h"
#include "server/profile/batch.h"

namespace plumbline::profile {

/// Rows of several batches as one batch: their columns and times, without row ids and sources. Text
/// becomes a dictionary of what these rows have; names and strings stay where they are.
class JoinedRows {
 public:
  struct Source {
    const BatchView* batch = nullptr;
    std::vector<const ColumnView*> columns;  // see ColumnsBySchema
  };
  struct Row {
    uint32_t source = 0;
    uint32_t row = 0;
  };

  /// Row i of view() is rows[i]; at least one source. Sources have the same variables, in the same
  /// order and of the same types. Cost: O(rows) a column; text is hashed.
  JoinedRows(absl::Span<const Source> sources, absl::Span<const Row> rows);
  JoinedRows(const JoinedRows&) = delete;
  JoinedRows& operator=(const JoinedRows&) = delete;

  const BatchView& view() const { return view_; }

 private:
  template <class T>
  absl::Span<T> Allocate();
  template <class List>
  absl::Span<const typename List::value_type> Numbers(size_t column);
  DictionaryView Text(size_t column);
  absl::Span<const uint8_t> Validity(size_t column);
  Values Join(size_t column);
  const ColumnView& Column(const Row& row, size_t column) const {
    return *sources_[row.source].columns[column];
  }

  absl::Span<const Source> sources_;  // these two while it is made
  absl::Span<const Row> rows_;
  BatchView view_;
  std::vector<std::unique_ptr<std::byte[]>> memory_;
};

}  // namespace plumbline::profile

#endif  // PLUMBLINE_SERVER_PROFILE_JOINED_ROWS_H_
