#include "client/commands/profile_commands.h"

#include <CLI/CLI.hpp>
#include <memory>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "client/commands/call.h"
#include "client/commands/profile_text.h"
#include "client/commands/progress.h"
#include "client/commands/upload_rows.h"
#include "client/csv_batches.h"
#include "plumbline/v1/profile_service.grpc.pb.h"

namespace plumbline::client {
namespace {

using Service = v1::ProfileService;

v1::CreateProfileHeader HeaderOf(const ProfileCommands& flags, const CsvPlan& plan) {
  v1::CreateProfileHeader header;
  *header.mutable_key() = flags.key.Key();
  header.set_description(flags.description);
  header.set_replace(flags.replace);
  for (const std::string& name : flags.group_by) header.add_group_by(name);
  AddVariables(plan, &header);
  return header;
}

}  // namespace

void ProfileFlags::Register(CLI::App* app, bool required) {
  app->add_option("--name", name, "The data set")->required(required)->type_name("N");
  app->add_option("--stage", stage, "How far it has come: raw, joined, features")->type_name("S");
  app->add_option("--environment", environment, "Where: research, production")->type_name("E");
  app->add_option("--source", source, "Where it comes from")->type_name("SRC");
}

v1::ProfileKey ProfileFlags::Key() const {
  v1::ProfileKey key;
  key.set_name(name);
  key.set_stage(stage);
  key.set_environment(environment);
  key.set_source(source);
  return key;
}

absl::StatusOr<v1::ProfileKey> ParseProfileKey(const std::string& text) {
  v1::ProfileKey key;
  if (!absl::StrContains(text, '=')) {
    key.set_name(text);
    return key;
  }
  for (const absl::string_view part : absl::StrSplit(text, ',')) {
    const std::pair<std::string, std::string> field = absl::StrSplit(part, absl::MaxSplits('=', 1));
    if (field.first == "name") {
      key.set_name(field.second);
    } else if (field.first == "stage") {
      key.set_stage(field.second);
    } else if (field.first == "environment") {
      key.set_environment(field.second);
    } else if (field.first == "source") {
      key.set_source(field.second);
    } else {
      return absl::InvalidArgumentError(absl::StrCat(
          "`", text, "`: `", field.first, "` is none of name, stage, environment, source, live"));
    }
  }
  return key;
}

absl::StatusOr<v1::ComparedSide> ParseSide(const std::string& text) {
  v1::ComparedSide side;
  if (absl::StartsWith(text, "live=")) {
    const std::pair<std::string, std::string> model =
        absl::StrSplit(text.substr(5), absl::MaxSplits('/', 1));
    side.mutable_live()->set_model(model.first);
    side.mutable_live()->set_version(model.second);
    return side;
  }
  if (!absl::StrContains(text, '=')) {
    side.set_any(text);
    return side;
  }
  auto key = ParseProfileKey(text);
  if (!key.ok()) return key.status();
  *side.mutable_profiles() = *std::move(key);
  return side;
}

void ProfileCommands::Register(CLI::App* app, Context* context) {
  CLI::App* group = app->add_subcommand("profile", "Summaries of data sets, to compare");
  group->require_subcommand(1);
  const auto add = [&](const char* name, const char* help,
                       absl::Status (ProfileCommands::*run)(const Context&) const) {
    CLI::App* command = group->add_subcommand(name, help);
    command->callback(
        [this, context, run] { context->action = [=, this] { return (this->*run)(*context); }; });
    return command;
  };
  CLI::App* create = add("create", "Store the profile of a CSV file", &ProfileCommands::Create);
  key.Register(create, true);
  columns.Register(create);
  CLI::Option* model = create
                           ->add_option("--model", target.model,
                                        "Read the columns by the kinds of this model's baseline, "
                                        "as `send` does: so the digests are those of a load")
                           ->type_name("M");
  target.RegisterVersion(create);
  create->get_option("--version")->needs(model);
  create
      ->add_option("--group_by", group_by, "Categorical columns to add the numbers up by, COL,...")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->type_name("COL");
  CLI::App* list = add("list", "List profiles", &ProfileCommands::List);
  CLI::App* show = add("show", "Show a profile", &ProfileCommands::Show);
  CLI::App* remove = add("delete", "Delete a profile", &ProfileCommands::Delete);
  key.Register(list, false);
  key.Register(show, false);
  key.Register(remove, true);
  CLI::App* merge = add("merge", "Store the profile of several parts", &ProfileCommands::Merge);
  key.Register(merge, true);
  merge
      ->add_option("parts", parts,
                   "In their order: a name, or name=N,stage=S,environment=E,source=X")
      ->required()
      ->type_name("PART");
  for (CLI::App* command : {create, merge}) {
    command->add_option("--description", description, "Free text")->type_name("T");
    command->add_flag("--replace", replace, "Take the place of the one that is there");
  }
}

absl::Status ProfileCommands::Create(const Context& context) const {
  std::vector<v1::VariableSpec> variables;
  if (!target.model.empty()) {
    const auto baseline = FetchBaseline(context, target.model, target.version, 0);
    if (!baseline.ok()) return baseline.status();
    variables = VariablesOf(*baseline);
  }
  const absl::StatusOr<CsvPlan> plan = columns.Plan(context, variables);
  if (!plan.ok()) return plan.status();
  const auto batches = columns.Open(*plan);
  if (!batches.ok()) return batches.status();
  auto channel = context.Connect();
  if (!channel.ok()) return channel.status();
  const auto stub = Service::NewStub(*channel);
  grpc::ClientContext call;
  v1::CreateProfileResponse response;
  const auto writer = stub->CreateProfile(&call, &response);
  absl::Status status;
  {
    Progress progress(*context.err, context.shows_progress, "sending");
    status = WriteRows(HeaderOf(*this, *plan), *plan, batches->get(), &progress, writer.get());
  }
  if (!status.ok()) call.TryCancel();
  const grpc::Status finished = writer->Finish();
  if (!status.ok()) return status;
  if (!finished.ok()) return CallError(finished, context.server);
  if (context.json()) return context.PrintJson(response);
  *context.out << ProfileLine(response.summary());
  return absl::OkStatus();
}

absl::Status ProfileCommands::List(const Context& context) const {
  v1::ListProfilesRequest request;
  *request.mutable_filter() = key.Key();
  const auto response = Unary<Service>(context, &Service::Stub::ListProfiles, request);
  if (!response.ok()) return response.status();
  if (context.json()) return context.PrintJson(*response);
  *context.out << ProfilesText(*response);
  return absl::OkStatus();
}

absl::Status ProfileCommands::Show(const Context& context) const {
  v1::GetProfileRequest request;
  *request.mutable_filter() = key.Key();
  const auto response = Unary<Service>(context, &Service::Stub::GetProfile, request);
  if (!response.ok()) return response.status();
  if (context.json()) return context.PrintJson(*response);
  *context.out << ProfileText(*response);
  return absl::OkStatus();
}

absl::Status ProfileCommands::Delete(const Context& context) const {
  v1::DeleteProfileRequest request;
  *request.mutable_filter() = key.Key();
  const auto response = Unary<Service>(context, &Service::Stub::DeleteProfile, request);
  if (!response.ok()) return response.status();
  if (context.json()) return context.PrintJson(*response);
  *context.out << "deleted " << ProfileLine(response->summary());
  return absl::OkStatus();
}

absl::Status ProfileCommands::Merge(const Context& context) const {
  v1::MergeProfilesRequest request;
  for (const std::string& part : parts) {
    auto parsed = ParseProfileKey(part);
    if (!parsed.ok()) return parsed.status();
    *request.add_parts() = *std::move(parsed);
  }
  *request.mutable_into() = key.Key();
  request.set_description(description);
  request.set_replace(replace);
  const auto response = Unary<Service>(context, &Service::Stub::MergeProfiles, request);
  if (!response.ok()) return response.status();
  if (context.json()) return context.PrintJson(*response);
  *context.out << ProfileLine(response->summary());
  return absl::OkStatus();
}

}  // namespace plumbline::client
