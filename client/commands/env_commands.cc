#include "client/commands/env_commands.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "client/commands/call.h"
#include "client/commands/capture.h"
#include "client/commands/file_io.h"
#include "client/commands/format.h"
#include "client/commands/json_line.h"
#include "client/commands/number_flag.h"
#include "client/commands/text_table.h"
#include "client/commands/verdict.h"
#include "client/environment_manifest.h"

namespace plumbline::client {
namespace {

constexpr size_t kMaxFileBytes = 16 << 20;

using Map = google::protobuf::Map<std::string, std::string>;

// Adds what `--seed`, `--setting` and `--key` say; they win over what was captured.
absl::Status AddEntries(const char* flag, const std::vector<std::string>& texts, Map* entries) {
  for (const std::string& text : texts) {
    const size_t at = text.find('=');
    if (at == std::string::npos || at == 0) {
      return absl::InvalidArgumentError(absl::StrCat(flag, ": `", text, "` is not NAME=VALUE"));
    }
    (*entries)[text.substr(0, at)] = text.substr(at + 1);
  }
  return absl::OkStatus();
}

int RankOf(absl::string_view severity) {
  return severity == "critical" ? 3 : severity == "warning" ? 2 : 1;
}

std::string DiffText(const v1::EnvironmentComparison& comparison) {
  TextTable table({{"severity"}, {"area"}, {"name"}, {"expected"}, {"found"}, {"cause"}});
  for (const v1::EnvironmentDifference& difference : comparison.differences()) {
    table.AddRow({difference.severity(), difference.area(), Printable(difference.name(), 60),
                  Printable(difference.expected(), 40), Printable(difference.actual(), 40),
                  difference.cause()});
  }
  std::string text = table.ToString();
  if (text.empty()) text = "the same\n";
  for (const std::string& area : comparison.not_compared()) {
    absl::StrAppend(&text, "not compared: ", area, " (only one side says anything of it)\n");
  }
  return text;
}

}  // namespace

absl::StatusOr<v1::Environment> ReadEnvironment(const std::string& path) {
  const absl::StatusOr<std::string> content = ReadFile(path, kMaxFileBytes);
  if (!content.ok()) return content.status();
  v1::Environment environment;
  absl::Status read = ParseJsonOrText(*content, &environment);
  if (read.ok()) read = ToManifest(environment).status();
  if (read.ok() && environment.ByteSizeLong() == 0) {
    read = absl::InvalidArgumentError("the file says nothing");
  }
  if (!read.ok()) {
    return absl::InvalidArgumentError(absl::StrCat(path, ": no environment: ", read.message()));
  }
  return environment;
}

void EnvCommands::Register(CLI::App* app, Context* context) {
  CLI::App* group = app->add_subcommand("env", "What training and serving run in");
  group->require_subcommand(1);
  const auto add = [&](const char* name, const char* help,
                       absl::Status (EnvCommands::*run)(const Context&) const) {
    CLI::App* command = group->add_subcommand(name, help);
    command->callback(
        [this, context, run] { context->action = [=, this] { return (this->*run)(*context); }; });
    return command;
  };
  CLI::App* capture = add("capture", "Write an environment as JSON", &EnvCommands::Capture);
  capture->add_option("--python", python, "List the packages and settings of this interpreter")
      ->type_name("PATH");
  CLI::Option* here = capture->add_flag("--dpkg", dpkg, "List the Debian packages of this machine");
  capture
      ->add_option("--container_root,--container-root", container_root,
                   "List those of the container whose files are here")
      ->excludes(here)
      ->type_name("DIR");
  for (const auto& [flag, help, entries] :
       {std::make_tuple("--seed", "A seed", &seeds),
        std::make_tuple("--setting", "A setting", &settings),
        std::make_tuple("--key", "Anything else that is to be compared", &keys)}) {
    capture->add_option(flag, *entries, help)->allow_extra_args(false)->type_name("NAME=VALUE");
  }
  capture->add_option("--out", out, "File to write; `-`: standard output")
      ->required()
      ->type_name("FILE");
  CLI::App* diff =
      add("diff", "Compare two environments, or one with a baseline's: exit code 3 if they differ",
          &EnvCommands::Diff);
  diff->add_option("expected", expected, "File of the environment that is expected")
      ->required()
      ->type_name("A");
  diff->add_option("actual", actual,
                   "File of the one that runs; without it A runs, and --model's is expected")
      ->type_name("B");
  diff->add_option("--level", level,
                   "Differences below this severity are shown, and do not set the exit code")
      ->check(CLI::IsMember({"info", "warning", "critical"}))
      ->capture_default_str()
      ->type_name("SEVERITY");
  target.RegisterModel(diff, false);
  target.RegisterVersion(diff);
  diff->add_option("--number", target.number, "Number of the baseline; without: the active one")
      ->transform(WholeNumber())
      ->type_name("N");
}

absl::Status EnvCommands::Capture(const Context& context) const {
  v1::Environment environment;
  absl::Status status;
  if (!python.empty()) status = CapturePython(python, &environment);
  if (status.ok() && dpkg) status = CaptureDpkg("", &environment);
  if (status.ok() && !container_root.empty()) status = CaptureDpkg(container_root, &environment);
  if (status.ok()) status = AddEntries("--seed", seeds, environment.mutable_seeds());
  if (status.ok()) status = AddEntries("--setting", settings, environment.mutable_settings());
  if (status.ok()) status = AddEntries("--key", keys, environment.mutable_keys());
  if (status.ok()) status = ToManifest(environment).status();
  if (!status.ok()) return status;
  if (environment.ByteSizeLong() == 0) {
    return absl::InvalidArgumentError(
        "nothing to capture: name --python, --dpkg, --container-root, --seed, --setting or --key");
  }
  const absl::StatusOr<std::string> json = JsonText(environment);
  if (!json.ok()) return json.status();
  if (out == "-") {
    *context.out << *json;
    return absl::OkStatus();
  }
  status = WriteFile(out, *json);
  if (!status.ok() || context.json()) return status;
  *context.out << "wrote " << FormatCount(environment.packages().size(), "package", "packages")
               << ", "
               << FormatCount(environment.system_packages().size(), "system package",
                              "system packages")
               << ", " << FormatCount(environment.seeds().size(), "seed", "seeds") << ", "
               << FormatCount(environment.settings().size(), "setting", "settings") << ", "
               << FormatCount(environment.keys().size(), "key", "keys") << " to " << out << "\n";
  return absl::OkStatus();
}

absl::Status EnvCommands::Diff(const Context& context) const {
  if (actual.empty() == target.model.empty()) {
    return absl::InvalidArgumentError("env diff compares two files, or one file and --model");
  }
  absl::StatusOr<v1::Environment> trained;
  if (target.model.empty()) {
    trained = ReadEnvironment(expected);
  } else {
    const auto baseline = FetchBaseline(context, target.model, target.version, target.number);
    if (!baseline.ok()) return baseline.status();
    if (!baseline->has_environment()) {
      return absl::FailedPreconditionError(
          absl::StrCat("model \"", baseline->summary().model(), "\" version \"",
                       baseline->summary().version(), "\": baseline ", baseline->summary().number(),
                       " has no environment (baseline create --environment)"));
    }
    trained = baseline->environment();
  }
  if (!trained.ok()) return trained.status();
  const auto runs = ReadEnvironment(target.model.empty() ? actual : expected);
  if (!runs.ok()) return runs.status();
  const auto from = ToManifest(*trained);
  const auto to = ToManifest(*runs);
  if (!from.ok()) return from.status();
  if (!to.ok()) return to.status();
  const v1::EnvironmentComparison comparison = ToProto(CompareEnvironments(*from, *to));
  absl::Status printed;
  if (context.json()) {
    printed = context.PrintJson(comparison);
  } else {
    *context.out << DiffText(comparison);
  }
  if (!printed.ok()) return printed;
  const auto counts = [&](const v1::EnvironmentDifference& difference) {
    return RankOf(difference.severity()) >= RankOf(level);
  };
  const auto& differences = comparison.differences();
  return std::any_of(differences.begin(), differences.end(), counts) ? Differs() : absl::OkStatus();
}

}  // namespace plumbline::client
