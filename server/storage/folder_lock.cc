#include "server/storage/folder_lock.h"

#include <filesystem>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "server/storage/status.h"

namespace plumbline::storage {

absl::StatusOr<std::unique_ptr<FolderLock>> FolderLock::Take(const std::string& dir) {
  std::error_code ignored;
  if (!std::filesystem::is_directory(dir, ignored)) {
    return absl::NotFoundError(absl::StrCat("there is no data folder ", dir));
  }
  rocksdb::FileLock* lock = nullptr;
  const rocksdb::Status locked = rocksdb::Env::Default()->LockFile(dir + "/LOCK", &lock);
  if (!locked.ok()) {
    return absl::FailedPreconditionError(absl::StrCat(
        "data folder ", dir, " is in use by another plumblined (lock file ", dir, "/LOCK)"));
  }
  return std::unique_ptr<FolderLock>(new FolderLock(lock));
}

FolderLock::~FolderLock() { rocksdb::Env::Default()->UnlockFile(lock_).PermitUncheckedError(); }

}  // namespace plumbline::storage
