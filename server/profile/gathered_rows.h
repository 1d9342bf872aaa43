#ifndef PLUMBLINE_SERVER_PROFILE_GATHERED_ROWS_H_
#define PLUMBLINE_SERVER_PROFILE_GATHERED_ROWS_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "absl/types/span.h"
#include "server/profile/batch.h"

namespace plumbline::profile {

/// Some rows of columns in another order. Names, dictionaries and strings stay where they are.
class GatheredRows {
 public:
  /// Row i of view() is row rows[i] of the columns.
  GatheredRows(absl::Span<const ColumnView* const> columns, absl::Span<const uint32_t> rows);
  GatheredRows(const GatheredRows&) = delete;
  GatheredRows& operator=(const GatheredRows&) = delete;

  const BatchView& view() const { return view_; }

 private:
  template <class T>
  absl::Span<T> Allocate(size_t count);
  template <class List>
  absl::Span<const typename List::value_type> Gather(const List& values,
                                                     absl::Span<const uint32_t> rows);
  absl::Span<const uint8_t> GatherValidity(const ColumnView& column,
                                           absl::Span<const uint32_t> rows);

  BatchView view_;
  std::vector<std::unique_ptr<std::byte[]>> memory_;
};

}  // namespace plumbline::profile

#endif  // PLUMBLINE_SERVER_PROFILE_GATHERED_ROWS_H_
