#ifndef PLUMBLINE_CLIENT_CSV_READER_H_
#define PLUMBLINE_CLIENT_CSV_READER_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace plumbline::client {

/// One row of a CSV file.
struct CsvRow {
  /// Line of the file on which the row begins, 1 for the first.
  uint64_t line = 0;
  /// All cells one after the other, and where each ends.
  std::string text;
  std::vector<size_t> ends;

  [[nodiscard]] size_t size() const { return ends.size(); }
  [[nodiscard]] absl::string_view cell(size_t i) const {
    const size_t begin = i == 0 ? 0 : ends[i - 1];
    return absl::string_view(text).substr(begin, ends[i] - begin);
  }
};

/// Reads a CSV file (RFC 4180, with a header row) from front to end in bounded memory; libcsv does
/// the parsing. A gzip file is unpacked on the way. Lines end in LF, CRLF or CR; a UTF-8 byte order
/// mark is skipped, and so are blank lines (in a file of one column a null is written as `""`).
/// Spaces belong to their cell. Not thread-safe.
class CsvReader {
 public:
  /// A row may have this many bytes: what is larger is most likely a quote that is never closed.
  static constexpr size_t kMaxRowBytes = 8 << 20;

  /// Opens `path` and reads the header. `delimiter` is one ASCII character, not a quote, CR or LF.
  /// NotFound or another error of the file system; InvalidArgument, with file and line: no header,
  /// a column name that is empty or there twice, and the errors of Next().
  static absl::StatusOr<std::unique_ptr<CsvReader>> Open(const std::string& path, char delimiter);
  ~CsvReader();
  CsvReader(const CsvReader&) = delete;
  CsvReader& operator=(const CsvReader&) = delete;

  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] const std::vector<std::string>& header() const { return header_; }

  /// Puts the next row into `row`; false at the end. InvalidArgument, with file and line, for a row
  /// with fewer or more fields than the header, text that is not UTF-8, a quote that is out of
  /// place or never closed; DataLoss for a broken or truncated gzip file. After an error: the same
  /// error.
  absl::StatusOr<bool> Next(CsvRow* row);

  /// How much of the file (as it lies on disk) has been read, in [0, 1]; 1 for an empty file.
  [[nodiscard]] double Progress() const;

 private:
  struct Source;  // libcsv's parser and zlib's file

  explicit CsvReader(const std::string& path);
  absl::Status ReadHeader();
  absl::StatusOr<bool> ReadRow();
  absl::StatusOr<bool> FillBuffer();
  absl::Status FeedLine();
  absl::Status FinishParsing();
  absl::Status ErrorAt(uint64_t line, absl::string_view what) const;

  const std::string path_;
  std::unique_ptr<Source> source_;
  std::vector<std::string> header_;
  std::vector<char> buffer_;
  size_t begin_ = 0;  // what is left of buffer_: [begin_, end_)
  size_t end_ = 0;
  bool at_end_ = false;
  CsvRow row_;  // the row being read
  bool row_complete_ = false;
  size_t row_bytes_ = 0;
  uint64_t line_ = 1;
  bool after_cr_ = false;
  absl::Status status_;
};

}  // namespace plumbline::client

#endif  // PLUMBLINE_CLIENT_CSV_READER_H_
