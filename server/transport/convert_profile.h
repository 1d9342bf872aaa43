#ifndef PLUMBLINE_SERVER_TRANSPORT_CONVERT_PROFILE_H_
#define PLUMBLINE_SERVER_TRANSPORT_CONVERT_PROFILE_H_

#include "absl/status/statusor.h"
#include "plumbline/v1/profile_service.pb.h"
#include "server/engine/profile_book.h"
#include "server/engine/profile_compare.h"
#include "server/profile/data_set_profile.h"

namespace plumbline::transport {

storage::ProfileKey FromWire(const v1::ProfileKey& key);
/// Errors: InvalidArgument for a side that says nothing.
absl::StatusOr<engine::CompareRequest> FromWire(const v1::CompareProfilesRequest& request);

v1::ProfileSummary ToWire(const engine::ProfileInfo& info);
v1::ProfileVariable ToWire(const profile::VariableProfile& variable);
/// The measures of identical variables only if all are asked for.
v1::CompareProfilesResponse ToWire(const engine::StagesComparison& comparison, bool all_measures);

}  // namespace plumbline::transport

#endif  // PLUMBLINE_SERVER_TRANSPORT_CONVERT_PROFILE_H_
