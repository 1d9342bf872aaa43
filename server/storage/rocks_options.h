#ifndef PLUMBLINE_SERVER_STORAGE_ROCKS_OPTIONS_H_
#define PLUMBLINE_SERVER_STORAGE_ROCKS_OPTIONS_H_

#include "absl/strings/string_view.h"
#include "rocksdb/env.h"
#include "rocksdb/options.h"

namespace plumbline::storage {

/// How every part of this room opens the folder; `env` nullptr: the machine's own file system. A
/// torn tail of the log is tolerated, damage anywhere else is refused; nothing is created.
rocksdb::Options MakeRocksOptions(rocksdb::Env* env);

/// True for RocksDB's message that another process holds the folder: there is no code for it.
bool SaysLocked(absl::string_view message);

}  // namespace plumbline::storage

#endif  // PLUMBLINE_SERVER_STORAGE_ROCKS_OPTIONS_H_
