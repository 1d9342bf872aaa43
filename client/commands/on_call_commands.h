#ifndef PLUMBLINE_CLIENT_COMMANDS_ON_CALL_COMMANDS_H_
#define PLUMBLINE_CLIENT_COMMANDS_ON_CALL_COMMANDS_H_

#include <CLI/App.hpp>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "client/commands/commands.h"
#include "client/commands/context.h"

namespace plumbline::client {

/// `acknowledge`, `mute set | end | list`, `change declare | withdraw | list`, `incidents`. See
/// commands.h.
struct OnCallCommands {
  TargetFlags target;
  std::string check;
  std::optional<std::string> variable, source, slice;
  std::string incident;
  std::string by, reason;
  bool undo = false;
  std::string lasts, until, from;
  std::string name;
  std::vector<std::string> variables;
  bool all = false;

  void Register(CLI::App* app, Context* context);

 private:
  using Run = absl::Status (OnCallCommands::*)(const Context&) const;
  CLI::App* Add(CLI::App* parent, const char* command, const char* help, Run run, Context* context);
  void RegisterMute(CLI::App* app, Context* context);
  void RegisterChange(CLI::App* app, Context* context);

  absl::Status Acknowledge(const Context& context) const;
  absl::Status Incidents(const Context& context) const;
  absl::Status SetMute(const Context& context) const;
  absl::Status EndMute(const Context& context) const;
  absl::Status ListMutes(const Context& context) const;
  absl::Status DeclareChange(const Context& context) const;
  absl::Status WithdrawChange(const Context& context) const;
  absl::Status ListChanges(const Context& context) const;
};

}  // namespace plumbline::client

#endif  // PLUMBLINE_CLIENT_COMMANDS_ON_CALL_COMMANDS_H_
