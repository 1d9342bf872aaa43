#ifndef PLUMBLINE_CLIENT_ID_SORTER_H_
#define PLUMBLINE_CLIENT_ID_SORTER_H_

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/numeric/int128.h"
#include "absl/status/status.h"

namespace plumbline::client {

/// Sorts any number of (hash, part) pairs in bounded memory: what does not fit goes to files
/// without a name in $TMPDIR (or /tmp), 24 bytes a pair, and is merged. Not thread-safe.
class IdSorter {
 public:
  struct Entry {
    uint64_t high = 0, low = 0;
    uint64_t part = 0;
    auto operator<=>(const Entry&) const = default;
  };
  /// Holds up to this many bytes in memory while pairs are added.
  explicit IdSorter(size_t memory_bytes);

  /// Errors: those of the file system.
  absl::Status Add(absl::uint128 hash, size_t part);
  /// Calls `use` for each pair in order: by hash, then by part. Only once, and nothing is added
  /// after it. Errors: those of the file system and of `use`.
  absl::Status ForEach(absl::FunctionRef<void(const Entry&)> use);
  size_t runs() const { return runs_.size(); }

 private:
  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  using File = std::unique_ptr<std::FILE, Close>;

  absl::Status Spill();
  absl::Status Merge(absl::FunctionRef<void(const Entry&)> use);

  const size_t capacity_;
  std::vector<Entry> entries_;
  std::vector<File> runs_;
};

}  // namespace plumbline::client

#endif  // PLUMBLINE_CLIENT_ID_SORTER_H_
