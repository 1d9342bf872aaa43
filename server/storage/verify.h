#ifndef PLUMBLINE_SERVER_STORAGE_VERIFY_H_
#define PLUMBLINE_SERVER_STORAGE_VERIFY_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace plumbline::storage {

/// What was found in a data folder.
struct FolderReport {
  uint64_t files = 0;    // tables whose every block was read
  uint64_t records = 0;  // sound ones
  /// One sentence each: what is damaged, and where. Empty: the folder is sound.
  std::vector<std::string> problems;
  /// Sentences that are no damage: commits that a torn log has lost.
  std::vector<std::string> notes;
};

/// Reads all of the folder and changes nothing: every block of every table, every record with its
/// checksum and format version, and whether the baselines and panes in them can be decoded. Errors:
/// NotFound if there is no store in the folder; FailedPrecondition if a daemon holds it, or a newer
/// program wrote it; Unavailable (IO).
absl::StatusOr<FolderReport> VerifyFolder(const std::string& dir);

}  // namespace plumbline::storage

#endif  // PLUMBLINE_SERVER_STORAGE_VERIFY_H_
