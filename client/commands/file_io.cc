#include "client/commands/file_io.h"

#include <cerrno>
#include <cstdio>
#include <memory>

#include "absl/strings/str_cat.h"

namespace plumbline::client {
namespace {

struct CloseFile {
  void operator()(std::FILE* file) const { std::fclose(file); }
};

absl::StatusOr<std::string> ReadAll(std::FILE* file, const std::string& path, size_t max_bytes) {
  std::string content;
  char buffer[16 << 10];
  while (true) {
    const size_t size = std::fread(buffer, 1, sizeof(buffer), file);
    if (size == 0) break;
    content.append(buffer, size);
    if (content.size() > max_bytes) {
      return absl::ResourceExhaustedError(absl::StrCat(path, ": more than ", max_bytes, " bytes"));
    }
  }
  if (std::ferror(file) != 0) return absl::ErrnoToStatus(errno, path);
  return content;
}

}  // namespace

absl::StatusOr<std::string> ReadFile(const std::string& path, size_t max_bytes) {
  if (path == "-") return ReadAll(stdin, "standard input", max_bytes);
  const std::unique_ptr<std::FILE, CloseFile> file(std::fopen(path.c_str(), "rb"));
  if (file == nullptr) return absl::ErrnoToStatus(errno, path);
  return ReadAll(file.get(), path, max_bytes);
}

absl::Status WriteFile(const std::string& path, const std::string& content) {
  const std::string partial = path + ".partial";
  std::FILE* file = std::fopen(partial.c_str(), "wb");
  if (file == nullptr) return absl::ErrnoToStatus(errno, partial);
  const bool written = std::fwrite(content.data(), 1, content.size(), file) == content.size();
  const bool closed = std::fclose(file) == 0;
  if (!written || !closed || std::rename(partial.c_str(), path.c_str()) != 0) {
    const absl::Status status = absl::ErrnoToStatus(errno, path);
    std::remove(partial.c_str());
    return status;
  }
  return absl::OkStatus();
}

}  // namespace plumbline::client
