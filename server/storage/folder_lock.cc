#include "server/storage/folder_lock.h"

#include <fcntl.h>
#include <unistd.h>

#include <filesystem>
#include <system_error>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "server/storage/rocks_options.h"
#include "server/storage/status.h"

namespace plumbline::storage {
namespace {

// The process that holds the lock; 0 if it cannot be told. Not for a lock of this process: it would
// be given up when the file is closed.
pid_t HolderOf(const std::string& path) {
  const int file = open(path.c_str(), O_RDWR | O_CLOEXEC);
  if (file < 0) return 0;
  struct flock lock = {};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  const bool known = fcntl(file, F_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
  close(file);
  return known ? lock.l_pid : 0;
}

}  // namespace

absl::Status FolderInUse(const std::string& dir, absl::string_view reason) {
  const std::string path = dir + "/LOCK";
  const pid_t holder = absl::StrContains(reason, "current process") ? getpid() : HolderOf(path);
  return absl::FailedPreconditionError(
      absl::StrCat("data folder ", dir, " is in use by another plumblined (",
                   holder > 0 ? absl::StrCat("process ", holder, " holds ") : "lock file ", path,
                   "): stop it first, or name another folder with --data_dir"));
}

absl::StatusOr<std::unique_ptr<FolderLock>> FolderLock::Take(const std::string& dir) {
  std::error_code ignored;
  if (!std::filesystem::is_directory(dir, ignored)) {
    return absl::NotFoundError(absl::StrCat("there is no data folder ", dir));
  }
  rocksdb::FileLock* lock = nullptr;
  const rocksdb::Status locked = rocksdb::Env::Default()->LockFile(dir + "/LOCK", &lock);
  if (!locked.ok()) {
    const std::string reason = locked.ToString();
    if (SaysLocked(reason)) return FolderInUse(dir, reason);
    return FromRocksDb(locked, absl::StrCat("locking the data folder ", dir));
  }
  return std::unique_ptr<FolderLock>(new FolderLock(lock));
}

FolderLock::~FolderLock() { rocksdb::Env::Default()->UnlockFile(lock_).PermitUncheckedError(); }

}  // namespace plumbline::storage
