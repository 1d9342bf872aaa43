#include "client/commands/load_commands.h"

#include <CLI/CLI.hpp>

#include "absl/strings/str_cat.h"
#include "client/commands/call.h"
#include "client/commands/load_text.h"
#include "client/commands/number_flag.h"
#include "client/commands/verdict.h"
#include "plumbline/v1/ingest_service.grpc.pb.h"
#include "plumbline/v1/report_service.grpc.pb.h"
#include "server/manifest/row_set.h"

namespace plumbline::client {
namespace {

using Service = v1::IngestService;

template <class Request>
Request Declaration(const LoadCommands& flags) {
  Request request;
  request.set_model(flags.target.model);
  request.set_version(flags.target.version);
  request.set_load(flags.load);
  if (flags.rows.has_value()) request.set_row_count(*flags.rows);
  request.set_digest(flags.digest);
  return request;
}

}  // namespace

std::string CheckDigest(const std::string& text) {
  return manifest::ParseDigest(text).has_value()
             ? ""
             : absl::StrCat("\"", text, "\" is not 32 hex digits");
}

absl::Status ShowLoad(const Context& context, const v1::Load& load) {
  if (context.json()) return context.PrintJson(load);
  *context.out << LoadText(load);
  return absl::OkStatus();
}

absl::Status LoadVerdict(const v1::Load& load) {
  return load.state() == v1::LOAD_STATE_COMPLETE ? absl::OkStatus() : Differs();
}

void LoadCommands::Register(CLI::App* app, Context* context) {
  CLI::App* group = app->add_subcommand("load", "What was declared of loads, and what came");
  group->require_subcommand(1);
  const auto add = [&](const char* name, const char* help,
                       absl::Status (LoadCommands::*run)(const Context&) const) {
    CLI::App* command = group->add_subcommand(name, help);
    command->callback(
        [this, context, run] { context->action = [=, this] { return (this->*run)(*context); }; });
    target.RegisterModel(command, true);
    target.RegisterVersion(command);
    return command;
  };
  const auto declare = [&](CLI::App* command) {
    command->add_option("--load", load, "Its name, as `send --load` gives it")
        ->required()
        ->type_name("NAME");
    command->add_option("--rows", rows, "How many rows it has")
        ->transform(WholeNumber())
        ->type_name("N");
    command
        ->add_option(
            "--digest", digest,
            "The digest of its rows in 32 hex digits, as `profile create --model` shows it")
        ->check(CheckDigest)
        ->type_name("HEX");
  };
  declare(add("begin", "Declare a load before its rows are sent", &LoadCommands::Begin));
  declare(add("end",
              "Declare what a load was, and say what came of it: exit code 3 if that differs",
              &LoadCommands::End));
  add("list", "List the loads of a model", &LoadCommands::List);
}

absl::Status LoadCommands::Begin(const Context& context) const {
  const auto begun =
      Unary<Service>(context, &Service::Stub::BeginLoad, Declaration<v1::BeginLoadRequest>(*this));
  if (!begun.ok()) return begun.status();
  return ShowLoad(context, begun->load());
}

absl::Status LoadCommands::End(const Context& context) const {
  const auto ended =
      Unary<Service>(context, &Service::Stub::EndLoad, Declaration<v1::EndLoadRequest>(*this));
  if (!ended.ok()) return ended.status();
  if (const absl::Status shown = ShowLoad(context, ended->load()); !shown.ok()) return shown;
  return LoadVerdict(ended->load());
}

absl::Status LoadCommands::List(const Context& context) const {
  v1::GetReportRequest request;
  request.set_model(target.model);
  request.set_version(target.version);
  const auto response =
      Unary<v1::ReportService>(context, &v1::ReportService::Stub::GetReport, request);
  if (!response.ok()) return response.status();
  const v1::Report& report = response->report();
  if (context.json()) {
    for (const v1::Load& one : report.loads()) {
      if (absl::Status printed = context.PrintJson(one); !printed.ok()) return printed;
    }
    return absl::OkStatus();
  }
  *context.out << (report.loads().empty() ? "no loads\n"
                                          : LoadsText(report.loads(), report.loads_size()));
  return absl::OkStatus();
}

}  // namespace plumbline::client
