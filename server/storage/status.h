#ifndef PLUMBLINE_SERVER_STORAGE_STATUS_H_
#define PLUMBLINE_SERVER_STORAGE_STATUS_H_

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "rocksdb/status.h"

namespace plumbline::storage {

/// The one mapper from RocksDB. `doing` says what was tried ("writing a commit"). Corruption is
/// DataLoss, a full disk ResourceExhausted, a busy or shut down store Unavailable, NotFound
/// NotFound, the rest Internal or Unavailable (IO). OK is OK.
absl::Status FromRocksDb(const rocksdb::Status& status, absl::string_view doing);

}  // namespace plumbline::storage

#endif  // PLUMBLINE_SERVER_STORAGE_STATUS_H_
