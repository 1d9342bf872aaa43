#ifndef PLUMBLINE_CLIENT_CSV_COLUMNS_H_
#define PLUMBLINE_CLIENT_CSV_COLUMNS_H_

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "plumbline/v1/baseline.pb.h"
#include "plumbline/v1/batch.pb.h"

namespace plumbline::client {

/// What a user says of the columns of a CSV file.
struct CsvColumnOptions {
  char delimiter = ',';
  std::vector<std::pair<std::string, v1::Kind>> kinds;
  std::vector<std::pair<std::string, v1::Role>> roles;
  /// Column of event times; empty: none.
  std::string timestamp;
  /// Column of row ids; empty: none.
  std::string id;
  /// Columns that are not sent.
  std::vector<std::string> ignore;
};

/// How one column of a file is read.
struct CsvColumn {
  enum class Use { kNumeric, kInteger, kCategorical, kTimestamp, kRowId, kIgnored };
  std::string name;
  Use use = Use::kNumeric;
  /// As the user said; unspecified otherwise.
  v1::Role role = v1::ROLE_UNSPECIFIED;
  /// Kind to tell a baseline: as the user said; unspecified otherwise.
  v1::Kind kind = v1::KIND_UNSPECIFIED;
};

/// True if the column is sent, as a variable.
[[nodiscard]] inline bool IsVariable(const CsvColumn& column) {
  return column.use == CsvColumn::Use::kNumeric || column.use == CsvColumn::Use::kInteger ||
         column.use == CsvColumn::Use::kCategorical;
}

/// What a first pass over a file found.
struct CsvPlan {
  /// One a column of the file, in its order.
  std::vector<CsvColumn> columns;
  /// Rows of the file.
  uint64_t rows = 0;
};

/// Is told how much of a file is done, in [0, 1].
using ProgressCallback = std::function<void(double)>;

/// Reads the whole file once, in bounded memory, and decides how each column is read:
/// - the timestamp, id and ignored columns as the options say;
/// - a kind given in the options holds: numeric needs a number (or nothing) in every cell;
/// - otherwise the kind that `model_variables` (the model's baseline) gives: categorical even if
///   the cells look like numbers; numeric needs a number in every cell too, but a column without
///   any (NaN aside) goes as strings, which the server reports as wrong_type;
/// - otherwise numeric if every cell that is not empty is a number (NaN and infinities are numbers;
///   a column without any value is numeric), else categorical.
/// A numeric column of integers, of which double would not hold some, is sent as int64; one of
/// integers that int64 does not hold either, or with a leading zero (`01005`), is categorical (they
/// name things) unless somebody said that it is numeric.
/// Errors: those of CsvReader; InvalidArgument for an option that names no column of the file, or
/// gives one two kinds or roles, no rows, no column left to send, a cell that is no number or no
/// time, with its line.
absl::StatusOr<CsvPlan> PlanCsv(const std::string& path, const CsvColumnOptions& options,
                                absl::Span<const v1::VariableSpec> model_variables,
                                const ProgressCallback& progress = nullptr);

}  // namespace plumbline::client

#endif  // PLUMBLINE_CLIENT_CSV_COLUMNS_H_
