#ifndef PLUMBLINE_CLIENT_COMMANDS_DURATION_FLAG_H_
#define PLUMBLINE_CLIENT_COMMANDS_DURATION_FLAG_H_

#include <optional>
#include <string>

#include "absl/time/time.h"
#include "google/protobuf/duration.pb.h"

namespace plumbline::client {

/// `30d`, `2w`, or what absl reads: `12h`, `1h30m`. nullopt for anything else, less than a second
/// or more than a century.
std::optional<absl::Duration> DurationOf(const std::string& text);

/// To the nanosecond; not negative.
google::protobuf::Duration ToWire(absl::Duration duration);

}  // namespace plumbline::client

#endif  // PLUMBLINE_CLIENT_COMMANDS_DURATION_FLAG_H_
