#ifndef PLUMBLINE_SERVER_ENGINE_PROFILE_BOOK_H_
#define PLUMBLINE_SERVER_ENGINE_PROFILE_BOOK_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/base/clock.h"
#include "server/base/mutex.h"
#include "server/engine/committer.h"
#include "server/engine/quotas.h"
#include "server/profile/data_set_profile.h"
#include "server/profile/data_set_profiler.h"
#include "server/storage/store.h"

namespace plumbline::engine {

/// What the creator of a profile asks for.
struct ProfileRequest {
  storage::ProfileKey key;
  std::vector<profile::VariableHint> hints;
  std::vector<std::string> group_by;
  std::string description;
  bool replace = false;
};

/// A profile in short.
struct ProfileInfo {
  storage::ProfileKey key;
  storage::v1::ProfileHeadRecord head;
};

/// In words: `adult, stage raw, environment research`.
std::string InWords(const storage::ProfileKey& key);

/// A profile under way, in bounded memory. Destroyed without a commit, it leaves nothing behind.
/// Not thread-safe.
class ProfileSession {
 public:
  /// After a BeginSession of `quota_book`, which must outlive it.
  ProfileSession(ProfileRequest request, const Quotas& quotas, QuotaBook* quota_book);
  ~ProfileSession();
  ProfileSession(const ProfileSession&) = delete;
  ProfileSession& operator=(const ProfileSession&) = delete;

  /// The batch must have passed ValidateBatch. Errors: InvalidArgument (see DataSetProfiler),
  /// ResourceExhausted for more variables than there may be.
  absl::Status Add(const profile::BatchView& batch);

 private:
  friend class ProfileBook;
  const Quotas quotas_;
  QuotaBook* const quota_book_;
  ProfileRequest request_;
  profile::DataSetProfiler profiler_;
};

/// The profiles of data sets that are stored. They belong to no model. Thread-safe; calls may block
/// for as long as a commit takes.
class ProfileBook {
 public:
  ProfileBook(storage::Store* store, Committer* committer, base::Clock* clock, const Quotas& quotas,
              QuotaBook* quota_book)
      : store_(store),
        committer_(committer),
        clock_(clock),
        quotas_(quotas),
        quota_book_(quota_book) {}

  /// Errors: AlreadyExists; ResourceExhausted for more sessions than there may be.
  absl::StatusOr<std::unique_ptr<ProfileSession>> Begin(ProfileRequest request);
  /// Errors: also InvalidArgument for another number of rows than declared (0: any).
  absl::StatusOr<ProfileInfo> Commit(std::unique_ptr<ProfileSession> session,
                                     uint64_t expected_rows);
  /// Stores the profile of several parts, each the one that its filter matches, under
  /// `request.key`.
  absl::StatusOr<ProfileInfo> Merge(const std::vector<storage::ProfileKey>& parts,
                                    const ProfileRequest& request);

  /// Those that match: an empty field of the filter matches all. In the order in which they were
  /// made.
  absl::StatusOr<std::vector<ProfileInfo>> List(const storage::ProfileKey& filter) const;
  /// The only one that matches. Errors: NotFound; FailedPrecondition if there are several, naming
  /// them.
  absl::StatusOr<ProfileInfo> Find(const storage::ProfileKey& filter) const;
  absl::StatusOr<profile::DataSetProfile> Load(const ProfileInfo& info) const;
  absl::StatusOr<ProfileInfo> Delete(const storage::ProfileKey& filter);

 private:
  // Errors: AlreadyExists, ResourceExhausted.
  absl::Status CheckRoom(const ProfileRequest& request) const;
  absl::StatusOr<ProfileInfo> Put(profile::DataSetProfile profile, const ProfileRequest& request);

  storage::Store* const store_;
  Committer* const committer_;
  base::Clock* const clock_;
  const Quotas quotas_;
  QuotaBook* const quota_book_;
  base::Mutex mutex_;  // one change at a time
};

}  // namespace plumbline::engine

#endif  // PLUMBLINE_SERVER_ENGINE_PROFILE_BOOK_H_
