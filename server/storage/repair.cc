#include "server/storage/repair.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <memory>
#include <system_error>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "rocksdb/db.h"
#include "server/storage/commit_mark.h"
#include "server/storage/folder_check.h"
#include "server/storage/folder_format.h"
#include "server/storage/folder_lock.h"
#include "server/storage/frame.h"
#include "server/storage/rocks_options.h"
#include "server/storage/salvage.h"
#include "server/storage/status.h"
#include "server/storage/verify.h"

namespace plumbline::storage {
namespace {

namespace fs = std::filesystem;

constexpr size_t kWriteBytes = 4u << 20;  // of records at once
constexpr char kWorkDir[] = "repair.tmp";

absl::Status FromSystem(const std::error_code& error, absl::string_view doing) {
  if (!error) return absl::OkStatus();
  return absl::UnavailableError(absl::StrCat(doing, ": ", error.message()));
}

// True for the files of the store; not for spools, older repairs and the lock, which is held.
bool IsStoreFile(const fs::directory_entry& entry) {
  return entry.is_regular_file() && entry.path().filename() != "LOCK";
}

// The same files under other names, so that nothing that RocksDB does to them can hurt.
absl::Status LinkFiles(const std::string& from, const std::string& to) {
  std::error_code error;
  fs::create_directories(to, error);
  for (const auto& entry : fs::directory_iterator(from, error)) {
    if (!IsStoreFile(entry)) continue;
    const fs::path copy = fs::path(to) / entry.path().filename();
    // Tables are never written to again; the rest is small.
    if (absl::EndsWith(entry.path().string(), ".sst")) {
      fs::create_hard_link(entry.path(), copy, error);
    } else {
      fs::copy_file(entry.path(), copy, error);
    }
    if (error) return FromSystem(error, absl::StrCat("copying ", entry.path().string()));
  }
  return FromSystem(error, absl::StrCat("copying ", from));
}

// Opens the copy for reading by the mildest means that works, and says what the means cost.
absl::StatusOr<std::unique_ptr<rocksdb::DB>> OpenWhatIsLeft(const std::string& dir,
                                                            std::vector<std::string>* lost) {
  rocksdb::Options options = MakeRocksOptions(nullptr);
  rocksdb::DB* db = nullptr;
  rocksdb::Status opened = rocksdb::DB::OpenForReadOnly(options, dir, &db);
  if (opened.ok()) return std::unique_ptr<rocksdb::DB>(db);
  const std::string reason = opened.ToString();
  options.wal_recovery_mode = rocksdb::WALRecoveryMode::kSkipAnyCorruptedRecords;
  opened = rocksdb::DB::OpenForReadOnly(options, dir, &db);
  if (opened.ok()) {
    lost->push_back(absl::StrCat("commits in a damaged part of the log (", reason, ")"));
    return std::unique_ptr<rocksdb::DB>(db);
  }
  lost->push_back(
      absl::StrCat("the list of files; the store was put together from the tables that are there (",
                   reason, ")"));
  const rocksdb::Status repaired = rocksdb::RepairDB(dir, options);
  if (!repaired.ok()) return FromRocksDb(repaired, "putting the tables together");
  opened = rocksdb::DB::OpenForReadOnly(options, dir, &db);
  if (!opened.ok()) return FromRocksDb(opened, "opening what was put together");
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(fs::path(dir) / "lost", ignored)) {
    lost->push_back(
        absl::StrCat("all of ", entry.path().filename().string(), ", which RocksDB could not use"));
  }
  return std::unique_ptr<rocksdb::DB>(db);
}

// Drops what keeps a daemon from loading the rest, and lists versions that are not listed.
absl::Status MakeLoadable(rocksdb::DB* db, std::vector<std::string>* lost) {
  // Dropping a state leaves its panes without one: they go in the next round.
  for (bool changed = true; changed;) {
    RecordCheck check(db);
    ReadAround(db, [&](absl::string_view key, absl::string_view value) { check.Add(key, value); });
    const auto last_baselines = check.LastBaselines();
    rocksdb::WriteBatch writes;
    std::map<std::string, v1::ModelRecord> models;
    for (const RecordProblem& problem : check.Finish()) {
      lost->push_back(problem.words);
      for (const std::string& key : problem.keys) writes.Delete(key);
      for (const std::string& key : problem.blanks) writes.Put(key, Frame(key, ""));
      if (!problem.unlisted) continue;
      const std::string key = KeyBuilder(RecordKind::kModel).Text(problem.model).Take();
      v1::ModelRecord& model = models[key];
      std::string value;
      if (model.versions().empty() && db->Get(rocksdb::ReadOptions(), key, &value).ok()) {
        const auto payload = Unframe(key, value);
        if (payload.ok()) {
          (void)model.ParseFromArray(payload->data(), static_cast<int>(payload->size()));
        }
      }
      if (model.default_version().empty()) model.set_default_version(problem.version);
      model.add_versions(problem.version);
      (*model.mutable_last_baselines())[problem.version] =
          last_baselines.at({problem.model, problem.version});
    }
    for (const auto& [key, model] : models) {
      writes.Put(key, Frame(key, model.SerializeAsString()));
    }
    changed = writes.Count() > 0;
    const rocksdb::Status written = db->Write(rocksdb::WriteOptions(), &writes);
    if (!written.ok()) return FromRocksDb(written, "writing the new store");
  }
  return absl::OkStatus();
}

absl::Status FillNewStore(rocksdb::DB* from, rocksdb::DB* to, RepairReport* report) {
  rocksdb::WriteBatch writes;
  rocksdb::Status written;
  const auto flush = [&] {
    if (written.ok()) written = to->Write(rocksdb::WriteOptions(), &writes);
    writes.Clear();
  };
  ReadAroundResult read = ReadAround(from, [&](absl::string_view key, absl::string_view value) {
    writes.Put(rocksdb::Slice(key.data(), key.size()), rocksdb::Slice(value.data(), value.size()));
    if (writes.GetDataSize() > kWriteBytes) flush();
  });
  flush();
  if (!written.ok()) return FromRocksDb(written, "writing the new store");
  report->kept = read.records;
  for (std::string& lost : read.lost) report->lost.push_back(std::move(lost));
  return MakeLoadable(to, &report->lost);
}

absl::Status BuildNewStore(const std::string& source, const std::string& target,
                           RepairReport* report) {
  auto from = OpenWhatIsLeft(source, &report->lost);
  if (!from.ok()) return from.status();
  rocksdb::Options options = MakeRocksOptions(nullptr);
  options.create_if_missing = true;
  rocksdb::DB* raw = nullptr;
  if (const rocksdb::Status opened = rocksdb::DB::Open(options, target, &raw); !opened.ok()) {
    return FromRocksDb(opened, "making the new store");
  }
  const std::unique_ptr<rocksdb::DB> to(raw);
  if (absl::Status filled = FillNewStore(from->get(), to.get(), report); !filled.ok()) {
    return filled;
  }
  rocksdb::Status finished = to->Flush(rocksdb::FlushOptions());
  const auto commits = StoredCommits(to.get());
  if (finished.ok()) finished = to->Close();
  if (!finished.ok()) return FromRocksDb(finished, "writing the new store");
  auto mark = CommitMark::Open(rocksdb::Env::Default(), target);
  if (!mark.ok()) return mark.status();
  if (absl::Status marked = (*mark)->Write(commits.value_or(0), true, true); !marked.ok()) {
    return marked;
  }
  return WriteFolderFormat(rocksdb::Env::Default(), target);
}

// Without CURRENT nobody takes what lies half-way for a store: it leaves first and comes last.
absl::Status MoveFiles(const std::string& from, const std::string& to, bool current_first) {
  std::error_code error;
  fs::create_directories(to, error);
  std::vector<fs::path> names;
  for (const auto& entry : fs::directory_iterator(from, error)) {
    if (IsStoreFile(entry)) names.push_back(entry.path().filename());
  }
  std::stable_partition(names.begin(), names.end(),
                        [&](const fs::path& name) { return (name == "CURRENT") == current_first; });
  for (const fs::path& name : names) {
    if (!error) fs::rename(fs::path(from) / name, fs::path(to) / name, error);
  }
  return FromSystem(error, absl::StrCat("moving the files of ", from, " to ", to));
}

std::string NewDamagedDir(const std::string& dir) {
  for (int number = 1;; ++number) {
    std::string path = absl::StrCat(dir, "/damaged-", number);
    if (!fs::exists(path)) return path;
  }
}

}  // namespace

absl::StatusOr<RepairReport> RepairFolder(const std::string& dir) {
  const auto found = VerifyFolder(dir);
  if (!found.ok()) return found.status();
  RepairReport report;
  report.kept = found->records;
  if (found->problems.empty()) return report;
  const auto lock = FolderLock::Take(dir);
  if (!lock.ok()) return lock.status();

  const std::string work = absl::StrCat(dir, "/", kWorkDir);
  const std::string source = work + "/source", target = work + "/target";
  std::error_code error;
  fs::remove_all(work, error);
  if (absl::Status linked = LinkFiles(dir, source); !linked.ok()) return linked;
  if (absl::Status built = BuildNewStore(source, target, &report); !built.ok()) return built;
  report.damaged_dir = NewDamagedDir(dir);
  if (absl::Status moved = MoveFiles(dir, report.damaged_dir, /*current_first=*/true); !moved.ok())
    return moved;
  if (absl::Status moved = MoveFiles(target, dir, /*current_first=*/false); !moved.ok())
    return moved;
  fs::remove_all(work, error);
  return report;
}

}  // namespace plumbline::storage
