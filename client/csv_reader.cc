#include "client/csv_reader.h"

#include <csv.h>
#include <sys/stat.h>
#include <zlib.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "client/utf8.h"

namespace plumbline::client {
namespace {

constexpr size_t kBufferBytes = 256 << 10;

int NothingIsSpace(unsigned char) { return 0; }

// libcsv's callbacks: a cell has ended, a row has ended.
void OnCell(void* text, size_t size, void* row) {
  auto* out = static_cast<std::pair<CsvRow*, bool*>*>(row)->first;
  if (size > 0) out->text.append(static_cast<const char*>(text), size);
  out->ends.push_back(out->text.size());
}

void OnRowEnd(int, void* row) { *static_cast<std::pair<CsvRow*, bool*>*>(row)->second = true; }

// Bytes up to and with the first end of line (CR, LF or CR LF) of `data`; `size` if there is none.
size_t LineLength(const char* data, size_t size) {
  const auto* lf = static_cast<const char*>(std::memchr(data, '\n', size));
  const size_t before_lf = lf == nullptr ? size : static_cast<size_t>(lf - data);
  const auto* cr = static_cast<const char*>(std::memchr(data, '\r', before_lf));
  if (cr == nullptr) return lf == nullptr ? size : before_lf + 1;
  const size_t before_cr = static_cast<size_t>(cr - data);
  return before_cr + 1 == before_lf && lf != nullptr ? before_lf + 1 : before_cr + 1;
}

}  // namespace

struct CsvReader::Source {
  Source() { csv_init(&parser, CSV_STRICT | CSV_STRICT_FINI); }
  ~Source() {
    csv_free(&parser);
    if (file != nullptr) gzclose_r(file);
  }
  Source(const Source&) = delete;
  Source& operator=(const Source&) = delete;

