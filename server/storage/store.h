#ifndef PLUMBLINE_SERVER_STORAGE_STORE_H_
#define PLUMBLINE_SERVER_STORAGE_STORE_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/numeric/int128.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "plumbline/storage/v1/profile_record.pb.h"
#include "plumbline/storage/v1/records.pb.h"
#include "rocksdb/db.h"
#include "rocksdb/env.h"
#include "rocksdb/write_batch.h"
#include "server/base/mutex.h"
#include "server/storage/commit_mark.h"
#include "server/storage/rocks_options.h"

namespace plumbline::storage {

struct StoreOptions {
  /// Not owned, must outlive the store; nullptr: the machine's own file system.
  rocksdb::Env* env = nullptr;
};

/// An open pane is written whole after so many deltas, under a number that is a multiple of this;
/// those before it are then gone.
inline constexpr uint64_t kDeltasPerFold = 256;

struct StoredPane {
  int64_t start_micros = 0;
  std::string bytes;
};

struct StoredPaneDelta {
  int64_t start_micros = 0;
  uint64_t number = 0;
  std::string bytes;
};

struct StoredEnvironment {
  std::string producer;
  v1::ProducerEnvironmentRecord record;
};

struct StoredProducer {
  std::string producer;
  uint64_t epoch = 0;
  v1::ProducerRecord record;
};

/// What tells the profiles of data sets apart.
struct ProfileKey {
  std::string name, stage, environment, source;

  friend auto operator<=>(const ProfileKey&, const ProfileKey&) = default;
};

/// Whose predictions and labels are meant.
struct LabelHome {
  std::string model;
  std::string version;
  uint64_t baseline = 0;
};

/// The data folder: one RocksDB. Every value is framed with its kind, a format version and a
/// checksum: a damaged one is DataLoss, one of a newer program FailedPrecondition, both naming the
/// key in words. Thread-safe.
class Store {
 public:
  /// Opens the folder, making it if need be. Errors: FailedPrecondition if another process holds
  /// it, or a newer program wrote it (it is left as it is); DataLoss, saying what and where, for
  /// damage anywhere but in the tail of a log that was not closed; else as FromRocksDb.
  static absl::StatusOr<std::unique_ptr<Store>> Open(const std::string& dir,
                                                     const StoreOptions& options = {});
  ~Store();
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  /// Puts and deletes that take effect together, in the order given. Not thread-safe.
  class Batch {
   public:
    void PutModel(absl::string_view model, const v1::ModelRecord& record);
    void DeleteModel(absl::string_view model);

    void PutBaseline(absl::string_view model, absl::string_view version, uint64_t number,
                     v1::BaselineRecord record, const v1::BaselineHeadRecord& head);
    /// With what lies beside it.
    void DeleteBaseline(absl::string_view model, absl::string_view version, uint64_t number);

    void PutPolicy(absl::string_view model, absl::string_view version,
                   const v1::PolicyRecord& record);
    void DeletePolicy(absl::string_view model, absl::string_view version);

    void PutState(absl::string_view model, absl::string_view version,
                  const v1::ModelStateRecord& record);

    void PutPane(absl::string_view model, absl::string_view version, uint64_t generation,
                 int64_t pane_start_micros, absl::string_view bytes);
    void PutPaneDelta(absl::string_view model, absl::string_view version, uint64_t generation,
                      int64_t pane_start_micros, uint64_t delta_number, absl::string_view bytes);
    void DeletePane(absl::string_view model, absl::string_view version, uint64_t generation,
                    int64_t pane_start_micros);
    /// The sum of consecutive panes.
    void PutPaneBlock(absl::string_view model, absl::string_view version, uint64_t generation,
                      uint32_t level, int64_t start_micros, absl::string_view bytes);
    void DeletePaneBlock(absl::string_view model, absl::string_view version, uint64_t generation,
                         uint32_t level, int64_t start_micros);
    void PutWindow(absl::string_view model, absl::string_view version, uint64_t generation,
                   const v1::WindowRecord& record);
    /// Deletes all deltas of one pane.
    void DeletePaneDeltas(absl::string_view model, absl::string_view version, uint64_t generation,
                          int64_t pane_start_micros);
    /// Deletes all panes, deltas, blocks and the window of one generation.
    void DeleteGeneration(absl::string_view model, absl::string_view version, uint64_t generation);

    void PutProducer(absl::string_view model, absl::string_view version, absl::string_view producer,
                     uint64_t epoch, const v1::ProducerRecord& record);
    void DeleteProducer(absl::string_view model, absl::string_view version,
                        absl::string_view producer, uint64_t epoch);

    /// What a producer declared that it runs in.
    void PutEnvironment(absl::string_view model, absl::string_view version,
                        absl::string_view producer, const v1::ProducerEnvironmentRecord& record);
    void DeleteEnvironment(absl::string_view model, absl::string_view version,
                           absl::string_view producer);

    void PutLoad(absl::string_view model, absl::string_view version, absl::string_view load,
                 const v1::LoadRecord& record);
    void DeleteLoad(absl::string_view model, absl::string_view version, absl::string_view load);

