#ifndef PLUMBLINE_SERVER_STORAGE_OPEN_FOLDER_H_
#define PLUMBLINE_SERVER_STORAGE_OPEN_FOLDER_H_

#include <memory>
#include <string>

#include "rocksdb/db.h"
#include "rocksdb/options.h"

namespace plumbline::storage {

enum class Access { kReadWrite, kReadOnly };

/// Opens RocksDB's part of a folder. A log that a crash has left may end in the middle of a commit,
/// or in parts of commits that were never synced: these are dropped. Damage to what was synced, as
/// the file COMMITTED has it, is refused, and nothing is changed then.
rocksdb::Status OpenFolder(rocksdb::Options options, const std::string& dir, Access access,
                           std::unique_ptr<rocksdb::DB>* db);

}  // namespace plumbline::storage

#endif  // PLUMBLINE_SERVER_STORAGE_OPEN_FOLDER_H_
