#ifndef PLUMBLINE_CLIENT_COMMANDS_SPLIT_COMMANDS_H_
#define PLUMBLINE_CLIENT_COMMANDS_SPLIT_COMMANDS_H_

#include <CLI/App.hpp>
#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/commands/commands.h"
#include "client/commands/context.h"
#include "client/split_rows.h"
#include "plumbline/v1/split.pb.h"

namespace plumbline::client {

/// `split record | compare | check | list | delete`. See commands.h.
struct SplitCommands {
  TargetFlags target;
  std::vector<std::string> csv;
  std::string delimiter = ",";
  SplitSource columns;
  std::string name = "default";
  std::string method, seed;
  std::string out;
  size_t memory_mib = 1024;
  size_t examples = 10;
  std::string first, second;

  void Register(CLI::App* app, Context* context);

 private:
  void RegisterRows(CLI::App* command);
  absl::StatusOr<SplitSource> Source() const;
  absl::StatusOr<v1::SplitManifest> Fetch(const Context& context) const;
  absl::Status Record(const Context& context) const;
  absl::Status Compare(const Context& context) const;
  absl::Status Check(const Context& context) const;
  absl::Status List(const Context& context) const;
  absl::Status Delete(const Context& context) const;
};

}  // namespace plumbline::client

#endif  // PLUMBLINE_CLIENT_COMMANDS_SPLIT_COMMANDS_H_