    /// Beside a baseline, by the record's name.
    void PutSplit(absl::string_view model, absl::string_view version, uint64_t number,
                  const v1::SplitRecord& record);
    void DeleteSplit(absl::string_view model, absl::string_view version, uint64_t number,
                     absl::string_view name);

    /// Beside a baseline; results of others that it had are deleted.
    void PutGoldenRows(absl::string_view model, absl::string_view version, uint64_t number,
                       const v1::GoldenRowsRecord& record);
    /// With their results.
    void DeleteGoldenRows(absl::string_view model, absl::string_view version, uint64_t number);
    void DeleteGoldenResults(absl::string_view model, absl::string_view version, uint64_t number);
    void PutGoldenResult(absl::string_view model, absl::string_view version, uint64_t number,
                         uint64_t row, const v1::GoldenResultRecord& record);

    /// The key is the record's (check, variable, source, slice).
    void PutAlert(absl::string_view model, absl::string_view version, const v1::AlertRecord& alert);
    void DeleteAlert(absl::string_view model, absl::string_view version, absl::string_view check,
                     absl::string_view variable, absl::string_view source,
                     absl::string_view slice = "");

    /// Mutes and expected changes.
    void PutOnCall(absl::string_view model, absl::string_view version,
                   const v1::OnCallRecord& record);

    void PutProfile(const ProfileKey& profile, const v1::ProfileRecord& record,
                    const v1::ProfileHeadRecord& head);
    void DeleteProfile(const ProfileKey& profile);
    /// Rows of a baseline's predictions and labels that may find each other: by the hash of their
    /// id, and by their time.
    void PutJoinRow(const LabelHome& home, absl::uint128 id, absl::string_view bytes);
    void DeleteJoinRow(const LabelHome& home, absl::uint128 id);
    void PutJoinTime(const LabelHome& home, int64_t micros, absl::uint128 id);
    void DeleteJoinTime(const LabelHome& home, int64_t micros, absl::uint128 id);
    void PutPerformanceSlice(const LabelHome& home, int64_t start_micros, absl::string_view bytes);
    void DeletePerformanceSlice(const LabelHome& home, int64_t start_micros);
    void PutLabelState(const LabelHome& home, const v1::LabelStateRecord& record);
    /// Deletes all of these.
    void DeleteLabels(const LabelHome& home);

    /// Deletes everything of a version; the model's own record is the caller's to change.
    void DeleteVersion(absl::string_view model, absl::string_view version);

    bool empty() const { return writes_.Count() == 0; }
    size_t bytes() const { return writes_.GetDataSize(); }

   private:
    friend class Store;
    void Put(std::string key, absl::string_view payload);
    void DeletePrefix(const std::string& prefix);

    rocksdb::WriteBatch writes_;
  };

  /// Writes all of `batch` or nothing, and then notes in the file COMMITTED that it is there; with
  /// `sync` both survive power loss. After an error the outcome is unknown until the folder is
  /// opened again. What RocksDB could not write in the background since it was opened is an error
  /// too.
  absl::Status Write(Batch&& batch, bool sync);

  /// All models, by name.
  absl::StatusOr<std::vector<std::pair<std::string, v1::ModelRecord>>> ListModels() const;
  /// What live batches are judged by: all but the chunks and the row sample, which may be a hundred
  /// times as large. What `record` held is gone, also on an error, but its memory is used again: it
  /// has many small pieces, so who reads many baselines reads them into one record. Errors:
  /// NotFound naming all three.
  absl::Status GetBaseline(absl::string_view model, absl::string_view version, uint64_t number,
                           v1::BaselineRecord* record) const;
  /// All of it.
  absl::Status GetWholeBaseline(absl::string_view model, absl::string_view version, uint64_t number,
                                v1::BaselineRecord* record) const;
  /// By number.
  absl::StatusOr<std::vector<std::pair<uint64_t, v1::BaselineHeadRecord>>> ListBaselineHeads(
      absl::string_view model, absl::string_view version) const;
  absl::StatusOr<std::optional<v1::PolicyRecord>> GetPolicy(absl::string_view model,
                                                            absl::string_view version) const;
  absl::StatusOr<std::optional<v1::ModelStateRecord>> GetState(absl::string_view model,
                                                               absl::string_view version) const;
  /// A pane's bytes, or a block's. Errors: NotFound if it is not there.
  absl::StatusOr<std::string> GetPane(absl::string_view model, absl::string_view version,
                                      uint64_t generation, int64_t pane_start_micros) const;
  absl::StatusOr<std::string> GetPaneBlock(absl::string_view model, absl::string_view version,
                                           uint64_t generation, uint32_t level,
                                           int64_t start_micros) const;
  absl::StatusOr<std::optional<v1::WindowRecord>> GetWindow(absl::string_view model,
                                                            absl::string_view version,
                                                            uint64_t generation) const;
  /// By start.
  absl::StatusOr<std::vector<StoredPane>> ListPanes(absl::string_view model,
                                                    absl::string_view version,
                                                    uint64_t generation) const;
  /// By start, then by number.
  absl::StatusOr<std::vector<StoredPaneDelta>> ListPaneDeltas(absl::string_view model,
                                                              absl::string_view version,
                                                              uint64_t generation) const;
  absl::StatusOr<std::vector<StoredProducer>> ListProducers(absl::string_view model,
                                                            absl::string_view version) const;
  /// By name.
  absl::StatusOr<std::vector<v1::SplitRecord>> ListSplits(absl::string_view model,
                                                          absl::string_view version,
                                                          uint64_t number) const;
  absl::StatusOr<std::optional<v1::GoldenRowsRecord>> GetGoldenRows(absl::string_view model,
                                                                    absl::string_view version,
                                                                    uint64_t number) const;
  /// By row.
  absl::StatusOr<std::vector<std::pair<uint64_t, v1::GoldenResultRecord>>> ListGoldenResults(
      absl::string_view model, absl::string_view version, uint64_t number) const;
  absl::StatusOr<std::vector<StoredEnvironment>> ListEnvironments(absl::string_view model,
                                                                  absl::string_view version) const;
  /// By name.
  absl::StatusOr<std::vector<std::pair<std::string, v1::LoadRecord>>> ListLoads(
      absl::string_view model, absl::string_view version) const;
  absl::StatusOr<std::vector<v1::AlertRecord>> ListAlerts(absl::string_view model,
                                                          absl::string_view version) const;
  absl::StatusOr<std::optional<v1::OnCallRecord>> GetOnCall(absl::string_view model,
                                                            absl::string_view version) const;

