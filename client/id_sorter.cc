#include "client/id_sorter.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <queue>
#include <utility>

#include "absl/strings/str_cat.h"

namespace plumbline::client {
namespace {

constexpr size_t kLeastEntries = 1024;

absl::Status Failed(const char* what) {
  return absl::ErrnoToStatus(errno, absl::StrCat("a temporary file: ", what));
}

std::FILE* OpenUnnamed() {
  const char* folder = std::getenv("TMPDIR");
  std::string path = absl::StrCat(folder != nullptr && folder[0] != '\0' ? folder : "/tmp",
                                  "/plumbline-ids-XXXXXX");
  const int fd = mkstemp(path.data());
  if (fd < 0) return nullptr;
  unlink(path.c_str());
  std::FILE* file = fdopen(fd, "w+b");
  if (file == nullptr) close(fd);
  return file;
}

}  // namespace

IdSorter::IdSorter(size_t memory_bytes)
    : capacity_(std::max(kLeastEntries, memory_bytes / sizeof(Entry))) {}

absl::Status IdSorter::Add(absl::uint128 hash, size_t part) {
  if (entries_.size() == capacity_) {
    if (absl::Status spilled = Spill(); !spilled.ok()) return spilled;
  }
  if (entries_.size() == entries_.capacity()) {
    // Never more than what may be held, whatever a vector would take.
    entries_.reserve(std::min(capacity_, std::max(kLeastEntries, 2 * entries_.size())));
  }
  entries_.push_back({absl::Uint128High64(hash), absl::Uint128Low64(hash), part});
  return absl::OkStatus();
}

absl::Status IdSorter::Spill() {
  std::sort(entries_.begin(), entries_.end());
  File file(OpenUnnamed());
  if (file == nullptr) return Failed("open");
  const size_t written = std::fwrite(entries_.data(), sizeof(Entry), entries_.size(), file.get());
  if (written != entries_.size() || std::fflush(file.get()) != 0) return Failed("write");
  std::rewind(file.get());
  runs_.push_back(std::move(file));
  entries_.clear();
  return absl::OkStatus();
}

absl::Status IdSorter::ForEach(absl::FunctionRef<void(const Entry&)> use) {
  if (!runs_.empty() && !entries_.empty()) {
    if (absl::Status spilled = Spill(); !spilled.ok()) return spilled;
  }
  if (!runs_.empty()) return Merge(use);
  std::sort(entries_.begin(), entries_.end());
  for (const Entry& entry : entries_) use(entry);
  return absl::OkStatus();
}

absl::Status IdSorter::Merge(absl::FunctionRef<void(const Entry&)> use) {
  entries_ = {};
  using Head = std::pair<Entry, size_t>;  // and its run
  std::priority_queue<Head, std::vector<Head>, std::greater<>> heads;
  const auto read = [&](size_t run) {
    Entry entry;
    if (std::fread(&entry, sizeof(entry), 1, runs_[run].get()) == 1) heads.emplace(entry, run);
    return std::ferror(runs_[run].get()) == 0;
  };
  for (size_t run = 0; run < runs_.size(); ++run) {
    if (!read(run)) return Failed("read");
  }
  while (!heads.empty()) {
    const Head head = heads.top();
    heads.pop();
    use(head.first);
    if (!read(head.second)) return Failed("read");
  }
  return absl::OkStatus();
}

}  // namespace plumbline::client
