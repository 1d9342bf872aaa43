#include "server/storage/folder_format.h"

#include <algorithm>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "server/storage/durable_file.h"
#include "server/storage/frame.h"
#include "server/storage/status.h"

namespace plumbline::storage {
namespace {

constexpr char kFormatFile[] = "FORMAT";
constexpr char kWords[] = "plumbline data folder, format ";

absl::Status CheckFormatText(const std::string& path, absl::string_view text) {
  uint32_t version = 0;
  if (!absl::ConsumePrefix(&text, kWords) || !absl::ConsumeSuffix(&text, "\n") ||
      !absl::SimpleAtoi(text, &version) || version == 0 || absl::StrCat(version) != text) {
    return absl::DataLossError(absl::StrCat(path, " is damaged: it does not name a format"));
  }
  if (version <= kFormatVersion) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat(path, ": format version ", version,
                   " was written by a newer program; this one reads up to ", kFormatVersion));
}

// Only behind CURRENT are there logs and tables: a list of files without them was being made.
bool BelongsToAStore(const std::string& name) {
  return absl::EndsWith(name, ".log") || absl::EndsWith(name, ".sst");
}

}  // namespace

bool RepairIsUnderWay(rocksdb::Env* env, const std::string& dir) {
  return env->FileExists(absl::StrCat(dir, "/", kRepairDir, "/", kRepairReady)).ok();
}

absl::StatusOr<FolderState> ReadFolderFormat(rocksdb::Env* env, const std::string& dir) {
  if (RepairIsUnderWay(env, dir)) {
    return absl::DataLossError(absl::StrCat("a repair of the data folder ", dir,
                                            " was interrupted: run plumblined --repair again"));
  }
  const std::string path = absl::StrCat(dir, "/", kFormatFile);
  std::vector<std::string> names;
  const rocksdb::Status listed = env->GetChildren(dir, &names);
  if (!listed.ok()) return FromRocksDb(listed, absl::StrCat("reading the data folder ", dir));
  const auto there = [&names](const char* name) {
    return std::find(names.begin(), names.end(), name) != names.end();
  };
  const bool formatted = there(kFormatFile);
  if (formatted) {
    std::string text;
    const rocksdb::Status read = rocksdb::ReadFileToString(env, path, &text);
    if (!read.ok()) return FromRocksDb(read, absl::StrCat("reading ", path));
    if (absl::Status known = CheckFormatText(path, text); !known.ok()) return known;
  }
  if (!there("CURRENT")) {
    if (formatted || std::any_of(names.begin(), names.end(), BelongsToAStore)) {
      return absl::DataLossError(absl::StrCat(dir,
                                              "/CURRENT is missing, though other files of a "
                                              "store are there"));
    }
    return FolderState::kNew;
  }
  return formatted ? FolderState::kFormatted : FolderState::kNoFormat;
}

absl::Status WriteFolderFormat(rocksdb::Env* env, const std::string& dir) {
  return PutFile(env, dir, kFormatFile, absl::StrCat(kWords, kFormatVersion, "\n"));
}

}  // namespace plumbline::storage
