#ifndef PLUMBLINE_CLIENT_CSV_BATCHES_H_
#define PLUMBLINE_CLIENT_CSV_BATCHES_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "client/csv_columns.h"
#include "client/csv_reader.h"
#include "plumbline/v1/batch.pb.h"

namespace plumbline::client {

/// Reads a file a second time, as planned, and cuts it into batches. The cuts depend on the file,
/// the plan and `max_rows` only, so a second run gives the same batches. Numeric columns go as
/// doubles, categorical ones as dictionaries (in order of first appearance in the batch), an empty
/// cell as null; times as one a row, row ids as strings. Not thread-safe.
class CsvBatches {
 public:
  /// A batch is closed before it passes this size, whatever `max_rows` says (unless one row alone
  /// does): with the largest row it stays below the 32 MiB that a server takes.
  static constexpr size_t kMaxBatchBytes = 24 << 20;

  static absl::StatusOr<std::unique_ptr<CsvBatches>> Open(const std::string& path, char delimiter,
                                                          const CsvPlan& plan);

  /// The next batch, of 1 to `max_rows` rows; nullopt at the end. Errors: those of CsvReader;
  /// InvalidArgument if a cell no longer is what the first pass found.
  absl::StatusOr<std::optional<v1::Batch>> Next(size_t max_rows);

 private:
  // The values of one column in the batch being built.
  struct Values {
    std::vector<double> numbers;
    std::vector<int64_t> integers;
    std::vector<std::string> dictionary;
    absl::flat_hash_map<std::string, uint32_t> index_of;
    std::vector<uint32_t> indices;
    std::vector<uint8_t> validity;
  };

  CsvBatches(std::unique_ptr<CsvReader> reader, const CsvPlan& plan);
  absl::Status AddRow();
  absl::Status AddNumber(absl::string_view cell, size_t column);
  absl::Status AddInteger(absl::string_view cell, size_t column);
  void AddCategory(absl::string_view cell, Values* values);
  [[nodiscard]] size_t RowBytes() const;
  v1::Batch TakeBatch();

  const std::unique_ptr<CsvReader> reader_;
  const std::vector<CsvColumn> columns_;
  std::vector<Values> values_;
  std::vector<std::string> row_ids_;
  std::vector<int64_t> times_;
  CsvRow row_;
  bool row_waits_ = false;  // row_ has been read, but did not fit the batch before
  size_t rows_ = 0;
};

}  // namespace plumbline::client

#endif  // PLUMBLINE_CLIENT_CSV_BATCHES_H_
