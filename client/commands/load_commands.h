#ifndef PLUMBLINE_CLIENT_COMMANDS_LOAD_COMMANDS_H_
#define PLUMBLINE_CLIENT_COMMANDS_LOAD_COMMANDS_H_

#include <CLI/App.hpp>
#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "client/commands/commands.h"
#include "client/commands/context.h"
#include "plumbline/v1/load.pb.h"

namespace plumbline::client {

/// A check for CLI11: the digest of a load's rows.
std::string CheckDigest(const std::string& text);

/// Prints what is known of it.
absl::Status ShowLoad(const Context& context, const v1::Load& load);
/// OK if what was declared has arrived, else Differs().
absl::Status LoadVerdict(const v1::Load& load);

/// `load begin | end | list`. See commands.h.
struct LoadCommands {
  TargetFlags target;
  std::string load;
  std::optional<uint64_t> rows;
  std::string digest;

  void Register(CLI::App* app, Context* context);

 private:
  absl::Status Begin(const Context& context) const;
  absl::Status End(const Context& context) const;
  absl::Status List(const Context& context) const;
};

}  // namespace plumbline::client

#endif  // PLUMBLINE_CLIENT_COMMANDS_LOAD_COMMANDS_H_
