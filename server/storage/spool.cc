#include "server/storage/spool.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

namespace plumbline::storage {
namespace {

using absl::string_view;
using profile::BatchView;
using profile::ColumnView;

// The file lives no longer than its process, so numbers are in the machine's own order.
class Writer {
 public:
  void Number(uint64_t value) { Raw(&value, sizeof(value)); }
  void Raw(const void* data, size_t size) {
    if (size > 0) out_.append(static_cast<const char*>(data), size);
    out_.append((8 - out_.size() % 8) % 8, '\0');  // keeps every span aligned
  }
  void Text(string_view text) {
    Number(text.size());
    Raw(text.data(), text.size());
  }
  template <class T>
  void Span(absl::Span<const T> span) {
    Number(span.size());
    Raw(span.data(), span.size() * sizeof(T));
  }
  template <class T>
  void Span(profile::Packed<T> values) {
    Number(values.size());
    Raw(values.bytes().data(), values.bytes().size());
  }
  void Texts(const std::vector<string_view>& texts) {
    Number(texts.size());
    for (const string_view text : texts) Text(text);
  }
  const std::string& out() const { return out_; }

 private:
  std::string out_;
};

class Reader {
 public:
  explicit Reader(string_view in) : in_(in) {}
  bool ok() const { return ok_; }
  uint64_t Number() {
    uint64_t value = 0;
    const string_view raw = Raw(sizeof(value));
    if (ok_) std::memcpy(&value, raw.data(), sizeof(value));
    return value;
  }
  string_view Raw(uint64_t size) {
    if (!ok_ || size > in_.size() - at_) {
      ok_ = false;
      return {};
    }
    const string_view raw = in_.substr(at_, size);
    at_ = std::min<size_t>(in_.size(), (at_ + size + 7) / 8 * 8);
    return raw;
  }
  string_view Text() { return Raw(Number()); }
  template <class T>
  absl::Span<const T> Span() {
    const uint64_t count = Number();
    if (count > in_.size() / sizeof(T)) ok_ = false;
    const string_view raw = Raw(count * sizeof(T));
    if (!ok_) return {};
    return absl::Span<const T>(reinterpret_cast<const T*>(raw.data()), count);
  }
  std::vector<string_view> Texts() {
    std::vector<string_view> texts;
    const uint64_t count = Number();
    if (count > in_.size() / 8) ok_ = false;
    for (uint64_t i = 0; ok_ && i < count; ++i) texts.push_back(Text());
    return texts;
  }

