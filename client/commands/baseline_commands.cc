#include <CLI/CLI.hpp>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "client/commands/baseline_text.h"
#include "client/commands/call.h"
#include "client/commands/commands.h"
#include "client/commands/env_commands.h"
#include "client/commands/file_io.h"
#include "client/commands/number_flag.h"
#include "client/commands/progress.h"
#include "client/commands/upload_rows.h"
#include "client/csv_batches.h"
#include "plumbline/v1/baseline_service.grpc.pb.h"

namespace plumbline::client {
namespace {

using Service = v1::BaselineService;

constexpr size_t kMaxExportBytes = 1 << 30;

template <class Request>
Request ForTarget(const TargetFlags& target) {
  Request request;
  request.set_model(target.model);
  request.set_version(target.version);
  request.set_number(target.number);
  return request;
}

v1::CreateBaselineHeader HeaderOf(const BaselineCommands& flags, const CsvPlan& plan,
                                  v1::Environment environment) {
  v1::CreateBaselineHeader header;
  if (!flags.environment.empty()) *header.mutable_environment() = std::move(environment);
  header.set_model(flags.target.model);
  header.set_version(flags.target.version);
  header.set_description(flags.description);
  header.set_keep_inactive(flags.keep_inactive);
  AddVariables(plan, &header);
  return header;
}

}  // namespace

void TargetFlags::RegisterModel(CLI::App* app, bool required) {
  app->add_option("--model", model, "The model")->required(required)->type_name("M");
}

void TargetFlags::RegisterVersion(CLI::App* app) {
  app->add_option("--version", version, "Its version; without: the default version")
      ->type_name("V");
}

void BaselineCommands::Register(CLI::App* app, Context* context) {
  CLI::App* group = app->add_subcommand("baseline", "Snapshots of training data");
  group->require_subcommand(1);
  const auto add = [&](const char* name, const char* help,
                       absl::Status (BaselineCommands::*run)(const Context&) const) {
    CLI::App* command = group->add_subcommand(name, help);
    command->callback(
        [this, context, run] { context->action = [=, this] { return (this->*run)(*context); }; });
    return command;
  };
  const auto add_number = [this](CLI::App* command, bool required) {
    command->add_option("--number", target.number, "Number of the baseline")
        ->required(required)
        ->transform(WholeNumber())
        ->type_name("N");
  };
  CLI::App* create = add("create", "Store a CSV file, or the live window, as a baseline",
                         &BaselineCommands::Create);
  target.RegisterModel(create, true);
  target.RegisterVersion(create);
  columns.Register(create);
  create->get_option("--csv")->required(false);
  create->add_flag("--from_window", from_window,
                   "In place of --csv: what is live becomes the baseline");
  create->add_option("--description", description, "Free text")->type_name("T");
  create->add_flag("--keep_inactive", keep_inactive, "Store without activating");
  create
      ->add_option(
          "--environment", environment,
          "What training ran in, as `env capture` wrote it: producers are compared with it")
      ->type_name("FILE");
  CLI::App* list = add("list", "List baselines", &BaselineCommands::List);
  target.RegisterModel(list, false);
  target.RegisterVersion(list);
  CLI::App* show = add("show", "Show a baseline (the active one)", &BaselineCommands::Show);
  CLI::App* activate = add("activate", "Judge by this baseline", &BaselineCommands::Activate);
  CLI::App* remove = add("delete", "Delete a baseline", &BaselineCommands::Delete);
  CLI::App* save = add("export", "Write a baseline to a file", &BaselineCommands::Export);
  for (CLI::App* command : {show, activate, remove, save}) {
    target.RegisterModel(command, true);
    target.RegisterVersion(command);
    add_number(command, command == activate || command == remove);
  }
  save->add_option("--out", file, "File to write")->required()->type_name("FILE");
  CLI::App* load = add("import", "Store an exported baseline", &BaselineCommands::Import);
  target.RegisterModel(load, false);
  target.RegisterVersion(load);
  load->add_option("--in", file, "File that export wrote")->required()->type_name("FILE");
  load->add_flag("--keep_inactive", keep_inactive, "Store without activating");
}

absl::Status BaselineCommands::CreateFromWindow(const Context& context) const {
  v1::CreateBaselineFromWindowRequest request;
  request.set_model(target.model);
  request.set_version(target.version);
  request.set_description(description);
  request.set_keep_inactive(keep_inactive);
  const auto response = Unary<Service>(context, &Service::Stub::CreateBaselineFromWindow, request);
  if (!response.ok()) return response.status();
  if (context.json()) return context.PrintJson(*response);
  *context.out << BaselineLine(response->summary());
  return absl::OkStatus();
}

absl::Status BaselineCommands::Create(const Context& context) const {
  if (from_window == !columns.csv.empty()) {
    return absl::InvalidArgumentError("baseline create wants one of --csv and --from_window");
  }
  if (from_window && !environment.empty()) {
    return absl::InvalidArgumentError(
        "a baseline from the window keeps the environment of the one before");
  }
  if (from_window) return CreateFromWindow(context);
  absl::StatusOr<v1::Environment> trained_in;
  if (!environment.empty()) {
    trained_in = ReadEnvironment(environment);
    if (!trained_in.ok()) return trained_in.status();
  } else {
    trained_in.emplace();
  }
  const absl::StatusOr<CsvPlan> plan = columns.Plan(context, {});
  if (!plan.ok()) return plan.status();
  const auto batches = columns.Open(*plan);
  if (!batches.ok()) return batches.status();
  auto channel = context.Connect();
  if (!channel.ok()) return channel.status();
  const auto stub = Service::NewStub(*channel);
  grpc::ClientContext call;
  v1::CreateBaselineResponse response;
  const auto writer = stub->CreateBaseline(&call, &response);
  absl::Status status;
  {
    Progress progress(*context.err, context.shows_progress, "sending");
    status = WriteRows(HeaderOf(*this, *plan, *std::move(trained_in)), *plan, batches->get(),
                       &progress, writer.get());
  }
  if (!status.ok()) call.TryCancel();
  const grpc::Status finished = writer->Finish();
  if (!status.ok()) return status;
  if (!finished.ok()) return CallError(finished, context.server);
  if (context.json()) return context.PrintJson(response);
  *context.out << BaselineLine(response.summary());
  return absl::OkStatus();
}

absl::Status BaselineCommands::List(const Context& context) const {
  v1::ListBaselinesRequest request;
  request.set_model(target.model);
  request.set_version(target.version);
  const auto response = Unary<Service>(context, &Service::Stub::ListBaselines, request);
  if (!response.ok()) return response.status();
  if (context.json()) return context.PrintJson(*response);
  *context.out << BaselinesText(*response);
  return absl::OkStatus();
}

absl::Status BaselineCommands::Show(const Context& context) const {
  const auto baseline = FetchBaseline(context, target.model, target.version, target.number);
  if (!baseline.ok()) return baseline.status();
  if (context.json()) return context.PrintJson(*baseline);
  *context.out << BaselineText(*baseline);
  return absl::OkStatus();
}

absl::Status BaselineCommands::Activate(const Context& context) const {
  const auto response = Unary<Service>(context, &Service::Stub::ActivateBaseline,
                                       ForTarget<v1::ActivateBaselineRequest>(target));
  if (!response.ok()) return response.status();
  if (context.json()) return context.PrintJson(*response);
  *context.out << BaselineLine(response->summary());
  return absl::OkStatus();
}

absl::Status BaselineCommands::Delete(const Context& context) const {
  const auto response = Unary<Service>(context, &Service::Stub::DeleteBaseline,
                                       ForTarget<v1::DeleteBaselineRequest>(target));
  if (!response.ok()) return response.status();
  if (context.json()) return context.PrintJson(*response);
  *context.out << "deleted\n";
  return absl::OkStatus();
}

absl::Status BaselineCommands::Export(const Context& context) const {
  const auto response = Unary<Service>(context, &Service::Stub::ExportBaseline,
                                       ForTarget<v1::ExportBaselineRequest>(target));
  if (!response.ok()) return response.status();
  const std::string content = response->baseline().SerializeAsString();
  const absl::Status status = WriteFile(file, content);
  if (!status.ok() || context.json()) return status;
  *context.out << "wrote " << content.size() << " bytes to " << file << "\n";
  return absl::OkStatus();
}

absl::Status BaselineCommands::Import(const Context& context) const {
  const absl::StatusOr<std::string> content = ReadFile(file, kMaxExportBytes);
  if (!content.ok()) return content.status();
  v1::ImportBaselineRequest request;
  if (content->empty() || !request.mutable_baseline()->ParseFromString(*content)) {
    return absl::InvalidArgumentError(absl::StrCat(file, ": not an exported baseline"));
  }
  request.set_model(target.model);
  request.set_version(target.version);
  request.set_keep_inactive(keep_inactive);
  const auto response = Unary<Service>(context, &Service::Stub::ImportBaseline, request);
  if (!response.ok()) return response.status();
  if (context.json()) return context.PrintJson(*response);
  *context.out << BaselineLine(response->summary());
  return absl::OkStatus();
}

}  // namespace plumbline::client
