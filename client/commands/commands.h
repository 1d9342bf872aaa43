#ifndef PLUMBLINE_CLIENT_COMMANDS_COMMANDS_H_
#define PLUMBLINE_CLIENT_COMMANDS_COMMANDS_H_

#include <CLI/App.hpp>
#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/commands/column_flags.h"
#include "client/commands/context.h"
#include "plumbline/v1/policy.pb.h"

namespace plumbline::client {

class Tuner;

// One struct a group of subcommands: the flags are its members. Register() adds the subcommands to
// `app`; the one that is named on the command line puts what it does into `context->action`. Both
// the struct and the context must outlive the action.

/// Which model, version and baseline.
struct TargetFlags {
  std::string model;
  std::string version;
  uint64_t number = 0;

  void RegisterModel(CLI::App* app, bool required);
  void RegisterVersion(CLI::App* app);
};

/// `baseline create | list | show | activate | delete | export | import`.
struct BaselineCommands {
  TargetFlags target;
  ColumnFlags columns;
  std::string description;
  bool keep_inactive = false;
  bool from_window = false;
  std::string environment;
  std::string file;

  void Register(CLI::App* app, Context* context);

 private:
  absl::Status Create(const Context& context) const;
  absl::Status CreateFromWindow(const Context& context) const;
  absl::Status List(const Context& context) const;
  absl::Status Show(const Context& context) const;
  absl::Status Activate(const Context& context) const;
  absl::Status Delete(const Context& context) const;
  absl::Status Export(const Context& context) const;
  absl::Status Import(const Context& context) const;
};

/// `model list | show | policy get | policy set | delete | set_default`.
struct ModelCommands {
  TargetFlags target;
  std::string file;

  void Register(CLI::App* app, Context* context);

 private:
  absl::Status List(const Context& context) const;
  absl::Status Show(const Context& context) const;
  absl::Status GetPolicy(const Context& context) const;
  absl::Status SetPolicy(const Context& context) const;
  absl::Status Delete(const Context& context) const;
  absl::Status SetDefault(const Context& context) const;
};

/// `send`.
struct SendCommand {
  TargetFlags target;
  ColumnFlags columns;
  size_t batch_rows = 1024;
  double rows_per_second = 0;
  std::string producer;
  uint64_t epoch = 0;
  std::string source;
  std::string environment;
  bool keep_open = false;
  bool declare = false;
  std::string load;
  std::optional<uint64_t> load_rows;
  std::string load_digest;
  double retry_for_seconds = 60;

  void Register(CLI::App* app, Context* context);
  bool DeclaresLoad() const { return declare || load_rows.has_value() || !load_digest.empty(); }

 private:
  absl::Status Run(const Context& context) const;
};

/// `report`, `alerts`, `similar`, `impact`, `watch`.
struct ReportCommands {
  TargetFlags target;
  std::string variable;
  std::string source;
  std::string slice;
  uint32_t limit = 0;
  bool all = false;

  void Register(CLI::App* app, Context* context);

 private:
  absl::Status Report(const Context& context) const;
  absl::Status Alerts(const Context& context) const;
  absl::Status Similar(const Context& context) const;
  absl::Status Impact(const Context& context) const;
  absl::Status Watch(const Context& context) const;
};

/// `performance`.
struct PerformanceCommand {
  TargetFlags target;
  std::string by;
  std::string metric;

  void Register(CLI::App* app, Context* context);

 private:
  absl::Status Run(const Context& context) const;
};

/// `backtest`.
struct BacktestCommand {
  TargetFlags target;
  ColumnFlags columns;
  std::string source_column;
  uint32_t chunk_rows = 0;
  std::string chunk;
  std::string labels;
  std::string policy;
  std::optional<uint64_t> tune;
  std::string policy_out;

  void Register(CLI::App* app, Context* context);

 private:
  absl::Status Run(const Context& context) const;
  absl::Status Propose(const Context& context, const Tuner& tuner) const;
};

}  // namespace plumbline::client

#endif  // PLUMBLINE_CLIENT_COMMANDS_COMMANDS_H_
