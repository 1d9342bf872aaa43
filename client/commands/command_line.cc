#include "client/commands/command_line.h"

#include <CLI/CLI.hpp>
#include <exception>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "client/commands/commands.h"
#include "client/commands/env_commands.h"
#include "client/commands/golden_commands.h"
#include "client/commands/load_commands.h"
#include "client/commands/on_call_commands.h"
#include "client/commands/profile_commands.h"
#include "client/commands/split_commands.h"
#include "client/commands/verdict.h"
#include "client/utf8.h"

namespace plumbline::client {
namespace {

constexpr int kFine = 0;
constexpr int kError = 1;
constexpr int kWrongUsage = 2;
constexpr int kDiffers = 3;

// What gRPC has no words for.
std::string CheckAddress(const std::string& text) {
  const bool fine = !text.empty() && absl::StripAsciiWhitespace(text) == text && IsValidUtf8(text);
  return fine ? "" : absl::StrCat("`", absl::CHexEscape(text), "` is not HOST:PORT");
}

void RegisterGlobalFlags(CLI::App* app, Context* context) {
  app->add_option("--server", context->server, "plumblined's address")
      ->envname("PLUMBLINE_SERVER")
      ->check(CheckAddress)
      ->type_name("HOST:PORT")
      ->capture_default_str();
  app->add_option("--format", context->format, "text or json")
      ->check(CLI::IsMember({"text", "json"}))
      ->type_name("FORMAT")
      ->capture_default_str();
  app->add_option("--tls_ca", context->tls_ca, "Connect with TLS; PEM file of the server's CA")
      ->type_name("FILE");
  CLI::Option* cert = app->add_option("--tls_cert", context->tls_cert,
                                      "PEM file of this client's certificate (mTLS)")
                          ->type_name("FILE");
  CLI::Option* key =
      app->add_option("--tls_key", context->tls_key, "PEM file of its key")->type_name("FILE");
  cert->needs(key);
  key->needs(cert);
}

// Nothing can be said of another text, neither to the server nor in JSON. 0: all are.
int FirstNotUtf8(int argc, const char* const* argv) {
  for (int i = 1; i < argc; ++i) {
    if (!IsValidUtf8(argv[i])) return i;
  }
  return 0;
}

int RunAction(const Context& context) {
  const absl::Status status = context.action();
  context.out->flush();
  if (status.ok() && context.out->good()) return kFine;
  if (IsDiffers(status) && context.out->good()) return kDiffers;
  *context.err << "plumbline: "
               << (status.ok() || IsDiffers(status) ? std::string("cannot write the output")
                                                    : std::string(status.message()))
               << std::endl;
  return kError;
}

}  // namespace

int RunCommandLine(int argc, const char* const* argv, std::ostream& out, std::ostream& err,
                   bool shows_progress) {
  if (const int wrong = FirstNotUtf8(argc, argv); wrong != 0) {
    err << "plumbline: `" << absl::CHexEscape(argv[wrong]) << "` is not valid UTF-8" << std::endl;
    return kWrongUsage;
  }
  Context context;
  context.out = &out;
  context.err = &err;
  context.shows_progress = shows_progress;
  BaselineCommands baseline;
  ModelCommands model;
  SendCommand send;
  ReportCommands report;
  PerformanceCommand performance;
  BacktestCommand backtest;
  EnvCommands env;
  LoadCommands load;
  OnCallCommands on_call;
  SplitCommands split;
  GoldenCommands golden;
  ProfileCommands profile;
  CompareCommand compare;
  CLI::App app("Stores baselines of models, sends live rows, shows what has moved.", "plumbline");
  app.require_subcommand(1);
  app.fallthrough();
  RegisterGlobalFlags(&app, &context);
  baseline.Register(&app, &context);
  model.Register(&app, &context);
  send.Register(&app, &context);
  report.Register(&app, &context);
  performance.Register(&app, &context);
  backtest.Register(&app, &context);
  env.Register(&app, &context);
  load.Register(&app, &context);
  on_call.Register(&app, &context);
  split.Register(&app, &context);
  golden.Register(&app, &context);
  profile.Register(&app, &context);
  compare.Register(&app, &context);
  try {
    app.parse(argc, argv);
    return RunAction(context);
  } catch (const CLI::Success& help) {
    return app.exit(help, out, err) == 0 ? kFine : kError;
  } catch (const CLI::ParseError& error) {
    err << "plumbline: " << error.what() << " (--help tells more)" << std::endl;
    return kWrongUsage;
  } catch (const std::exception& error) {
    err << "plumbline: " << error.what() << std::endl;
    return kError;
  }
}

}  // namespace plumbline::client
