#include "server/storage/repair.h"

#include <algorithm>
#include <filesystem>
#include <memory>
#include <system_error>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "rocksdb/db.h"
#include "server/storage/commit_mark.h"
#include "server/storage/durable_file.h"
#include "server/storage/folder_check.h"
#include "server/storage/folder_format.h"
#include "server/storage/folder_lock.h"
#include "server/storage/frame.h"
#include "server/storage/open_folder.h"
#include "server/storage/rocks_options.h"
#include "server/storage/salvage.h"
#include "server/storage/status.h"
#include "server/storage/verify.h"

namespace plumbline::storage {
namespace {

namespace fs = std::filesystem;

constexpr size_t kWriteBytes = 4u << 20;                      // of records at once
constexpr char kSource[] = "/source", kTarget[] = "/target";  // in the work folder
constexpr char kMoved[] = "MOVED";  // there: the old files have been moved away

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
  std::unique_ptr<rocksdb::DB> mild;
  rocksdb::Status opened = OpenFolder(options, dir, Access::kReadOnly, &mild);
  if (opened.ok()) return mild;
  rocksdb::DB* db = nullptr;
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

// Drops and mends what keeps a daemon from loading the rest.
absl::Status MakeLoadable(rocksdb::DB* db, std::vector<std::string>* lost) {
  // Dropping a state leaves its panes without one: they go in the next round.
  for (bool changed = true; changed;) {
    RecordCheck check(db);
    ReadAround(db, [&](absl::string_view key, absl::string_view value) { check.Add(key, value); });
    rocksdb::WriteBatch writes;
    for (const RecordProblem& problem : check.Finish()) {
      lost->push_back(problem.words);
      for (const std::string& key : problem.keys) writes.Delete(key);
      for (const auto& [key, payload] : problem.puts) writes.Put(key, Frame(key, payload));
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
  if (error) return FromSystem(error, absl::StrCat("moving the files of ", from, " to ", to));
  absl::Status synced = SyncFolder(rocksdb::Env::Default(), to);
  return synced.ok() ? SyncFolder(rocksdb::Env::Default(), from) : synced;
}

std::string NewDamagedDir(const std::string& dir) {
  for (int number = 1;; ++number) {
    std::string name = absl::StrCat("damaged-", number);
    if (!fs::exists(fs::path(dir) / name)) return name;
  }
}

// The report, in the work folder, says that the new store is complete: from then on a repair that
// is interrupted goes on where it was.
absl::Status WriteReport(const RepairReport& report, absl::string_view damaged_name,
                         const std::string& work) {
  return PutFile(
      rocksdb::Env::Default(), work, kRepairReady,
      absl::StrCat(damaged_name, "\n", report.kept, "\n", absl::StrJoin(report.lost, "\n")));
}

absl::StatusOr<RepairReport> ReadReport(const std::string& dir) {
  const std::string path = absl::StrCat(dir, "/", kRepairDir, "/", kRepairReady);
  std::string text;
  const rocksdb::Status read = rocksdb::ReadFileToString(rocksdb::Env::Default(), path, &text);
  if (!read.ok()) return FromRocksDb(read, absl::StrCat("reading ", path));
  const std::vector<std::string> lines = absl::StrSplit(text, '\n');
  RepairReport report;
  if (lines.size() < 3 || !absl::SimpleAtoi(lines[1], &report.kept)) {
    return absl::DataLossError(absl::StrCat(path, " is damaged"));
  }
  report.damaged_dir = absl::StrCat(dir, "/", lines[0]);
  report.lost.assign(lines.begin() + 2, lines.end());
  return report;
}

// Puts the new store in the place of the old; what was done before is not done again.
absl::StatusOr<RepairReport> Exchange(const std::string& dir) {
  const std::string work = absl::StrCat(dir, "/", kRepairDir);
  auto report = ReadReport(dir);
  if (!report.ok()) return report;
  if (!fs::exists(absl::StrCat(work, "/", kMoved))) {
    absl::Status moved = MoveFiles(dir, report->damaged_dir, /*current_first=*/true);
    if (moved.ok()) moved = PutFile(rocksdb::Env::Default(), work, kMoved, "");
    if (!moved.ok()) return moved;
  }
  absl::Status moved = MoveFiles(work + kTarget, dir, /*current_first=*/false);
  if (!moved.ok()) return moved;
  // First what says that there is something to do.
  std::error_code error;
  fs::remove(absl::StrCat(work, "/", kRepairReady), error);
  fs::remove_all(work, error);
  if (error) return FromSystem(error, absl::StrCat("removing ", work));
  return report;
}

}  // namespace

absl::StatusOr<RepairReport> RepairFolder(const std::string& dir) {
  {
    const auto lock = FolderLock::Take(dir);
    if (!lock.ok()) return lock.status();
    if (RepairIsUnderWay(rocksdb::Env::Default(), dir)) return Exchange(dir);
  }
  const auto found = VerifyFolder(dir);
  if (!found.ok()) return found.status();
  RepairReport report;
  report.kept = found->records;
  if (found->problems.empty()) return report;
  const auto lock = FolderLock::Take(dir);
  if (!lock.ok()) return lock.status();

  const std::string work = absl::StrCat(dir, "/", kRepairDir);
  std::error_code error;
  fs::remove_all(work, error);
  if (absl::Status linked = LinkFiles(dir, work + kSource); !linked.ok()) return linked;
  absl::Status built = BuildNewStore(work + kSource, work + kTarget, &report);
  if (!built.ok()) return built;
  absl::Status ready = WriteReport(report, NewDamagedDir(dir), work);
  if (!ready.ok()) return ready;
  return Exchange(dir);
}

}  // namespace plumbline::storage
