#ifndef PLUMBLINE_CLIENT_COMMANDS_ENV_COMMANDS_H_
#define PLUMBLINE_CLIENT_COMMANDS_ENV_COMMANDS_H_

#include <CLI/App.hpp>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/commands/commands.h"
#include "client/commands/context.h"
#include "plumbline/v1/environment.pb.h"

namespace plumbline::client {

/// An environment as JSON in a file, as `env capture` writes it. Errors: those of ReadFile;
/// InvalidArgument naming the file.
absl::StatusOr<v1::Environment> ReadEnvironment(const std::string& path);

/// `env capture | diff`. See commands.h.
struct EnvCommands {
  TargetFlags target;
  std::string python;
  bool dpkg = false;
  std::string container_root;
  std::vector<std::string> seeds, settings, keys;
  std::string out;
  std::string expected, actual;
  std::string level = "info";

  void Register(CLI::App* app, Context* context);

 private:
  absl::Status Capture(const Context& context) const;
  absl::Status Diff(const Context& context) const;
};

}  // namespace plumbline::client

#endif  // PLUMBLINE_CLIENT_COMMANDS_ENV_COMMANDS_H_
