#ifndef PLUMBLINE_CLIENT_ENVIRONMENT_MANIFEST_H_
#define PLUMBLINE_CLIENT_ENVIRONMENT_MANIFEST_H_

#include "absl/status/statusor.h"
#include "plumbline/v1/environment.pb.h"
#include "server/manifest/environment.h"

namespace plumbline::client {

/// For comparing. Errors: as manifest::CheckEnvironment.
absl::StatusOr<manifest::Environment> ToManifest(const v1::Environment& environment);
v1::EnvironmentComparison ToProto(const manifest::EnvironmentComparison& comparison);

}  // namespace plumbline::client

#endif  // PLUMBLINE_CLIENT_ENVIRONMENT_MANIFEST_H_
