#ifndef PLUMBLINE_CLIENT_COMMANDS_PROFILE_COMMANDS_H_
#define PLUMBLINE_CLIENT_COMMANDS_PROFILE_COMMANDS_H_

#include <CLI/App.hpp>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/commands/column_flags.h"
#include "client/commands/commands.h"
#include "client/commands/context.h"
#include "plumbline/v1/profile_service.pb.h"

namespace plumbline::client {

/// Which profile, by flags.
struct ProfileFlags {
  std::string name, stage, environment, source;

  void Register(CLI::App* app, bool required);
  [[nodiscard]] v1::ProfileKey Key() const;
};

/// `profile create | list | show | delete | merge`. See commands.h.
struct ProfileCommands {
  ProfileFlags key;
  TargetFlags target;
  ColumnFlags columns;
  std::vector<std::string> group_by;
  std::vector<std::string> parts;
  std::string description;
  bool replace = false;

  void Register(CLI::App* app, Context* context);

 private:
  absl::Status Create(const Context& context) const;
  absl::Status List(const Context& context) const;
  absl::Status Show(const Context& context) const;
  absl::Status Delete(const Context& context) const;
  absl::Status Merge(const Context& context) const;
};

/// `compare A B`.
struct CompareCommand {
  std::string a, b;
  std::vector<std::string> tolerances;
  std::vector<std::string> stages;
  bool samples = false;
  bool all = false;
  bool json = false;

  void Register(CLI::App* app, Context* context);

 private:
  absl::Status Run(const Context& context) const;
};

/// A profile in words: `name=adult,stage=raw,environment=research,source=eu`, in any part of it; or
/// only its name. Errors: InvalidArgument for a key that is none.
absl::StatusOr<v1::ProfileKey> ParseProfileKey(const std::string& text);
/// A side of a comparison: the same, or `live=MODEL` or `live=MODEL/VERSION`, or one word, which
/// the server looks up.
absl::StatusOr<v1::ComparedSide> ParseSide(const std::string& text);

}  // namespace plumbline::client

#endif  // PLUMBLINE_CLIENT_COMMANDS_PROFILE_COMMANDS_H_
