#ifndef PLUMBLINE_CLIENT_COMMANDS_GOLDEN_COMMANDS_H_
#define PLUMBLINE_CLIENT_COMMANDS_GOLDEN_COMMANDS_H_

#include <CLI/App.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "client/commands/commands.h"
#include "client/commands/context.h"

namespace plumbline::client {

/// `golden record | check | show | delete`. See commands.h.
struct GoldenCommands {
  TargetFlags target;
  ColumnFlags columns;
  std::optional<double> absolute, relative;
  std::vector<std::string> tolerances;
  uint32_t limit = 0;
  std::string environment;
  bool partial = false;

  void Register(CLI::App* app, Context* context);

 private:
  absl::Status Record(const Context& context) const;
  absl::Status Check(const Context& context) const;
  absl::Status Show(const Context& context) const;
  absl::Status Delete(const Context& context) const;
};

}  // namespace plumbline::client

#endif  // PLUMBLINE_CLIENT_COMMANDS_GOLDEN_COMMANDS_H_
