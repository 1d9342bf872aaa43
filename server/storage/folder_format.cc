#include "server/storage/folder_format.h"

#include <algorithm>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "server/storage/frame.h"
#include "server/storage/status.h"

namespace plumbline::storage {
namespace {

constexpr char kFileName[] = "/FORMAT";
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

bool BelongsToAStore(const std::string& name) {
  return absl::StartsWith(name, "MANIFEST-") || absl::EndsWith(name, ".sst");
}

}  // namespace

absl::StatusOr<FolderState> ReadFolderFormat(rocksdb::Env* env, const std::string& dir) {
  const std::string path = dir + kFileName;
  std::vector<std::string> names;
  const rocksdb::Status listed = env->GetChildren(dir, &names);
  if (!listed.ok()) return FromRocksDb(listed, absl::StrCat("reading the data folder ", dir));
  const auto there = [&names](const char* name) {
    return std::find(names.begin(), names.end(), name) != names.end();
  };
  const bool formatted = there(kFileName + 1);
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
  const std::string path = dir + kFileName;
  const std::string draft = path + ".tmp";
  rocksdb::Status written = rocksdb::WriteStringToFile(
      env, absl::StrCat(kWords, kFormatVersion, "\n"), draft, /*should_sync=*/true);
  if (written.ok()) written = env->RenameFile(draft, path);
  return FromRocksDb(written, absl::StrCat("writing ", path));
}

}  // namespace plumbline::storage
