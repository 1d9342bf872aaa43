#ifndef PLUMBLINE_SERVER_STORAGE_ENVIRONMENT_RECORD_H_
#define PLUMBLINE_SERVER_STORAGE_ENVIRONMENT_RECORD_H_

#include "absl/status/statusor.h"
#include "plumbline/storage/v1/records.pb.h"
#include "server/manifest/environment.h"

namespace plumbline::storage {

/// The stored form of an environment, and back. Errors: as CheckEnvironment.
v1::EnvironmentRecord ToRecord(const manifest::Environment& environment);
absl::StatusOr<manifest::Environment> FromRecord(const v1::EnvironmentRecord& record);

}  // namespace plumbline::storage

#endif  // PLUMBLINE_SERVER_STORAGE_ENVIRONMENT_RECORD_H_
