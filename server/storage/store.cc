#include "server/storage/store.h"

#include <algorithm>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "rocksdb/options.h"
#include "server/storage/folder_check.h"
#include "server/storage/folder_format.h"
#include "server/storage/frame.h"
#include "server/storage/keys.h"
#include "server/storage/rocks_options.h"
#include "server/storage/status.h"

namespace plumbline::storage {
namespace {

using absl::string_view;

std::string VersionKey(RecordKind kind, string_view model, string_view version) {
  return KeyBuilder(kind).Text(model).Text(version).Take();
}

template <class Record>
absl::Status Parse(string_view key, string_view payload, Record* record) {
  if (record->ParseFromArray(payload.data(), static_cast<int>(payload.size()))) {
    return absl::OkStatus();
  }
  return absl::DataLossError(absl::StrCat(DescribeKey(key), " does not parse"));
}

absl::Status BadKey(string_view key) {
  return absl::DataLossError(absl::StrCat("malformed key: ", DescribeKey(key)));
}

absl::Status Closed() { return absl::UnavailableError("the store is closed"); }

}  // namespace

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
  if (const rocksdb::Status made = env()->CreateDirIfMissing(dir_); !made.ok()) {
    return FromRocksDb(made, absl::StrCat("making the data folder ", dir_));
  }
  // Before RocksDB, which would rewrite parts of a folder that a newer program made.
  const auto state = ReadFolderFormat(env(), dir_);
  if (!state.ok()) return state.status();
  rocksdb::Options rocks = MakeRocksOptions(options_.env);
  rocks.create_if_missing = *state == FolderState::kNew;
  rocksdb::DB* db = nullptr;
  const rocksdb::Status opened = rocksdb::DB::Open(rocks, dir_, &db);
  if (!opened.ok()) {
    if (opened.IsIOError() && SaysLocked(opened.ToString())) {
      return absl::FailedPreconditionError(
          absl::StrCat("data folder ", dir_, " is in use by another plumblined (lock file ", dir_,
                       "/LOCK): ", opened.ToString()));
    }
    return FromRocksDb(opened, absl::StrCat("opening the data folder ", dir_));
  }
  db_.reset(db);
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

absl::Status Store::Write(Batch&& batch, bool sync) {
  base::ReaderLock lock(&mutex_);
  if (db_ == nullptr) return Closed();
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

absl::StatusOr<std::optional<std::string>> Store::Get(const std::string& key) const {
  base::ReaderLock lock(&mutex_);
  return GetLocked(key);
}

absl::StatusOr<std::optional<std::string>> Store::GetLocked(const std::string& key) const {
  if (db_ == nullptr) return Closed();
  std::string value;
  const rocksdb::Status got = db_->Get(rocksdb::ReadOptions(), key, &value);
  if (got.IsNotFound()) return std::optional<std::string>();
  if (!got.ok()) return FromRocksDb(got, absl::StrCat("reading ", DescribeKey(key)));
  auto payload = Unframe(key, value);
  if (!payload.ok()) return payload.status();
  return std::optional<std::string>(std::string(*payload));
}

template <class Use>
absl::Status Store::Scan(const std::string& prefix, const Use& use) const {
  base::ReaderLock lock(&mutex_);
  if (db_ == nullptr) return Closed();
  const std::string end = PrefixEnd(prefix);
  const rocksdb::Slice bound(end);
  rocksdb::ReadOptions read;
  read.iterate_upper_bound = &bound;
  read.total_order_seek = VersionPrefixLength(prefix) == 0;
  const std::unique_ptr<rocksdb::Iterator> it(db_->NewIterator(read));
  for (it->Seek(prefix); it->Valid(); it->Next()) {
    const string_view key(it->key().data(), it->key().size());
    auto payload = Unframe(key, string_view(it->value().data(), it->value().size()));
    if (!payload.ok()) return payload.status();
    KeyReader parts(key, prefix.size());
    if (absl::Status used = use(key, parts, *payload); !used.ok()) return used;
    if (!parts.ok()) return BadKey(key);
  }
  return FromRocksDb(it->status(), absl::StrCat("reading ", DescribeKey(prefix)));
}

absl::StatusOr<std::vector<std::pair<std::string, v1::ModelRecord>>> Store::ListModels() const {
  std::vector<std::pair<std::string, v1::ModelRecord>> models;
  absl::Status status = Scan(KeyBuilder(RecordKind::kModel).Take(),
                             [&](string_view key, KeyReader& parts, string_view payload) {
                               auto& added = models.emplace_back();
                               added.first = parts.Text();
                               return Parse(key, payload, &added.second);
                             });
  if (!status.ok()) return status;
  // Keys sort by length first.
  std::sort(models.begin(), models.end(),
            [](const auto& a, const auto& b) { return a.first < b.first; });
  return models;
}

absl::StatusOr<v1::BaselineRecord> Store::GetBaseline(string_view model, string_view version,
                                                      uint64_t number) const {
  const std::string key =
      KeyBuilder(RecordKind::kBaseline).Text(model).Text(version).Number(number).Take();
  auto found = Get(key);
  if (!found.ok()) return found.status();
  if (!found->has_value()) {
    return absl::NotFoundError(
        absl::StrCat("model \"", model, "\" version \"", version, "\" has no baseline ", number));
  }
  v1::BaselineRecord record;
  if (absl::Status parsed = Parse(key, **found, &record); !parsed.ok()) return parsed;
  return record;
}

absl::StatusOr<v1::BaselineRecord> Store::GetWholeBaseline(string_view model, string_view version,
                                                           uint64_t number) const {
  auto record = GetBaseline(model, version, number);
  if (!record.ok()) return record;
  const std::string key =
      KeyBuilder(RecordKind::kBaselineDetail).Text(model).Text(version).Number(number).Take();
  auto found = Get(key);
  if (!found.ok()) return found.status();
  if (!found->has_value())
    return absl::DataLossError(absl::StrCat(DescribeKey(key), " is missing"));
  v1::BaselineRecord detail;
  if (absl::Status parsed = Parse(key, **found, &detail); !parsed.ok()) return parsed;
  record->MergeFrom(detail);
  return record;
}

absl::StatusOr<std::vector<std::pair<uint64_t, v1::BaselineHeadRecord>>> Store::ListBaselineHeads(
    string_view model, string_view version) const {
  std::vector<std::pair<uint64_t, v1::BaselineHeadRecord>> heads;
  absl::Status status = Scan(VersionKey(RecordKind::kBaselineHead, model, version),
                             [&](string_view key, KeyReader& parts, string_view payload) {
                               auto& added = heads.emplace_back();
                               added.first = parts.Number();
                               return Parse(key, payload, &added.second);
                             });
  if (!status.ok()) return status;
  return heads;
}

absl::StatusOr<std::optional<v1::PolicyRecord>> Store::GetPolicy(string_view model,
                                                                 string_view version) const {
  const std::string key = VersionKey(RecordKind::kPolicy, model, version);
  auto found = Get(key);
  if (!found.ok()) return found.status();
  std::optional<v1::PolicyRecord> record;
  if (!found->has_value()) return record;
  if (absl::Status parsed = Parse(key, **found, &record.emplace()); !parsed.ok()) return parsed;
  return record;
}

absl::StatusOr<std::optional<v1::ModelStateRecord>> Store::GetState(string_view model,
                                                                    string_view version) const {
  const std::string key = VersionKey(RecordKind::kState, model, version);
  auto found = Get(key);
  if (!found.ok()) return found.status();
  std::optional<v1::ModelStateRecord> record;
  if (!found->has_value()) return record;
  if (absl::Status parsed = Parse(key, **found, &record.emplace()); !parsed.ok()) return parsed;
  return record;
}

absl::StatusOr<std::string> Store::GetExisting(const std::string& key) const {
  auto found = Get(key);
  if (!found.ok()) return found.status();
  if (!found->has_value())
    return absl::NotFoundError(absl::StrCat(DescribeKey(key), " is missing"));
  return **std::move(found);
}

absl::StatusOr<std::string> Store::GetPane(string_view model, string_view version,
                                           uint64_t generation, int64_t pane_start_micros) const {
  return GetExisting(KeyBuilder(RecordKind::kPane)
                         .Text(model)
                         .Text(version)
                         .Number(generation)
                         .Signed(pane_start_micros)
                         .Take());
}

absl::StatusOr<std::string> Store::GetPaneBlock(string_view model, string_view version,
                                                uint64_t generation, uint32_t level,
                                                int64_t start_micros) const {
  return GetExisting(KeyBuilder(RecordKind::kPaneBlock)
                         .Text(model)
                         .Text(version)
                         .Number(generation)
                         .Number(level)
                         .Signed(start_micros)
                         .Take());
}

absl::StatusOr<std::optional<v1::WindowRecord>> Store::GetWindow(string_view model,
                                                                 string_view version,
                                                                 uint64_t generation) const {
  const std::string key =
      KeyBuilder(RecordKind::kWindow).Text(model).Text(version).Number(generation).Take();
  auto found = Get(key);
  if (!found.ok()) return found.status();
  std::optional<v1::WindowRecord> record;
  if (!found->has_value()) return record;
  if (absl::Status parsed = Parse(key, **found, &record.emplace()); !parsed.ok()) return parsed;
  return record;
}

absl::StatusOr<std::vector<StoredPane>> Store::ListPanes(string_view model, string_view version,
                                                         uint64_t generation) const {
  std::vector<StoredPane> panes;
  absl::Status status =
      Scan(KeyBuilder(RecordKind::kPane).Text(model).Text(version).Number(generation).Take(),
           [&](string_view, KeyReader& parts, string_view payload) {
             panes.push_back({parts.Signed(), std::string(payload)});
             return absl::OkStatus();
           });
  if (!status.ok()) return status;
  return panes;
}

absl::StatusOr<std::vector<StoredPaneDelta>> Store::ListPaneDeltas(string_view model,
                                                                   string_view version,
                                                                   uint64_t generation) const {
  std::vector<StoredPaneDelta> deltas;
  absl::Status status =
      Scan(KeyBuilder(RecordKind::kPaneDelta).Text(model).Text(version).Number(generation).Take(),
           [&](string_view, KeyReader& parts, string_view payload) {
             StoredPaneDelta& added = deltas.emplace_back();
             added.start_micros = parts.Signed();
             added.number = parts.Number();
             added.bytes = std::string(payload);
             return absl::OkStatus();
           });
  if (!status.ok()) return status;
  return deltas;
}

absl::StatusOr<std::vector<StoredProducer>> Store::ListProducers(string_view model,
                                                                 string_view version) const {
  std::vector<StoredProducer> producers;
  absl::Status status = Scan(VersionKey(RecordKind::kProducer, model, version),
                             [&](string_view key, KeyReader& parts, string_view payload) {
                               StoredProducer& added = producers.emplace_back();
                               added.producer = parts.Text();
                               added.epoch = parts.Number();
                               return Parse(key, payload, &added.record);
                             });
  if (!status.ok()) return status;
  return producers;
}

absl::StatusOr<std::vector<v1::AlertRecord>> Store::ListAlerts(string_view model,
                                                               string_view version) const {
  std::vector<v1::AlertRecord> alerts;
  absl::Status status = Scan(VersionKey(RecordKind::kAlert, model, version),
                             [&](string_view key, KeyReader&, string_view payload) {
                               return Parse(key, payload, &alerts.emplace_back());
                             });
  if (!status.ok()) return status;
  return alerts;
}

}  // namespace plumbline::storage
