#ifndef PLUMBLINE_CLIENT_COMMANDS_POLICY_FILE_H_
#define PLUMBLINE_CLIENT_COMMANDS_POLICY_FILE_H_

#include <string>

#include "absl/status/statusor.h"
#include "plumbline/v1/policy.pb.h"

namespace plumbline::client {

/// A policy as JSON or protobuf text; `-` is standard input. Errors: those of ReadFile;
/// InvalidArgument naming the file and the place, or for a file that says nothing: `{}` is the
/// policy of defaults, an empty file most likely a mistake.
absl::StatusOr<v1::Policy> ReadPolicy(const std::string& path);

}  // namespace plumbline::client

#endif  // PLUMBLINE_CLIENT_COMMANDS_POLICY_FILE_H_
