#ifndef PLUMBLINE_SERVER_STORAGE_FOLDER_LOCK_H_
#define PLUMBLINE_SERVER_STORAGE_FOLDER_LOCK_H_

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "rocksdb/env.h"

namespace plumbline::storage {

/// The error of a folder that another process holds, in words that say which, and what to do;
/// `reason` is what RocksDB says of the lock.
absl::Status FolderInUse(const std::string& dir, absl::string_view reason);

/// Keeps every daemon out of a data folder, as RocksDB does, without opening it.
class FolderLock {
 public:
  /// Errors: FailedPrecondition if another process holds the folder; NotFound if there is none;
  /// else as FromRocksDb.
  static absl::StatusOr<std::unique_ptr<FolderLock>> Take(const std::string& dir);
  ~FolderLock();
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;

 private:
  explicit FolderLock(rocksdb::FileLock* lock) : lock_(lock) {}

  rocksdb::FileLock* const lock_;
};

}  // namespace plumbline::storage

#endif  // PLUMBLINE_SERVER_STORAGE_FOLDER_LOCK_H_
