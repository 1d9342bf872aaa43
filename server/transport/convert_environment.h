#ifndef PLUMBLINE_SERVER_TRANSPORT_CONVERT_ENVIRONMENT_H_
#define PLUMBLINE_SERVER_TRANSPORT_CONVERT_ENVIRONMENT_H_

#include "absl/status/statusor.h"
#include "plumbline/v1/environment.pb.h"
#include "server/engine/environments.h"
#include "server/manifest/environment.h"

namespace plumbline::transport {

/// Errors: as manifest::CheckEnvironment.
absl::StatusOr<manifest::Environment> FromWire(const v1::Environment& environment);
v1::Environment ToWire(const manifest::Environment& environment);
v1::EnvironmentComparison ToWire(const manifest::EnvironmentComparison& comparison);
/// With the first 100 differences.
v1::ProducerEnvironment ToWire(const engine::ProducerEnvironment& environment);

}  // namespace plumbline::transport

#endif  // PLUMBLINE_SERVER_TRANSPORT_CONVERT_ENVIRONMENT_H_
