#include "server/storage/open_folder.h"

#include <optional>

#include "server/storage/commit_mark.h"
#include "server/storage/folder_check.h"

namespace plumbline::storage {
namespace {

rocksdb::Status OpenOnce(const rocksdb::Options& options, const std::string& dir, Access access,
                         std::unique_ptr<rocksdb::DB>* db) {
  rocksdb::DB* raw = nullptr;
  const rocksdb::Status opened = access == Access::kReadOnly
                                     ? rocksdb::DB::OpenForReadOnly(options, dir, &raw)
                                     : rocksdb::DB::Open(options, dir, &raw);
  if (opened.ok()) db->reset(raw);
  return opened;
}

// True if every commit that was synced comes before the first damage.
bool OnlyTheEndIsTorn(const rocksdb::Options& to_the_damage, const std::string& dir) {
  if (!CommitMark::IsThere(to_the_damage.env, dir)) return false;
  const auto mark = CommitMark::Open(to_the_damage.env, dir);
  if (!mark.ok() || (*mark)->closed()) return false;
  std::unique_ptr<rocksdb::DB> db;
  if (!OpenOnce(to_the_damage, dir, Access::kReadOnly, &db).ok()) return false;
  const auto commits = StoredCommits(db.get());
  return commits.ok() && *commits >= (*mark)->synced();
}

}  // namespace

rocksdb::Status OpenFolder(rocksdb::Options options, const std::string& dir, Access access,
                           std::unique_ptr<rocksdb::DB>* db) {
  const rocksdb::Status opened = OpenOnce(options, dir, access, db);
  if (!opened.IsCorruption()) return opened;
  options.wal_recovery_mode = rocksdb::WALRecoveryMode::kPointInTimeRecovery;
  return OnlyTheEndIsTorn(options, dir) ? OpenOnce(options, dir, access, db) : opened;
}

}  // namespace plumbline::storage
