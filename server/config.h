#ifndef PLUMBLINE_SERVER_CONFIG_H_
#define PLUMBLINE_SERVER_CONFIG_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"

namespace plumbline {

/// Every setting of plumblined and its default. Bounds and help are in one table in config.cc,
/// which drives flags, environment, file and --help.
struct Config {
  std::string data_dir = "./plumbline-data";
  std::string grpc_address = "127.0.0.1:7700";
  std::string http_address = "127.0.0.1:7701";
  std::string tls_cert, tls_key, tls_client_ca;
  bool allow_insecure = false;
  std::string durability = "sync";
  uint64_t commit_interval_ms = 2;
  uint64_t workers = 2;  // ParseConfig: the cores of the machine
  uint64_t queue_capacity = 4096;
  uint64_t evaluation_interval_ms = 1000;
  uint64_t max_message_mib = 32;
  uint64_t max_inflight_mib = 256;
  uint64_t max_receive_mib = 512;
  uint64_t max_baseline_sessions = 8;
  uint64_t max_spool_gib = 64;
  uint64_t max_models = 10'000;
  uint64_t max_variables = 5'000;
  uint64_t max_categories = 1'000;
  uint64_t max_sources_per_model = 1'024;
  uint64_t max_judged_sources = 16;
  uint64_t max_judged_slices = 32;
  uint64_t max_producers_per_model = 10'000;
  uint64_t max_label_rows_per_model = 1'000'000;
  uint64_t max_watchers = 64;
  uint64_t max_series_per_model = 5'000;
  uint64_t max_series = 100'000;
  std::string log_level = "info";
  uint64_t shutdown_timeout_seconds = 10;
};

/// What plumblined is to do.
enum class Action {
  kServe,
  kVerify,  // --verify: read all of the data folder, say what is damaged, exit
  kRepair,  // --repair: keep what can be read of it, say what is lost, exit
};

/// What the command line asked for.
struct ConfigResult {
  Config config;
  Action action = Action::kServe;
  bool exit_now = false;  // --help or --version: `text` is for stdout
  std::string text;
};

/// Flags over environment (PLUMBLINE_DATA_DIR and so on; empty means not set) over the file that
/// --config or PLUMBLINE_CONFIG names (`name = value` lines) over defaults. Errors:
/// InvalidArgument, in one line, naming the setting, the value and what is allowed, and the file if
/// it is from there; NotFound for a file that cannot be read.
absl::StatusOr<ConfigResult> ParseConfig(int argc, const char* const* argv);

}  // namespace plumbline

#endif  // PLUMBLINE_SERVER_CONFIG_H_
