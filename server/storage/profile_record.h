#ifndef PLUMBLINE_SERVER_STORAGE_PROFILE_RECORD_H_
#define PLUMBLINE_SERVER_STORAGE_PROFILE_RECORD_H_

#include "absl/status/statusor.h"
#include "plumbline/storage/v1/profile_record.pb.h"
#include "server/profile/data_set_profile.h"

namespace plumbline::storage {

/// The stored form of a profile, without what its key and its head hold.
v1::ProfileRecord ToRecord(const profile::DataSetProfile& profile);

/// The profile of a record, which may be damaged: every size and count is checked before use.
/// Errors: InvalidArgument naming the variable.
absl::StatusOr<profile::DataSetProfile> FromRecord(const v1::ProfileRecord& record);

/// What a list shows of it.
v1::ProfileHeadRecord HeadOf(const profile::DataSetProfile& profile);

/// Errors: InvalidArgument.
absl::StatusOr<manifest::ContentDigest> FromRecord(const v1::ContentDigestRecord& record);

}  // namespace plumbline::storage

#endif  // PLUMBLINE_SERVER_STORAGE_PROFILE_RECORD_H_
