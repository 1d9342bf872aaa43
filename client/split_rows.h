#ifndef PLUMBLINE_CLIENT_SPLIT_ROWS_H_
#define PLUMBLINE_CLIENT_SPLIT_ROWS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/functional/function_ref.h"
#include "absl/numeric/int128.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace plumbline::client {

/// Where the rows of a split lie, and what tells their parts.
struct SplitSource {
  struct File {
    std::string path;
    std::string part;  // all of its rows; empty: columns tell
  };
  std::vector<File> files;
  char delimiter = ',';
  std::string id;     // column; empty: rows are told apart by all of their values
  std::string split;  // column of the part; may be empty if `fold` or the files tell it
  std::string fold;   // column of the fold; may be empty
  std::string label;  // column; may be empty
  std::vector<std::string> ignore;  // columns that do not tell rows apart, where `id` is empty
};

/// One row. Texts are valid until the next.
struct SplitRow {
  size_t part = 0;  // index into SplitRows::parts()
  absl::string_view id;
  absl::uint128 hash;
  absl::string_view label;
  size_t file = 0;
  uint64_t line = 0;
};

/// Reads the files of a split from front to end, in bounded memory.
class SplitRows {
 public:
  static constexpr size_t kMaxParts = 1000;
  static constexpr size_t kMaxPartBytes = 256;

  explicit SplitRows(SplitSource source) : source_(std::move(source)) {}

  /// Calls `use` for every row. Errors: those of CsvReader; InvalidArgument, with file and line: a
  /// column that is not there, a row without id or part, more than kMaxParts parts; those of `use`.
  absl::Status ForEach(absl::FunctionRef<absl::Status(const SplitRow&)> use);

  const SplitSource& source() const { return source_; }
  /// Names of the parts, in the order of their first row. With a fold: `fold/part`.
  const std::vector<std::string>& parts() const { return parts_; }

 private:
  absl::Status ForEachOf(size_t file, absl::FunctionRef<absl::Status(const SplitRow&)> use);
  absl::StatusOr<size_t> PartOf(absl::string_view fold, absl::string_view split);

  const SplitSource source_;
  std::vector<std::string> parts_;
  absl::flat_hash_map<std::string, size_t> index_of_;  // by name
  std::string name_;                                   // of the row's part
};

}  // namespace plumbline::client

#endif  // PLUMBLINE_CLIENT_SPLIT_ROWS_H_
