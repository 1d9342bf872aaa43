#include "server/storage/durable_file.h"

#include <memory>

#include "absl/strings/str_cat.h"
#include "server/storage/status.h"

namespace plumbline::storage {
namespace {

std::string ParentOf(std::string dir) {
  while (dir.size() > 1 && dir.back() == '/') dir.pop_back();
  const size_t slash = dir.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : dir.substr(0, slash);
}

}  // namespace

absl::Status SyncFolder(rocksdb::Env* env, const std::string& dir) {
  std::unique_ptr<rocksdb::Directory> folder;
  rocksdb::Status synced = env->NewDirectory(dir, &folder);
  if (synced.ok()) synced = folder->Fsync();
  return FromRocksDb(synced, absl::StrCat("syncing the folder ", dir));
}

absl::Status MakeFolder(rocksdb::Env* env, const std::string& dir) {
  if (env->FileExists(dir).ok()) return absl::OkStatus();
  if (const rocksdb::Status made = env->CreateDirIfMissing(dir); !made.ok()) {
    return FromRocksDb(made, absl::StrCat("making the data folder ", dir));
  }
  return SyncFolder(env, ParentOf(dir));
}

absl::Status PutFile(rocksdb::Env* env, const std::string& dir, absl::string_view name,
                     const std::string& bytes) {
  const std::string path = absl::StrCat(dir, "/", name);
  const std::string draft = path + ".tmp";
  rocksdb::Status written = rocksdb::WriteStringToFile(env, bytes, draft, /*should_sync=*/true);
  if (written.ok()) written = env->RenameFile(draft, path);
  if (!written.ok()) return FromRocksDb(written, absl::StrCat("writing ", path));
  return SyncFolder(env, dir);
}

}  // namespace plumbline::storage