  csv_parser parser;
  gzFile file = nullptr;
  uint64_t file_bytes = 0;
};

CsvReader::CsvReader(const std::string& path)
    : path_(path), source_(std::make_unique<Source>()), buffer_(kBufferBytes) {}

CsvReader::~CsvReader() = default;

absl::StatusOr<std::unique_ptr<CsvReader>> CsvReader::Open(const std::string& path,
                                                           char delimiter) {
  if (static_cast<unsigned char>(delimiter) >= 0x80 || delimiter == '"' || delimiter == '\r' ||
      delimiter == '\n' || delimiter == '\0') {
    return absl::InvalidArgumentError("the delimiter must be one ASCII character, not a quote");
  }
  struct stat info;
  if (stat(path.c_str(), &info) != 0) {
    return absl::ErrnoToStatus(errno, path);
  }
  if (S_ISDIR(info.st_mode)) return absl::InvalidArgumentError(absl::StrCat(path, ": a folder"));
  auto reader = std::unique_ptr<CsvReader>(new CsvReader(path));
  Source& source = *reader->source_;
  source.file_bytes = static_cast<uint64_t>(info.st_size);
  source.file = gzopen(path.c_str(), "rb");
  if (source.file == nullptr) return absl::ErrnoToStatus(errno, path);
  gzbuffer(source.file, kBufferBytes);
  csv_set_delim(&source.parser, static_cast<unsigned char>(delimiter));
  csv_set_space_func(&source.parser, NothingIsSpace);
  // A cell grows by steps of this: the default of 128 bytes copies a large one too often.
  csv_set_blk_size(&source.parser, size_t{1} << 16);
  const absl::Status status = reader->ReadHeader();
  if (!status.ok()) return status;
  return reader;
}

absl::Status CsvReader::ReadHeader() {
  absl::StatusOr<bool> filled = FillBuffer();
  if (!filled.ok()) return filled.status();
  constexpr char kByteOrderMark[] = "\xEF\xBB\xBF";
  if (end_ >= 3 && std::memcmp(buffer_.data(), kByteOrderMark, 3) == 0) begin_ = 3;
  absl::StatusOr<bool> found = ReadRow();
  if (!found.ok()) return found.status();
  if (!*found) return ErrorAt(1, "the file is empty, a header row is expected");
  absl::flat_hash_set<std::string> names;
  for (size_t i = 0; i < row_.size(); ++i) {
    const std::string name(row_.cell(i));
    if (name.empty()) {
      return ErrorAt(row_.line, absl::StrCat("column ", i + 1, " of the header has no name"));
    }
    if (!names.insert(name).second) {
      return ErrorAt(row_.line, absl::StrCat("column ", name, " is in the header twice"));
    }
    header_.push_back(name);
  }
  return absl::OkStatus();
}

absl::StatusOr<bool> CsvReader::Next(CsvRow* row) {
  if (!status_.ok()) return status_;
  absl::StatusOr<bool> found = ReadRow();
  if (found.ok() && *found && row_.size() != header_.size()) {
    found = ErrorAt(row_.line, absl::StrCat(row_.size(), row_.size() == 1 ? " field" : " fields",
                                            " in a row, ", header_.size(), " in the header"));
  }
  if (!found.ok()) {
    status_ = found.status();
    return status_;
  }
  if (*found) std::swap(*row, row_);
  return *found;
}

// Reads one row into row_; false at the end of the file.
absl::StatusOr<bool> CsvReader::ReadRow() {
  row_.text.clear();
  row_.ends.clear();
  row_complete_ = false;
  row_bytes_ = 0;
  while (!row_complete_) {
    if (begin_ == end_) {
      absl::StatusOr<bool> filled = FillBuffer();
      if (!filled.ok()) return filled.status();
      if (!*filled) {
        const absl::Status status = FinishParsing();
        if (!status.ok()) return status;
        break;
      }
    }
    const absl::Status status = FeedLine();
    if (!status.ok()) return status;
  }
  if (!row_complete_) return false;
  if (!IsValidUtf8(row_.text)) return ErrorAt(row_.line, "not UTF-8");
  return true;
}

absl::StatusOr<bool> CsvReader::FillBuffer() {
  if (at_end_) return false;
  const int size = gzread(source_->file, buffer_.data(), static_cast<unsigned>(buffer_.size()));
  int code = Z_OK;
  const char* message = gzerror(source_->file, &code);
  if (size < 0 || (code != Z_OK && code != Z_STREAM_END)) {
    if (code == Z_ERRNO) return absl::ErrnoToStatus(errno, path_);
    return absl::DataLossError(code == Z_BUF_ERROR
                                   ? absl::StrCat(path_, ": the gzip file ends in the middle")
                                   : absl::StrCat(path_, ": a broken gzip file: ", message));
  }
  begin_ = 0;
  end_ = static_cast<size_t>(size);
  at_end_ = size == 0;
  return size > 0;
}

// Hands one line, or what the buffer holds of it, to libcsv: so that the line of an error is known.
absl::Status CsvReader::FeedLine() {
  const char* data = buffer_.data() + begin_;
  if (after_cr_ && *data == '\n') --line_;  // half of a CR LF that the buffer's end had cut
  const size_t size = LineLength(data, end_ - begin_);
  const bool blank = data[0] == '\n' || data[0] == '\r';
  if (row_bytes_ == 0) row_.line = line_;
  std::pair<CsvRow*, bool*> target(&row_, &row_complete_);
  const size_t parsed = csv_parse(&source_->parser, data, size, OnCell, OnRowEnd, &target);
  if (parsed != size) {
    if (csv_error(&source_->parser) != CSV_EPARSE) {
      return absl::ResourceExhaustedError(
          absl::StrCat(path_, ": ", csv_strerror(csv_error(&source_->parser))));
    }
    return ErrorAt(line_,
                   "a quote in the wrong place (a cell with a quote must be quoted, and its "
                   "quotes doubled)");
  }
  if (row_bytes_ > 0 || !blank) row_bytes_ += size;
  if (!row_complete_ && row_bytes_ > kMaxRowBytes) {
    return ErrorAt(row_.line, absl::StrCat("a row of more than ", kMaxRowBytes >> 20,
                                           " MiB; is a quote never closed?"));
  }
  begin_ += size;
  const char last = data[size - 1];
  after_cr_ = last == '\r';
  if (last == '\n' || last == '\r') ++line_;
  return absl::OkStatus();
}

absl::Status CsvReader::FinishParsing() {
  std::pair<CsvRow*, bool*> target(&row_, &row_complete_);
  if (csv_fini(&source_->parser, OnCell, OnRowEnd, &target) == 0) return absl::OkStatus();
  return ErrorAt(row_.line, "a quote opens here and is never closed");
}

absl::Status CsvReader::ErrorAt(uint64_t line, absl::string_view what) const {
  return absl::InvalidArgumentError(absl::StrCat(path_, ":", line, ": ", what));
}

double CsvReader::Progress() const {
  if (source_->file_bytes == 0) return 1;
  const auto read = static_cast<double>(gzoffset(source_->file));
  const double share = read / static_cast<double>(source_->file_bytes);
  return share < 0 ? 0 : share > 1 ? 1 : share;
}

}  // namespace plumbline::client
