#ifndef PLUMBLINE_SERVER_TRANSPORT_CONVERT_POLICY_H_
#define PLUMBLINE_SERVER_TRANSPORT_CONVERT_POLICY_H_

#include "absl/status/statusor.h"
#include "plumbline/storage/v1/records.pb.h"
#include "plumbline/v1/policy.pb.h"
#include "server/checks/policy.h"

namespace plumbline::transport {

/// A policy as somebody sets it. Errors: InvalidArgument naming a duration that is not one, a
/// pane below a second, or a window of more than 10,000 panes; names and thresholds are checked
/// where the policy takes effect (engine::EffectivePolicy).
absl::StatusOr<storage::v1::PolicyRecord> ToRecord(const v1::Policy& policy);
v1::Policy ToWire(const storage::v1::PolicyRecord& record);
/// A policy as it takes effect, every field filled in.
v1::Policy ToWire(const checks::Policy& policy);

}  // namespace plumbline::transport

#endif  // PLUMBLINE_SERVER_TRANSPORT_CONVERT_POLICY_H_
