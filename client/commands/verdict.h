#ifndef PLUMBLINE_CLIENT_COMMANDS_VERDICT_H_
#define PLUMBLINE_CLIENT_COMMANDS_VERDICT_H_

#include "absl/status/status.h"

namespace plumbline::client {

/// What a command returns that has compared two things, and said on `out` what differs: no error,
/// but exit code 3.
absl::Status Differs();
bool IsDiffers(const absl::Status& status);

}  // namespace plumbline::client

#endif  // PLUMBLINE_CLIENT_COMMANDS_VERDICT_H_
