#ifndef PLUMBLINE_SERVER_TRANSPORT_STATUS_H_
#define PLUMBLINE_SERVER_TRANSPORT_STATUS_H_

#include <grpcpp/support/status.h>

#include <vector>

#include "absl/status/status.h"
#include "google/rpc/status.pb.h"
#include "server/profile/batch.h"

namespace plumbline::transport {

/// The one mapper from the core's status to the wire's, with details: google.rpc.BadRequest for
/// `violations`, and google.rpc.RetryInfo where trying again makes sense (RESOURCE_EXHAUSTED,
/// UNAVAILABLE).
google::rpc::Status ToRpcStatus(const absl::Status& status,
                                const std::vector<profile::FieldViolation>& violations = {});
/// The same for the end of a call, whose trailing metadata is bounded: a long message is cut, and
/// the last violations are left out if need be.
grpc::Status ToGrpcStatus(const absl::Status& status,
                          const std::vector<profile::FieldViolation>& violations = {});

/// InvalidArgument whose message is the first violation, and how many more there are.
absl::Status ViolationsStatus(const std::vector<profile::FieldViolation>& violations);

}  // namespace plumbline::transport

#endif  // PLUMBLINE_SERVER_TRANSPORT_STATUS_H_
