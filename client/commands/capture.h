#ifndef PLUMBLINE_CLIENT_COMMANDS_CAPTURE_H_
#define PLUMBLINE_CLIENT_COMMANDS_CAPTURE_H_

#include <string>

#include "absl/status/status.h"
#include "plumbline/v1/environment.pb.h"

namespace plumbline::client {

/// Runs `python` (a path, or a name to be found in PATH) with a small program that adds what it is,
/// its packages, its hash seed, and the settings of the libraries that are installed and can be
/// imported: numpy, pandas, scikit-learn, torch, thread pools, and environment variables that
/// change results. Errors: InvalidArgument or FailedPrecondition naming the interpreter.
absl::Status CapturePython(const std::string& python, v1::Environment* environment);

/// Adds the installed packages of a Debian system whose root is `root`, from dpkg's status file
/// (or status.d, where images without dpkg keep it), and its release. Errors: NotFound,
/// InvalidArgument naming the file.
absl::Status CaptureDpkg(const std::string& root, v1::Environment* environment);

}  // namespace plumbline::client

#endif  // PLUMBLINE_CLIENT_COMMANDS_CAPTURE_H_