 private:
  string_view in_;
  size_t at_ = 0;
  bool ok_ = true;
};

void WriteColumn(const ColumnView& column, Writer* out) {
  out->Text(column.name);
  out->Number(column.role ? static_cast<uint64_t>(*column.role) : 0);
  out->Span(column.validity);
  out->Number(column.values.index());
  std::visit(
      [out](const auto& values) {
        using List = std::decay_t<decltype(values)>;
        if constexpr (std::is_same_v<List, profile::DictionaryView>) {
          out->Texts(values.dictionary);
          out->Span(values.indices);
        } else if constexpr (std::is_same_v<List, std::vector<string_view>>) {
          out->Texts(values);
        } else {
          out->Span(values);
        }
      },
      column.values);
}

ColumnView ReadColumn(Reader* in) {
  ColumnView column;
  column.name = in->Text();
  if (const uint64_t role = in->Number(); role != 0) column.role = static_cast<profile::Role>(role);
  column.validity = in->Span<uint8_t>();
  switch (in->Number()) {
    case 0:
      column.values = in->Span<double>();
      break;
    case 1:
      column.values = in->Span<float>();
      break;
    case 2:
      column.values = in->Span<int64_t>();
      break;
    case 3:
      column.values = in->Span<bool>();
      break;
    case 4:
      column.values = in->Texts();
      break;
    default: {
      profile::DictionaryView dictionary;
      dictionary.dictionary = in->Texts();
      dictionary.indices = in->Span<uint32_t>();
      column.values = std::move(dictionary);
    }
  }
  return column;
}

absl::Status IoError(string_view doing) {
  return absl::UnavailableError(absl::StrCat(doing, " the spool file: ", std::strerror(errno)));
}

absl::Status Damaged() { return absl::DataLossError("the spool file is damaged"); }

}  // namespace

Spool::Spool(std::string path, std::FILE* file, uint64_t max_bytes)
    : path_(std::move(path)), file_(file), max_bytes_(max_bytes) {}

Spool::~Spool() {
  std::fclose(file_);
  unlink(path_.c_str());
}

absl::StatusOr<std::unique_ptr<Spool>> Spool::Create(const std::string& dir, uint64_t max_bytes) {
  std::error_code error;
  std::filesystem::create_directories(dir + "/spool", error);
  return CreateIn(dir + "/spool", max_bytes);
}

absl::StatusOr<std::unique_ptr<Spool>> Spool::CreateBeside() const {
  return CreateIn(std::filesystem::path(path_).parent_path(), max_bytes_);
}

absl::StatusOr<std::unique_ptr<Spool>> Spool::CreateIn(const std::string& folder,
                                                       uint64_t max_bytes) {
  std::string path = folder + "/batches-XXXXXX";
  const int fd = mkstemp(path.data());
  if (fd < 0) return IoError("making");
  std::FILE* file = fdopen(fd, "w+b");
  if (file == nullptr) {
    close(fd);
    unlink(path.c_str());
    return IoError("opening");
  }
  return std::unique_ptr<Spool>(new Spool(std::move(path), file, max_bytes));
}

void Spool::RemoveAbandoned(const std::string& dir) {
  std::error_code error;
  std::filesystem::remove_all(dir + "/spool", error);
}

absl::Status Spool::Append(const BatchView& batch) {
  if (reading_) return absl::FailedPreconditionError("the spool is being read");
  Writer out;
  out.Number(batch.rows);
  out.Number(batch.event_micros.has_value() ? 1 : 0);
  out.Number(static_cast<uint64_t>(batch.event_micros.value_or(0)));
  out.Span(batch.row_event_micros);
  out.Text(batch.source);
  out.Texts(batch.string_row_ids);
  out.Span(batch.int_row_ids);
  out.Number(batch.columns.size());
  for (const ColumnView& column : batch.columns) WriteColumn(column, &out);
  const uint64_t size = out.out().size();
  if (bytes_ + sizeof(size) + size > max_bytes_) {
    return absl::ResourceExhaustedError(absl::StrCat(
        "the baseline's rows need more than the spool's bound of ", max_bytes_, " bytes"));
  }
  if (broken_) return absl::UnavailableError("writing the spool file failed before");
  if (std::fwrite(&size, sizeof(size), 1, file_) != 1 ||
      std::fwrite(out.out().data(), 1, size, file_) != size) {
    broken_ = true;  // part of the batch may be in the file
    return IoError("writing");
  }
  bytes_ += sizeof(size) + size;
  return absl::OkStatus();
}

absl::Status Spool::Rewind() {
  reading_ = true;
  read_bytes_ = 0;
  if (broken_) return absl::UnavailableError("writing the spool file failed before");
  if (std::fflush(file_) != 0 || std::fseek(file_, 0, SEEK_SET) != 0) return IoError("rewinding");
  return absl::OkStatus();
}

absl::Status Spool::Read(void* to, uint64_t size) {
  if (std::fread(to, 1, size, file_) != size) {
    return std::ferror(file_) != 0 ? IoError("reading") : Damaged();
  }
  read_bytes_ += size;
  return absl::OkStatus();
}

absl::StatusOr<const BatchView*> Spool::Next() {
  const absl::StatusOr<bool> read = Next(&batch_);
  if (!read.ok()) return read.status();
  return *read ? &batch_.view : nullptr;
}

absl::StatusOr<bool> Spool::Next(SpooledBatch* batch) {
  if (!reading_) return absl::FailedPreconditionError("Rewind the spool before reading it");
  if (read_bytes_ == bytes_) return false;
  uint64_t size = 0;
  if (absl::Status read = Read(&size, sizeof(size)); !read.ok()) return read;
  if (size > bytes_ - read_bytes_) return Damaged();
  batch->bytes.resize(size);
  if (absl::Status read = Read(batch->bytes.data(), size); !read.ok()) return read;
  Reader in(batch->bytes);
  BatchView& view = batch->view;
  view = BatchView();
  view.rows = static_cast<uint32_t>(in.Number());
  const bool has_time = in.Number() != 0;
  const auto time = static_cast<int64_t>(in.Number());
  if (has_time) view.event_micros = time;
  view.row_event_micros = in.Span<int64_t>();
  view.source = in.Text();
  view.string_row_ids = in.Texts();
  view.int_row_ids = in.Span<int64_t>();
  const uint64_t columns = in.Number();
  for (uint64_t i = 0; in.ok() && i < columns; ++i) view.columns.push_back(ReadColumn(&in));
  if (!in.ok()) return Damaged();
  return true;
}

}  // namespace plumbline::storage
