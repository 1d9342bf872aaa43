#ifndef PLUMBLINE_SERVER_STORAGE_SPOOL_H_
#define PLUMBLINE_SERVER_STORAGE_SPOOL_H_

#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/profile/batch.h"

namespace plumbline::storage {

/// A batch that was read from a spool, and the memory that its view points into.
struct SpooledBatch {
  SpooledBatch() = default;
  SpooledBatch(const SpooledBatch&) = delete;
  SpooledBatch& operator=(const SpooledBatch&) = delete;

  std::string bytes;
  profile::BatchView view;
};

/// A temporary file of batches under `<dir>/spool/`, written once and read any number of times, so
/// that a baseline's rows can be read twice in bounded memory. The file goes with the object. Not
/// thread-safe; does blocking IO.
class Spool {
 public:
  /// Makes the folder if need be, and an empty file of a new name. Errors: Unavailable (IO).
  static absl::StatusOr<std::unique_ptr<Spool>> Create(const std::string& dir, uint64_t max_bytes);
  /// Another one, empty, in the same folder and with the same bound. Errors: as Create.
  absl::StatusOr<std::unique_ptr<Spool>> CreateBeside() const;
  /// Removes the files that an earlier process left in `<dir>/spool/`. Call it before any Create.
  static void RemoveAbandoned(const std::string& dir);

  ~Spool();
  Spool(const Spool&) = delete;
  Spool& operator=(const Spool&) = delete;

  /// Adds a batch, which must have passed ValidateBatch. Errors: ResourceExhausted naming the bound
  /// if the file would grow over it (the batch is then not added); Unavailable (IO);
  /// FailedPrecondition once reading has begun.
  absl::Status Append(const profile::BatchView& batch);
  /// Back to the first batch; ends the writing.
  absl::Status Rewind();
  /// The next batch in the order of Append, or nullptr at the end. It points to memory of the spool
  /// until the next call. Errors: DataLoss for a damaged file; Unavailable (IO).
  absl::StatusOr<const profile::BatchView*> Next();
  /// The same into `batch`, which the caller keeps as long as it likes; false at the end.
  absl::StatusOr<bool> Next(SpooledBatch* batch);

  uint64_t bytes() const { return bytes_; }

 private:
  static absl::StatusOr<std::unique_ptr<Spool>> CreateIn(const std::string& folder,
                                                         uint64_t max_bytes);
  Spool(std::string path, std::FILE* file, uint64_t max_bytes);

  absl::Status Read(void* to, uint64_t size);

  const std::string path_;
  std::FILE* const file_;
  const uint64_t max_bytes_;
  uint64_t bytes_ = 0;
  uint64_t read_bytes_ = 0;
  bool reading_ = false;
  bool broken_ = false;  // a write failed half-way
  SpooledBatch batch_;
};

}  // namespace plumbline::storage

#endif  // PLUMBLINE_SERVER_STORAGE_SPOOL_H_