  /// In no particular order.
  absl::StatusOr<std::vector<std::pair<ProfileKey, v1::ProfileHeadRecord>>> ListProfileHeads()
      const;
  /// Errors: NotFound naming it.
  absl::StatusOr<v1::ProfileRecord> GetProfile(const ProfileKey& profile) const;
  /// One an id, nullopt if it is not there, or damaged.
  absl::StatusOr<std::vector<std::optional<std::string>>> GetJoinRows(
      const LabelHome& home, absl::Span<const absl::uint128> ids) const;
  /// The oldest of [from, until), at most `limit`.
  absl::StatusOr<std::vector<std::pair<int64_t, absl::uint128>>> ListJoinTimes(
      const LabelHome& home, int64_t from, int64_t until, size_t limit) const;
  /// By start. Errors of one: NotFound if it is not there.
  absl::StatusOr<std::vector<StoredPane>> ListPerformanceSlices(const LabelHome& home) const;
  absl::StatusOr<std::string> GetPerformanceSlice(const LabelHome& home,
                                                  int64_t start_micros) const;
  absl::StatusOr<std::optional<v1::LabelStateRecord>> GetLabelState(const LabelHome& home) const;

  /// The commits of the time before Open that were acknowledged and are not there: what a torn log
  /// has lost.
  uint64_t missing_commits() const;

  /// Writes and syncs a small file in the folder, and removes it. Errors: as FromRocksDb.
  absl::Status CheckWritable() const;
  /// Closes and opens the folder again, after a failed write. While it fails the store answers
  /// Unavailable; it may be called again. Any thread.
  absl::Status Reopen();

  /// Writes all to tables, so that no log is left, and closes; the store answers nothing after it.
  /// The destructor calls it too.
  absl::Status Close();

 private:
  Store(std::string dir, const StoreOptions& options);

  // The answer of a store that is not open.
  static absl::Status Closed();
  absl::Status OpenLocked() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status CloseLocked() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  rocksdb::Env* env() const;
  absl::Status CheckCommits() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status CheckFormat() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::StatusOr<std::optional<std::string>> Get(const std::string& key) const;
  absl::StatusOr<std::string> GetExisting(const std::string& key) const;
  absl::StatusOr<std::optional<std::string>> GetLocked(const std::string& key) const
      ABSL_SHARED_LOCKS_REQUIRED(mutex_);
  template <class Use>
  absl::Status Scan(const std::string& prefix, const Use& use, const std::string& from = "") const;

  const std::string dir_;
  const StoreOptions options_;
  mutable base::SharedMutex mutex_;                          // held shared by whoever uses db_
  std::unique_ptr<rocksdb::DB> db_ ABSL_GUARDED_BY(mutex_);  // nullptr while it is closed
  std::shared_ptr<const BackgroundErrors> errors_ ABSL_GUARDED_BY(mutex_);  // of db_

  mutable base::Mutex write_mutex_;  // orders commits as they are counted; behind mutex_
  uint64_t commits_ ABSL_GUARDED_BY(write_mutex_) = 0;
  uint64_t missing_commits_ ABSL_GUARDED_BY(write_mutex_) = 0;
  std::unique_ptr<CommitMark> mark_ ABSL_GUARDED_BY(write_mutex_);
};

}  // namespace plumbline::storage

#endif  // PLUMBLINE_SERVER_STORAGE_STORE_H_
