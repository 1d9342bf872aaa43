#ifndef PLUMBLINE_CLIENT_STATUS_DETAILS_H_
#define PLUMBLINE_CLIENT_STATUS_DETAILS_H_

#include <grpcpp/support/status.h>

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "google/rpc/status.pb.h"

namespace plumbline::client {

/// The message of `status` on one line, followed by its field violations
/// (google.rpc.BadRequest): `message (field: description; ...)`.
std::string Describe(const google::rpc::Status& status);

/// The delay of a google.rpc.RetryInfo detail; nullopt if there is none, or it is negative.
std::optional<absl::Duration> RetryDelay(const google::rpc::Status& status);

/// The google.rpc.Status of a failed call: from its `grpc-status-details-bin` where that parses,
/// otherwise made of code and message.
google::rpc::Status RpcStatus(const grpc::Status& status);

/// As absl::Status, with Describe() as the message. gRPC's codes are absl's codes.
absl::Status ToAbslStatus(const grpc::Status& status);
absl::Status ToAbslStatus(const google::rpc::Status& status);

}  // namespace plumbline::client

#endif  // PLUMBLINE_CLIENT_STATUS_DETAILS_H_
