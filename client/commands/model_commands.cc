#include <google/protobuf/text_format.h>

#include <CLI/CLI.hpp>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "client/commands/call.h"
#include "client/commands/commands.h"
#include "client/commands/format.h"
#include "client/commands/policy_file.h"
#include "client/commands/text_table.h"
#include "plumbline/v1/model_service.grpc.pb.h"

namespace plumbline::client {
namespace {

using Service = v1::ModelService;

std::string ModelsText(const google::protobuf::RepeatedPtrField<v1::Model>& models) {
  if (models.empty()) return "no models\n";
  using Align = TextTable::Align;
  TextTable table({{"model"},
                   {"version"},
                   {"default"},
                   {"baseline", Align::kRight},
                   {"rows", Align::kRight},
                   {"last batch (UTC)"},
                   {"watermark (UTC)"},
                   {"firing", Align::kRight}});
  for (const v1::Model& model : models) {
    for (const v1::ModelVersion& version : model.versions()) {
      table.AddRow({Printable(model.name()), Printable(version.version()),
                    version.is_default() ? "default" : "",
                    version.active_baseline_number() == 0
                        ? "-"
                        : absl::StrCat(version.active_baseline_number()),
                    FormatCount(version.rows()),
                    FormatTime(version.last_batch_time(), version.has_last_batch_time()),
                    FormatTime(version.watermark(), version.has_watermark()),
                    FormatCount(version.firing_alerts())});
    }
  }
  return table.ToString();
}

std::string PolicyText(const v1::Policy& policy) {
  std::string text;
  google::protobuf::TextFormat::PrintToString(policy, &text);
  return text;
}

}  // namespace

void ModelCommands::Register(CLI::App* app, Context* context) {
  CLI::App* group = app->add_subcommand("model", "Models and how they are judged");
  group->require_subcommand(1);
  const auto add = [&](CLI::App* parent, const char* name, const char* help,
                       absl::Status (ModelCommands::*run)(const Context&) const) {
    CLI::App* command = parent->add_subcommand(name, help);
    command->callback(
        [this, context, run] { context->action = [=, this] { return (this->*run)(*context); }; });
    return command;
  };
  add(group, "list", "List models", &ModelCommands::List);
  target.RegisterModel(add(group, "show", "Show a model", &ModelCommands::Show), true);
  CLI::App* policy = group->add_subcommand("policy", "Windows, thresholds, severities");
  policy->require_subcommand(1);
  CLI::App* get = add(policy, "get", "Show the policy", &ModelCommands::GetPolicy);
  CLI::App* set = add(policy, "set", "Replace the policy", &ModelCommands::SetPolicy);
  CLI::App* remove = add(group, "delete", "Delete a model, or one version", &ModelCommands::Delete);
  for (CLI::App* command : {get, set, remove}) {
    target.RegisterModel(command, true);
    target.RegisterVersion(command);
  }
  set->add_option("--file", file, "Policy as proto JSON or text; `-`: standard input")
      ->required()
      ->type_name("FILE");
  CLI::App* set_default =
      add(group, "set_default", "The version of batches without one", &ModelCommands::SetDefault);
  target.RegisterModel(set_default, true);
  set_default->add_option("--version", target.version, "An existing version")
      ->required()
      ->type_name("V");
}

absl::Status ModelCommands::List(const Context& context) const {
  const auto response =
      Unary<Service>(context, &Service::Stub::ListModels, v1::ListModelsRequest());
  if (!response.ok()) return response.status();
  if (context.json()) return context.PrintJson(*response);
  *context.out << ModelsText(response->models());
  return absl::OkStatus();
}

absl::Status ModelCommands::Show(const Context& context) const {
  v1::GetModelRequest request;
  request.set_model(target.model);
  const auto response = Unary<Service>(context, &Service::Stub::GetModel, request);
  if (!response.ok()) return response.status();
  if (context.json()) return context.PrintJson(response->model());
  google::protobuf::RepeatedPtrField<v1::Model> models;
  *models.Add() = response->model();
  *context.out << ModelsText(models);
  return absl::OkStatus();
}

absl::Status ModelCommands::GetPolicy(const Context& context) const {
  v1::GetPolicyRequest request;
  request.set_model(target.model);
  request.set_version(target.version);
  const auto response = Unary<Service>(context, &Service::Stub::GetPolicy, request);
  if (!response.ok()) return response.status();
  if (context.json()) return context.PrintJson(*response);
  *context.out << "# stored\n"
               << PolicyText(response->stored()) << "\n# in effect, with every default\n"
               << PolicyText(response->effective());
  return absl::OkStatus();
}

absl::Status ModelCommands::SetPolicy(const Context& context) const {
  absl::StatusOr<v1::Policy> read = ReadPolicy(file);
  if (!read.ok()) return read.status();
  v1::SetPolicyRequest request;
  request.set_model(target.model);
  request.set_version(target.version);
  *request.mutable_policy() = *std::move(read);
  const auto response = Unary<Service>(context, &Service::Stub::SetPolicy, request);
  if (!response.ok()) return response.status();
  if (context.json()) return context.PrintJson(*response);
  *context.out << "# in effect, with every default\n" << PolicyText(response->effective());
  return absl::OkStatus();
}

absl::Status ModelCommands::Delete(const Context& context) const {
  v1::DeleteModelRequest request;
  request.set_model(target.model);
  request.set_version(target.version);
  const auto response = Unary<Service>(context, &Service::Stub::DeleteModel, request);
  if (!response.ok()) return response.status();
  if (context.json()) return context.PrintJson(*response);
  *context.out << "deleted\n";
  return absl::OkStatus();
}

absl::Status ModelCommands::SetDefault(const Context& context) const {
  v1::SetDefaultVersionRequest request;
  request.set_model(target.model);
  request.set_version(target.version);
  const auto response = Unary<Service>(context, &Service::Stub::SetDefaultVersion, request);
  if (!response.ok()) return response.status();
  if (context.json()) return context.PrintJson(*response);
  *context.out << "default version of " << Printable(target.model) << ": "
               << Printable(target.version) << "\n";
  return absl::OkStatus();
}

}  // namespace plumbline::client
