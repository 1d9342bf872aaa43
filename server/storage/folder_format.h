#ifndef PLUMBLINE_SERVER_STORAGE_FOLDER_FORMAT_H_
#define PLUMBLINE_SERVER_STORAGE_FOLDER_FORMAT_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "rocksdb/env.h"

namespace plumbline::storage {

/// What a data folder says of itself before RocksDB may touch it.
enum class FolderState {
  kNew,        // nothing of ours in it
  kNoFormat,   // a store without the file FORMAT: made half-way, or by the first version
  kFormatted,  // the file FORMAT names a format that this program reads
};

/// Where a repair works, in the data folder, and the file there that says that the new store is
/// complete and takes the place of the old one.
inline constexpr char kRepairDir[] = "repair.tmp";
inline constexpr char kRepairReady[] = "READY";

/// True if a repair was interrupted while files were moved.
bool RepairIsUnderWay(rocksdb::Env* env, const std::string& dir);

/// Reads `<dir>/FORMAT`. Errors: FailedPrecondition if a newer program wrote the folder; DataLoss
/// if the file is damaged, or the folder has lost its CURRENT, without which RocksDB would begin
/// anew, or a repair was interrupted; all naming the file.
absl::StatusOr<FolderState> ReadFolderFormat(rocksdb::Env* env, const std::string& dir);

/// Writes `<dir>/FORMAT`, synced. Errors: as FromRocksDb.
absl::Status WriteFolderFormat(rocksdb::Env* env, const std::string& dir);

}  // namespace plumbline::storage

#endif  // PLUMBLINE_SERVER_STORAGE_FOLDER_FORMAT_H_
