#ifndef PLUMBLINE_SERVER_PROFILE_BATCH_H_
#define PLUMBLINE_SERVER_PROFILE_BATCH_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "server/profile/packed.h"
#include "server/profile/schema.h"

namespace plumbline::profile {

/// Dictionary-coded strings: row i is dictionary[indices[i]].
struct DictionaryView {
  std::vector<absl::string_view> dictionary;
  absl::Span<const uint32_t> indices;
};

/// The values of a column, one a row.
using Values = std::variant<Packed<double>, Packed<float>, Packed<int64_t>, absl::Span<const bool>,
                            std::vector<absl::string_view>, DictionaryView>;

/// One variable of a batch. Does not own the values.
struct ColumnView {
  absl::string_view name;
  std::optional<Role> role;
  Values values;
  /// Arrow bitmap, least significant bit first, 1 = valid; empty = all valid.
  absl::Span<const uint8_t> validity;

  bool IsValid(size_t row) const {
    return validity.empty() || ((validity[row >> 3] >> (row & 7)) & 1) != 0;
  }
};

/// Columnar rows in memory that somebody else owns.
struct BatchView {
  uint32_t rows = 0;
  std::vector<ColumnView> columns;
  /// Event time of all rows, in microseconds since the epoch; or else one a row; or neither:
  /// arrival time.
  std::optional<int64_t> event_micros;
  absl::Span<const int64_t> row_event_micros;
  absl::string_view source;
  /// Identifiers of the rows; both empty if the batch has none.
  std::vector<absl::string_view> string_row_ids;
  absl::Span<const int64_t> int_row_ids;
};

/// What is wrong with one field of a batch.
struct FieldViolation {
  std::string field;        // for example `batch.columns[3].validity`
  std::string description;  // one sentence with the offending value
};

struct BatchLimits {
  size_t max_rows = 4u << 20;
  size_t max_columns = 20'000;
  size_t max_name_bytes = 256;
  size_t max_source_bytes = 128;
  size_t max_violations = 20;
};

/// Everything in `batch` that breaks the contract of a batch, in field order; empty if it is sound.
/// After that every length and index may be trusted. Checks: row count, column names (empty, too
/// long, repeated), value counts, bitmap lengths, dictionary indices of valid rows, number of event
/// times and row ids, source length.
std::vector<FieldViolation> ValidateBatch(const BatchView& batch, const BatchLimits& limits = {});

}  // namespace plumbline::profile

#endif  // PLUMBLINE_SERVER_PROFILE_BATCH_H_
