#ifndef PLUMBLINE_SERVER_STORAGE_DURABLE_FILE_H_
#define PLUMBLINE_SERVER_STORAGE_DURABLE_FILE_H_

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "rocksdb/env.h"

namespace plumbline::storage {

/// Makes the files that were made in `dir`, or renamed there, survive power loss. Errors: as
/// FromRocksDb.
absl::Status SyncFolder(rocksdb::Env* env, const std::string& dir);

/// Makes the folder if it is not there, so that it survives power loss. Its parent must be there.
/// Errors: as FromRocksDb.
absl::Status MakeFolder(rocksdb::Env* env, const std::string& dir);

/// Puts `bytes` in the place of the file `<dir>/<name>`, all of them or nothing, synced, by way of
/// `<name>.tmp`. Errors: as FromRocksDb.
absl::Status PutFile(rocksdb::Env* env, const std::string& dir, absl::string_view name,
                     const std::string& bytes);

}  // namespace plumbline::storage

#endif  // PLUMBLINE_SERVER_STORAGE_DURABLE_FILE_H_
