#include "server/config.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <set>
#include <system_error>
#include <thread>
#include <variant>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "server/engine/durability.h"
#include "server/profile/categories.h"

namespace plumbline {
namespace {

struct Setting {
  const char* name;
  std::variant<std::string Config::*, uint64_t Config::*, bool Config::*> field;
  const char* help;
  uint64_t min = 0, max = 0;                            // of a number
  std::vector<std::string> choices = {};                // of a text; none: any
  bool may_be_empty = false;                            // of a text
  absl::Status (*check)(const std::string&) = nullptr;  // of a text
};

constexpr uint64_t kMaxWorkers = 64;

// The table of settings.
const std::vector<Setting>& Settings() {
  static const auto* const settings = new std::vector<Setting>{
      {"data_dir", &Config::data_dir, "Folder of baselines, windows and alerts; made if need be"},
      {"grpc_address", &Config::grpc_address, "Host and port of the gRPC services; port 0: any"},
      {"http_address", &Config::http_address,
       "Host and port of /metrics, /healthz and /readyz; port 0: any"},
      {"tls_cert",
       &Config::tls_cert,
       "PEM file of the server's certificate chain; read again when it changes",
       0,
       0,
       {},
       true},
      {"tls_key", &Config::tls_key, "PEM file of its private key", 0, 0, {}, true},
      {"tls_client_ca",
       &Config::tls_client_ca,
       "PEM file of the authority that clients' certificates must come from (mTLS)",
       0,
       0,
       {},
       true},
      {"allow_insecure", &Config::allow_insecure,
       "Listen without TLS on addresses that other machines reach"},
      {"durability",
       &Config::durability,
       "What an acknowledged batch survives. All: a killed process. sync: power loss too. "
       "interval:MS: power loss but for the last MS milliseconds. os: what the system has written",
       0,
       0,
       {},
       false,
       [](const std::string& text) { return engine::ParseDurability(text).status(); }},
      {"commit_interval_ms", &Config::commit_interval_ms,
       "Least time from one commit of a worker to the next: what arrives meanwhile shares it", 0,
       1000},
      {"workers", &Config::workers,
       "Threads that count and judge; models are spread over them. Default: the cores", 1,
       kMaxWorkers},
      {"queue_capacity", &Config::queue_capacity,
       "Batches that may wait for a worker before senders are told to retry", 1, 1'000'000},
      {"evaluation_interval_ms", &Config::evaluation_interval_ms,
       "How often models that changed are judged", 10, 10'000},
      {"max_message_mib", &Config::max_message_mib, "Largest gRPC message", 1, 1024},
      {"max_inflight_mib", &Config::max_inflight_mib,
       "Memory of all batches that are not acknowledged yet; beyond it streams wait and single "
       "batches are told to retry",
       1, 1'000'000},
      {"max_receive_mib", &Config::max_receive_mib,
       "Memory of what has been received and is not parsed yet; beyond half of it streams are told "
       "to come back",
       16, 1'000'000},
      {"max_baseline_sessions", &Config::max_baseline_sessions,
       "Baselines that may be made at a time", 1, 128},
      {"max_spool_gib", &Config::max_spool_gib,
       "Disk that the rows of one baseline may take while it is made", 1, 100'000},
      {"max_models", &Config::max_models, "Pairs of model and version", 1, 1'000'000},
      {"max_variables", &Config::max_variables, "Variables of one baseline", 1, 20'000},
      {"max_categories", &Config::max_categories,
       "Categories of a variable that a new baseline keeps by name; the others are known by a "
       "filter",
       1, profile::kMaxKeptCategories},
      {"max_sources_per_model", &Config::max_sources_per_model,
       "Sources of a model and version with a watermark of their own; further ones share one", 1,
       100'000},
      {"max_judged_sources", &Config::max_judged_sources,
       "Sources of a model and version with a window and alerts of their own, besides those of all "
       "rows; a few KB a variable each, 0: none",
       0, 10'000},
      {"max_judged_slices", &Config::max_judged_slices,
       "Values of a policy's slice variables with a window and alerts of their own, of a model and "
       "version, the most frequent first; a few KB a variable each, 0: none",
       0, 10'000},
      {"max_producers_per_model", &Config::max_producers_per_model,
       "Epochs of producers of a model and version; beyond it the one silent longest expires", 1,
       1'000'000},
      {"max_label_rows_per_model", &Config::max_label_rows_per_model,
       "Predictions with a row id, and labels without a prediction, of a model and version that "
       "wait for each other, about 250 bytes of disk each; beyond it the oldest are given up",
       1, 1'000'000'000},
      {"max_watchers", &Config::max_watchers, "Clients that watch alerts at a time", 1, 200},
      {"max_series_per_model", &Config::max_series_per_model,
       "Series on /metrics of one model and version: alerts, then the worst variables, then those "
       "of "
       "single sources",
       21, 10'000'000},
      {"max_series", &Config::max_series, "Series on /metrics of all models", 21, 100'000'000},
      {"log_level",
       &Config::log_level,
       "Least level that is logged",
       0,
       0,
       {"info", "warn", "error"}},
      {"shutdown_timeout_seconds", &Config::shutdown_timeout_seconds,
       "How long SIGTERM waits for what is in flight", 1, 3600},
  };
  return *settings;
}

std::string EnvironmentName(absl::string_view name) {
  return absl::StrCat("PLUMBLINE_", absl::AsciiStrToUpper(name));
}

// CLI11 takes the next flag for the value in `--data_dir= --workers 3`.
CLI::Validator HasValue() {
  return {[](std::string& value) {
            return value.empty() || absl::StartsWith(value, "--")
                       ? absl::StrCat("Value \"", value, "\" is empty or a flag")
                       : std::string();
          },
          ""};
}

CLI::Validator OneOf(const std::vector<std::string>& choices) {
  return {[choices](std::string& value) {
            return std::count(choices.begin(), choices.end(), value) > 0
                       ? std::string()
                       : absl::StrCat("Value ", value, " is none of ",
                                      absl::StrJoin(choices, ", "));
          },
          absl::StrJoin(choices, "|")};
}

CLI::Validator Passes(absl::Status (*check)(const std::string&)) {
  return {[check](std::string& value) { return std::string(check(value).message()); }, ""};
}

CLI::Option* Declare(CLI::App* app, const Setting& setting, std::string* text) {
  CLI::Option* option = app->add_option(absl::StrCat("--", setting.name), *text, setting.help);
  if (setting.check != nullptr) {
    option->check(Passes(setting.check));
  } else if (!setting.choices.empty()) {
    option->check(OneOf(setting.choices));
  } else if (!setting.may_be_empty) {
    option->check(HasValue());
  }
  return option->capture_default_str();
}

CLI::Option* Declare(CLI::App* app, const Setting& setting, uint64_t* number) {
  return app->add_option(absl::StrCat("--", setting.name), *number, setting.help)
      ->check(CLI::Range(setting.min, setting.max))
      ->capture_default_str();
}

CLI::Option* Declare(CLI::App* app, const Setting& setting, bool* flag) {
  return app->add_flag(absl::StrCat("--", setting.name), *flag, setting.help);
}

// Applies what flags and environment left open.
absl::Status ReadFile(const std::string& path, CLI::App* app) {
  std::vector<CLI::ConfigItem> items;
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored)) {
    return absl::NotFoundError(absl::StrCat("config: ", path, " is a folder"));
  }
  try {
    items = app->get_config_formatter()->from_file(path);
  } catch (const CLI::FileError&) {
    return absl::NotFoundError(absl::StrCat("config: cannot read ", path));
  }
  std::set<std::string> seen;
  for (const CLI::ConfigItem& item : items) {
    const auto wrong = [&](absl::string_view what) {
      return absl::InvalidArgumentError(absl::StrCat(path, ": ", item.fullname(), ": ", what));
    };
    const auto& settings = Settings();
    if (!item.parents.empty()) return wrong("there are no sections");
    if (std::none_of(settings.begin(), settings.end(),
                     [&](const Setting& s) { return item.name == s.name; })) {
      return wrong("there is no such setting");
    }
    if (item.inputs.size() != 1) {
      return wrong("takes one value");
    }
    if (!seen.insert(item.name).second) return wrong("set twice");
    CLI::Option* option = app->get_option(absl::StrCat("--", item.name));
    if (option->count() > 0) continue;
    option->add_result(item.inputs.front());
    try {
      option->run_callback();
    } catch (const CLI::ParseError& error) {
      return absl::InvalidArgumentError(absl::StrCat(path, ": ", error.what()));
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<ConfigResult> ParseConfig(int argc, const char* const* argv) {
  ConfigResult result;
  Config& config = result.config;
  config.workers = std::clamp<uint64_t>(std::thread::hardware_concurrency(), 1, kMaxWorkers);
  CLI::App app("plumblined watches deployed machine-learning models.", "plumblined");
  // No setting is a list, and `[::1]:7700` is an address.
  app.get_config_formatter_base()->arrayBounds('\x01', '\x02');
  std::string file;
  app.add_option("--config", file, "File of settings, one `name = value` a line")
      ->check(HasValue())
      ->envname("PLUMBLINE_CONFIG");
  for (const Setting& setting : Settings()) {
    std::visit([&](auto field) { return Declare(&app, setting, &(config.*field)); }, setting.field)
        ->envname(EnvironmentName(setting.name));
  }
  bool verify = false, repair = false;
  CLI::Option* const verify_flag = app.add_flag(
      "--verify", verify, "Read all of the data folder, print what is damaged and exit");
  app.add_flag("--repair", repair,
               "Keep what can be read of a damaged data folder, print what is lost and exit")
      ->excludes(verify_flag);
  app.set_version_flag("--version", absl::StrCat("plumblined ", PLUMBLINE_VERSION));
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    result.exit_now = true;
    result.text = app.help();
    return result;
  } catch (const CLI::CallForVersion& version) {
    result.exit_now = true;
    result.text = absl::StrCat(version.what(), "\n");
    return result;
  } catch (const CLI::ParseError& error) {
    return absl::InvalidArgumentError(error.what());
  }
  result.action = verify ? Action::kVerify : repair ? Action::kRepair : Action::kServe;
  if (!file.empty()) {
    if (absl::Status read = ReadFile(file, &app); !read.ok()) return read;
  }
  return result;
}

}  // namespace plumbline
