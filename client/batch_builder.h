#ifndef PLUMBLINE_CLIENT_BATCH_BUILDER_H_
#define PLUMBLINE_CLIENT_BATCH_BUILDER_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "plumbline/v1/batch.pb.h"

namespace plumbline::client {

/// What is optional about a column.
struct ColumnOptions {
  /// One byte a row: 0 is null, anything else is a value. Empty: no nulls.
  absl::Span<const uint8_t> validity = {};
  /// Only needed in a baseline; in live batches the baseline knows.
  v1::Role role = v1::ROLE_UNSPECIFIED;
};

/// Builds one columnar batch. Every Add copies its values; every column has one value a row, and
/// the first thing added decides the number of rows. NaN and infinities are values and are kept;
/// null is said by `validity` (the value in a null row is ignored, but must be there).
/// The first mistake is kept and comes out of Build(): adding needs no checks of its own.
/// Not thread-safe. After Build() the builder is empty and can be used again.
class BatchBuilder {
 public:
  void AddDoubles(absl::string_view name, absl::Span<const double> values,
                  const ColumnOptions& options = {});
  /// Compared with the baseline in float32.
  void AddFloats(absl::string_view name, absl::Span<const float> values,
                 const ColumnOptions& options = {});
  void AddInt64s(absl::string_view name, absl::Span<const int64_t> values,
                 const ColumnOptions& options = {});
  void AddBools(absl::string_view name, absl::Span<const bool> values,
                const ColumnOptions& options = {});
  void AddStrings(absl::string_view name, absl::Span<const std::string> values,
                  const ColumnOptions& options = {});
  /// Row i is `dictionary[indices[i]]`. Far cheaper than AddStrings, here and on the server.
  void AddDictionary(absl::string_view name, absl::Span<const std::string> dictionary,
                     absl::Span<const uint32_t> indices, const ColumnOptions& options = {});

  /// Identifiers of the rows, one a row. Setting them again replaces them.
  void SetRowIds(absl::Span<const std::string> ids);
  void SetRowIds(absl::Span<const int64_t> ids);

  /// One time for all rows; replaces the times set before.
  void SetEventTime(absl::Time time);
  /// A time for each row, rounded down to microseconds; replaces the time set before.
  void SetEventTimes(absl::Span<const absl::Time> times);

  /// Where the data comes from, up to 128 bytes.
  void SetSource(absl::string_view source);

  /// The batch. InvalidArgument, with the column's name: no rows, no columns, columns of different
  /// lengths, a name that is empty, longer than 256 bytes or there twice, an index out of its
  /// dictionary, text that is not UTF-8.
  [[nodiscard]] absl::StatusOr<v1::Batch> Build();

 private:
  v1::Column* AddColumn(absl::string_view name, size_t rows, const ColumnOptions& options);
  void CheckRows(absl::string_view what, size_t rows);
  void CheckText(absl::string_view what, const std::string& text);
  void Fail(absl::Status status);

  v1::Batch batch_;
  bool has_rows_ = false;
  size_t rows_ = 0;
  absl::Status status_;
};

/// Arrow validity bitmap of `validity` (0 is null): least significant bit first, 1 = valid. Empty
/// if every row is valid.
std::string PackValidity(absl::Span<const uint8_t> validity);

}  // namespace plumbline::client

#endif  // PLUMBLINE_CLIENT_BATCH_BUILDER_H_
