#ifndef PLUMBLINE_SERVER_STORAGE_COMMIT_MARK_H_
#define PLUMBLINE_SERVER_STORAGE_COMMIT_MARK_H_

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "rocksdb/env.h"

namespace plumbline::storage {

/// The file `<dir>/COMMITTED`: how many commits the store must hold, and how many of them were
/// synced, written behind every commit, beside RocksDB. So a log or a list of files that was cut
/// short is seen when the folder is opened, and the torn end of a log is told from damage. Two
/// slots, written in turn, so that a torn write leaves the other. Not thread-safe.
class CommitMark {
 public:
  /// Opens the file, making it if it is not there. Errors: DataLoss if no slot is whole; else as
  /// FromRocksDb.
  static absl::StatusOr<std::unique_ptr<CommitMark>> Open(rocksdb::Env* env,
                                                          const std::string& dir);

  static bool IsThere(rocksdb::Env* env, const std::string& dir);

  /// Commits that were acknowledged, those of them that were synced before it was written, and
  /// whether the store was closed in order after the last.
  uint64_t commits() const { return commits_; }
  uint64_t synced() const { return synced_; }
  bool closed() const { return closed_; }

  /// With `sync` the commits have been synced, and this is too. Errors: as FromRocksDb.
  absl::Status Write(uint64_t commits, bool closed, bool sync);

 private:
  CommitMark(std::string path, std::unique_ptr<rocksdb::RandomRWFile> file);

  const std::string path_;
  const std::unique_ptr<rocksdb::RandomRWFile> file_;
  uint64_t commits_ = 0;
  uint64_t synced_ = 0;
  bool closed_ = false;
  uint64_t writes_ = 0;  // numbers the slots: the larger one holds
};

}  // namespace plumbline::storage

#endif  // PLUMBLINE_SERVER_STORAGE_COMMIT_MARK_H_
