#include "server/storage/verify.h"

#include <algorithm>
#include <filesystem>
#include <memory>
#include <system_error>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "rocksdb/db.h"
#include "rocksdb/sst_file_reader.h"
#include "server/storage/commit_mark.h"
#include "server/storage/folder_check.h"
#include "server/storage/folder_format.h"
#include "server/storage/folder_lock.h"
#include "server/storage/open_folder.h"
#include "server/storage/rocks_options.h"
#include "server/storage/salvage.h"

namespace plumbline::storage {
namespace {

void Problem(FolderReport* report, absl::string_view where, absl::string_view what) {
  report->problems.push_back(absl::StrCat(where, ": ", what));
}

// Every block of every table, whether a record is in it or not.
void CheckTables(const std::string& dir, FolderReport* report) {
  std::vector<std::string> paths;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(dir, error)) {
    if (absl::EndsWith(entry.path().string(), ".sst")) paths.push_back(entry.path());
  }
  std::sort(paths.begin(), paths.end());
  for (const std::string& path : paths) {
    rocksdb::SstFileReader reader(MakeRocksOptions(nullptr));
    rocksdb::Status status = reader.Open(path);
    if (status.ok()) status = reader.VerifyChecksum();
    if (!status.ok()) Problem(report, path, status.ToString());
    ++report->files;
  }
}

// Whether what the marks beside RocksDB say is true.
void CheckMarks(rocksdb::DB* db, const std::string& dir, FolderReport* report) {
  const auto commits = StoredCommits(db);
  if (!commits.ok()) return;  // damaged records have been told
  if (!CommitMark::IsThere(rocksdb::Env::Default(), dir)) return;
  const auto mark = CommitMark::Open(rocksdb::Env::Default(), dir);
  if (!mark.ok()) {
    Problem(report, dir, mark.status().message());
    return;
  }
  if ((*mark)->commits() <= *commits) return;
  const uint64_t missing = (*mark)->commits() - *commits;
  if ((*mark)->closed()) {
    report->problems.push_back(MissingCommitsWords(missing, (*mark)->commits()));
  } else {
    report->notes.push_back(absl::StrCat("the newest ", missing, " of ", (*mark)->commits(),
                                         " commits are missing: the end of the log was lost when "
                                         "the service was killed or lost power"));
  }
}

}  // namespace

absl::StatusOr<FolderReport> VerifyFolder(const std::string& dir) {
  const auto lock = FolderLock::Take(dir);
  if (!lock.ok()) return lock.status();
  FolderReport report;
  const auto state = ReadFolderFormat(rocksdb::Env::Default(), dir);
  if (absl::IsFailedPrecondition(state.status())) return state.status();
  if (!state.ok()) report.problems.emplace_back(state.status().message());
  if (state.ok() && *state == FolderState::kNew) {
    return absl::NotFoundError(absl::StrCat("there is no store in the folder ", dir));
  }
  CheckTables(dir, &report);
  std::unique_ptr<rocksdb::DB> db;
  const rocksdb::Status opened = OpenFolder(MakeRocksOptions(nullptr), dir, Access::kReadOnly, &db);
  if (!opened.ok()) {
    Problem(&report, dir, absl::StrCat("the store cannot be opened: ", opened.ToString()));
    return report;
  }
  RecordCheck check(db.get());
  ReadAroundResult read = ReadAround(
      db.get(), [&](absl::string_view key, absl::string_view value) { check.Add(key, value); });
  report.records = read.records;
  for (std::string& lost : read.lost) report.problems.push_back(std::move(lost));
  for (RecordProblem& problem : check.Finish()) {
    report.problems.push_back(std::move(problem.words));
  }
  CheckMarks(db.get(), dir, &report);
  return report;
}

}  // namespace plumbline::storage
