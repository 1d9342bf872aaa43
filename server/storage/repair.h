#ifndef PLUMBLINE_SERVER_STORAGE_REPAIR_H_
#define PLUMBLINE_SERVER_STORAGE_REPAIR_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace plumbline::storage {

/// What became of a folder.
struct RepairReport {
  uint64_t kept = 0;  // records
  /// One sentence each: what could not be kept.
  std::vector<std::string> lost;
  /// Where the files of before are now; empty if nothing was damaged and nothing was changed.
  std::string damaged_dir;
};

/// Writes what can be read of the folder anew, and moves the old files to `<dir>/damaged-N`. What
/// is left can be loaded: panes whose baseline or state is lost go too, and a model's record that
/// is lost is made again from its baselines. Needs as much free disk as the folder takes. Errors:
/// as VerifyFolder, and FromRocksDb; the folder is then as it was, but for `<dir>/repair.tmp`. A
/// repair that was interrupted while files were moved goes on from there.
absl::StatusOr<RepairReport> RepairFolder(const std::string& dir);

}  // namespace plumbline::storage

#endif  // PLUMBLINE_SERVER_STORAGE_REPAIR_H_
