#include "server/storage/store.h"

#include <algorithm>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "rocksdb/options.h"
#include "server/storage/durable_file.h"
#include "server/storage/folder_check.h"
#include "server/storage/folder_format.h"
#include "server/storage/folder_lock.h"
#include "server/storage/frame.h"
#include "server/storage/keys.h"
#include "server/storage/open_folder.h"
#include "server/storage/status.h"

namespace plumbline::storage {
using absl::string_view;

Store::Store(std::string dir, const StoreOptions& options)
    : dir_(std::move(dir)), options_(options) {}

Store::~Store() { Close().IgnoreError(); }

absl::StatusOr<std::unique_ptr<Store>> Store::Open(const std::string& dir,
                                                   const StoreOptions& options) {
  std::unique_ptr<Store> store(new Store(dir, options));
  base::WriterLock lock(&store->mutex_);
  if (absl::Status opened = store->OpenLocked(); !opened.ok()) return opened;
  return store;
}

rocksdb::Env* Store::env() const {
  return options_.env == nullptr ? rocksdb::Env::Default() : options_.env;
}

absl::Status Store::OpenLocked() {
  if (absl::Status made = MakeFolder(env(), dir_); !made.ok()) return made;
  // Before RocksDB, which would rewrite parts of a folder that a newer program made.
  const auto state = ReadFolderFormat(env(), dir_);
  if (!state.ok()) return state.status();
  rocksdb::Options rocks = MakeRocksOptions(options_.env);
  rocks.create_if_missing = *state == FolderState::kNew;
  const auto errors = std::make_shared<BackgroundErrors>();
  rocks.listeners.push_back(errors);
  const rocksdb::Status opened = OpenFolder(rocks, dir_, Access::kReadWrite, &db_);
  if (!opened.ok()) {
    if (opened.IsIOError() && SaysLocked(opened.ToString())) {
      return FolderInUse(dir_, opened.ToString());
    }
    return FromRocksDb(opened, absl::StrCat("opening the data folder ", dir_));
  }
  errors_ = errors;
  absl::Status checked = CheckFormat();
  if (checked.ok() && *state != FolderState::kFormatted) checked = WriteFolderFormat(env(), dir_);
  if (checked.ok()) checked = CheckCommits();
  if (checked.ok()) return checked;
  db_.reset();
  return absl::Status(checked.code(), absl::StrCat("data folder ", dir_, ": ", checked.message()));
}

absl::Status Store::CheckCommits() {
  base::MutexLock lock(&write_mutex_);
  auto mark = CommitMark::Open(env(), dir_);
  if (!mark.ok()) return mark.status();
  const auto commits = StoredCommits(db_.get());
  if (!commits.ok()) return commits.status();
  missing_commits_ = (*mark)->commits() > *commits ? (*mark)->commits() - *commits : 0;
  if (missing_commits_ > 0 && (*mark)->closed()) {
    return absl::DataLossError(MissingCommitsWords(missing_commits_, (*mark)->commits()));
  }
  commits_ = std::max(*commits, (*mark)->commits());
  mark_ = *std::move(mark);
  return mark_->Write(commits_, /*closed=*/false, /*sync=*/true);
}

absl::Status Store::Reopen() {
  base::WriterLock lock(&mutex_);
  // What a failed write has left open cannot be closed in order.
  db_.reset();
  return OpenLocked();
}

absl::Status Store::CheckWritable() const {
  constexpr size_t kBytes = 1u << 20;
  const std::string path = absl::StrCat(dir_, "/writable.tmp");
  const rocksdb::Status written =
      rocksdb::WriteStringToFile(env(), std::string(kBytes, 'w'), path, /*should_sync=*/true);
  env()->DeleteFile(path).PermitUncheckedError();
  return FromRocksDb(written, absl::StrCat("writing ", path));
}

absl::Status Store::CheckFormat() {
  const std::string key = KeyBuilder(RecordKind::kFormat).Take();
  auto found = GetLocked(key);
  if (!found.ok()) return found.status();
  if (!found->has_value()) {
    rocksdb::WriteOptions write;
    write.sync = true;
    return FromRocksDb(db_->Put(write, key, Frame(key, absl::StrCat(kFormatVersion))),
                       "writing the format version");
  }
  uint32_t version = 0;
  if (!absl::SimpleAtoi(**found, &version)) {
    return absl::DataLossError("the format version is not a number");
  }
  if (version <= kFormatVersion) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat("format version ", version,
                   " was written by a newer program; this one reads "
                   "up to ",
                   kFormatVersion));
}

absl::Status Store::Close() {
  base::WriterLock lock(&mutex_);
  return CloseLocked();
}

absl::Status Store::CloseLocked() {
  if (db_ == nullptr) return absl::OkStatus();
  // All in tables, whose every block has a checksum, and nothing in a log, whose tail has no end.
  rocksdb::FlushOptions flush;
  flush.allow_write_stall = true;
  const rocksdb::Status flushed = db_->Flush(flush);
  // Nothing, but synced; SyncWAL is not there for every file system.
  rocksdb::WriteOptions write;
  write.sync = true;
  rocksdb::WriteBatch nothing;
  const rocksdb::Status synced = db_->Write(write, &nothing);
  const rocksdb::Status closed = db_->Close();
  db_.reset();
  if (!flushed.ok()) return FromRocksDb(flushed, "writing the last tables");
  if (!synced.ok()) return FromRocksDb(synced, "syncing the log");
  if (!closed.ok()) return FromRocksDb(closed, "closing the store");
  base::MutexLock lock(&write_mutex_);
  return mark_->Write(commits_, /*closed=*/true, /*sync=*/true);
}

absl::Status Store::Closed() { return absl::UnavailableError("the store is closed"); }

absl::Status Store::Write(Batch&& batch, bool sync) {
  base::ReaderLock lock(&mutex_);
  if (db_ == nullptr) return Closed();
  if (const rocksdb::Status first = errors_->first(); !first.ok()) {
    return FromRocksDb(first, "writing tables");
  }
  Batch own = std::move(batch);
  base::MutexLock write_lock(&write_mutex_);
  const uint64_t commits = commits_ + (own.empty() ? 0 : 1);
  if (!own.empty()) {
    own.Put(KeyBuilder(RecordKind::kCommits).Take(), absl::StrCat(commits));
  }
  rocksdb::WriteOptions write;
  write.sync = sync;
  absl::Status written = FromRocksDb(db_->Write(write, &own.writes_), "writing a commit");
  if (!written.ok()) return written;
  commits_ = commits;
  return mark_->Write(commits, /*closed=*/false, sync);
}

uint64_t Store::missing_commits() const {
  base::MutexLock lock(&write_mutex_);
  return missing_commits_;
}

}  // namespace plumbline::storage
