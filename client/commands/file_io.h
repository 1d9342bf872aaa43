#ifndef PLUMBLINE_CLIENT_COMMANDS_FILE_IO_H_
#define PLUMBLINE_CLIENT_COMMANDS_FILE_IO_H_

#include <cstddef>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace plumbline::client {

/// All of a file; `-` is standard input. ResourceExhausted above `max_bytes`.
absl::StatusOr<std::string> ReadFile(const std::string& path, size_t max_bytes);

/// Writes a file beside its final name first, so that a failure leaves the old one as it was.
absl::Status WriteFile(const std::string& path, const std::string& content);

}  // namespace plumbline::client

#endif  // PLUMBLINE_CLIENT_COMMANDS_FILE_IO_H_
