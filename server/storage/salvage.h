#ifndef PLUMBLINE_SERVER_STORAGE_SALVAGE_H_
#define PLUMBLINE_SERVER_STORAGE_SALVAGE_H_

#include <functional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "rocksdb/db.h"

namespace plumbline::storage {

/// What ReadAround met.
struct ReadAroundResult {
  uint64_t records = 0;
  /// In words: each record whose frame is damaged, and each run of keys that cannot be read.
  std::vector<std::string> lost;
};

/// Calls `use` with the key and the value (as stored, frame and all) of every record that can be
/// read, in the order of the keys, and goes around what cannot: a block that is damaged costs the
/// keys in it, a damaged frame its record.
ReadAroundResult ReadAround(
    rocksdb::DB* db,
    const std::function<void(absl::string_view key, absl::string_view value)>& use);

}  // namespace plumbline::storage

#endif  // PLUMBLINE_SERVER_STORAGE_SALVAGE_H_
