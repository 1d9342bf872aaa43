#include "client/commands/on_call_commands.h"

#include <CLI/CLI.hpp>

#include "absl/strings/str_cat.h"
#include "client/cell_values.h"
#include "client/commands/alert_text.h"
#include "client/commands/call.h"
#include "client/commands/duration_flag.h"
#include "client/commands/on_call_text.h"
#include "client/utf8.h"
#include "plumbline/v1/on_call_service.grpc.pb.h"

namespace plumbline::client {
namespace {

using Service = v1::OnCallService;

std::string Utf8(const std::string& text) {
  return IsValidUtf8(text) ? "" : "the text is not valid UTF-8";
}

CLI::Option* RegisterReason(CLI::App* command, OnCallCommands* flags) {
  return command->add_option("--reason", flags->reason, "Why")->type_name("TEXT");
}

void RegisterBy(CLI::App* command, OnCallCommands* flags) {
  command->add_option("--by", flags->by, "Who says so; without: $USER")
      ->envname("USER")
      ->required()
      ->check(Utf8)
      ->type_name("NAME");
}

void RegisterWho(CLI::App* command, OnCallCommands* flags) {
  RegisterBy(command, flags);
  RegisterReason(command, flags)->required();
}

void RegisterCheck(CLI::App* command, OnCallCommands* flags, const char* of_variable) {
  command->add_option("--check", flags->check, "The check, such as drift")->type_name("C");
  command->add_option("--variable", flags->variable, of_variable)->type_name("V");
}

void RegisterRows(CLI::App* command, OnCallCommands* flags, const char* of_source) {
  CLI::Option* const source =
      command->add_option("--source", flags->source, of_source)->type_name("S");
  command->add_option("--slice", flags->slice, "Only of this slice")
      ->excludes(source)
      ->type_name("VARIABLE=CATEGORY");
}

void RegisterLasts(CLI::App* command, OnCallCommands* flags, const char* help) {
  command->add_option("--for", flags->lasts, help)
      ->check([](const std::string& text) {
        return DurationOf(text).has_value() ? "" : absl::StrCat("`", text, "` is no duration");
      })
      ->type_name("DURATION");
}

CLI::Option* RegisterTime(CLI::App* command, const char* flag, std::string* time,
                          const char* help) {
  return command->add_option(flag, *time, help)
      ->check([](const std::string& text) {
        return ParseUnixMicros(text).has_value() ? "" : absl::StrCat("`", text, "` is no time");
      })
      ->type_name("TIME");
}

google::protobuf::Timestamp TimeOf(const std::string& text) {
  const absl::Time time = absl::FromUnixMicros(ParseUnixMicros(text).value_or(0));
  google::protobuf::Timestamp out;
  out.set_seconds(absl::ToUnixSeconds(time));
  out.set_nanos(
      static_cast<int32_t>(absl::ToInt64Nanoseconds(time - absl::FromUnixSeconds(out.seconds()))));
  return out;
}

template <class Response>
absl::Status Show(const Context& context, const absl::StatusOr<Response>& response,
                  std::string (*text)(const Response&)) {
  if (!response.ok()) return response.status();
  if (context.json()) return context.PrintJson(*response);
  *context.out << text(*response);
  return absl::OkStatus();
}

// One as a list of one.
template <class List, class One>
std::string TextOfOne(const One& one, std::string (*text)(const List&), One* (List::*add)()) {
  List list;
  *(list.*add)() = one;
  return text(list);
}

}  // namespace

CLI::App* OnCallCommands::Add(CLI::App* parent, const char* command_name, const char* help, Run run,
                              Context* context) {
  CLI::App* command = parent->add_subcommand(command_name, help);
  command->callback(
      [this, context, run] { context->action = [=, this] { return (this->*run)(*context); }; });
  return command;
}

void OnCallCommands::Register(CLI::App* app, Context* context) {
  CLI::App* command = Add(app, "acknowledge", "Say that you look after alerts: they page no more",
                          &OnCallCommands::Acknowledge, context);
  target.RegisterModel(command, true);
  target.RegisterVersion(command);
  RegisterCheck(command, this, "Only on this variable; empty: on the model as a whole");
  RegisterRows(command, this, "Only of this source; empty: of all rows");
  RegisterBy(command, this);
  CLI::Option_group* const why = command->add_option_group("Why");
  RegisterReason(why, this);
  why->add_flag("--undo", undo, "Take it back");
  why->require_option(1);
  command->add_option("--incident", incident, "Only of this incident; --check may then be left out")
      ->type_name("ID");
  CLI::App* incidents = Add(app, "incidents", "What belongs together of the alerts that are open",
                            &OnCallCommands::Incidents, context);
  target.RegisterModel(incidents, false);
  target.RegisterVersion(incidents);
  RegisterMute(app, context);
  RegisterChange(app, context);
}

void OnCallCommands::RegisterMute(CLI::App* app, Context* context) {
  CLI::App* group = app->add_subcommand("mute", "Checks that nobody wants to hear of for a time");
  group->require_subcommand(1);
  CLI::App* set = Add(group, "set", "Keep a check quiet", &OnCallCommands::SetMute, context);
  CLI::App* end =
      Add(group, "end", "End a mute before its time", &OnCallCommands::EndMute, context);
  for (CLI::App* command : {set, end}) {
    target.RegisterModel(command, true);
    target.RegisterVersion(command);
    RegisterCheck(command, this, "Only of this variable");
    command->get_option("--check")->required();
    RegisterRows(command, this,
                 "Only of this source; without, and without --slice: of all rows, sources and "
                 "slices");
    RegisterWho(command, this);
  }
  RegisterLasts(set, this, "How long, such as 8h or 3d");
  RegisterTime(set, "--until", &until, "Until when, in UTC")->excludes(set->get_option("--for"));
  CLI::App* list = Add(group, "list", "List mutes", &OnCallCommands::ListMutes, context);
  target.RegisterModel(list, false);
  target.RegisterVersion(list);
  list->add_flag("--all", all, "Those that have ended, too");
}

void OnCallCommands::RegisterChange(CLI::App* app, Context* context) {
  CLI::App* group = app->add_subcommand("change", "Changes that are expected, such as a release");
  group->require_subcommand(1);
  CLI::App* declare =
      Add(group, "declare", "Hold back what begins to drift while a change lasts, until its end",
          &OnCallCommands::DeclareChange, context);
  CLI::App* withdraw = Add(group, "withdraw", "End a change before its time",
                           &OnCallCommands::WithdrawChange, context);
  for (CLI::App* command : {declare, withdraw}) {
    target.RegisterModel(command, true);
    target.RegisterVersion(command);
    command->add_option("--name", name, "Its name, such as that of the release")
        ->required()
        ->type_name("NAME");
    RegisterWho(command, this);
  }
  RegisterLasts(declare, this, "How long it lasts, such as 2h");
  declare->get_option("--for")->required();
  RegisterTime(declare, "--at", &from, "When it begins, in UTC; without: now");
  declare->add_option("--variables", variables, "Only these, V,...")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->type_name("V");
  CLI::App* list =
      Add(group, "list", "List expected changes", &OnCallCommands::ListChanges, context);
  target.RegisterModel(list, false);
  target.RegisterVersion(list);
  list->add_flag("--all", all, "Those that are over, too");
}

absl::Status OnCallCommands::Acknowledge(const Context& context) const {
  v1::AlertSelection alerts;
  alerts.set_model(target.model);
  alerts.set_version(target.version);
  alerts.set_check(check);
  if (variable.has_value()) alerts.set_variable(*variable);
  if (source.has_value()) alerts.set_source(*source);
  if (slice.has_value()) alerts.set_slice(*slice);
  alerts.set_incident(incident);
  v1::ListAlertsResponse shown;
  if (undo) {
    v1::UnacknowledgeAlertsRequest request;
    *request.mutable_alerts() = std::move(alerts);
    auto response = Unary<Service>(context, &Service::Stub::UnacknowledgeAlerts, request);
    if (!response.ok()) return response.status();
    shown.mutable_alerts()->Swap(response->mutable_alerts());
  } else {
    v1::AcknowledgeAlertsRequest request;
    *request.mutable_alerts() = std::move(alerts);
    request.set_by(by);
    request.set_reason(reason);
    auto response = Unary<Service>(context, &Service::Stub::AcknowledgeAlerts, request);
    if (!response.ok()) return response.status();
    shown.mutable_alerts()->Swap(response->mutable_alerts());
  }
  if (context.json()) return context.PrintJson(shown);
  *context.out << AlertsText(shown);
  return absl::OkStatus();
}

absl::Status OnCallCommands::Incidents(const Context& context) const {
  v1::ListIncidentsRequest request;
  request.set_model(target.model);
  request.set_version(target.version);
  const auto response = Unary<Service>(context, &Service::Stub::ListIncidents, request);
  if (!response.ok()) return response.status();
  if (context.json()) return context.PrintJson(*response);
  *context.out << IncidentsText(response->incidents());
  return absl::OkStatus();
}

absl::Status OnCallCommands::SetMute(const Context& context) const {
  v1::MuteCheckRequest request;
  request.set_model(target.model);
  request.set_version(target.version);
  request.set_check(check);
  request.set_variable(variable.value_or(""));
  request.set_slice(slice.value_or(""));
  request.set_source(source.value_or(""));
  if (const auto duration = DurationOf(lasts); duration.has_value()) {
    *request.mutable_lasts() = ToWire(*duration);
  } else if (!until.empty()) {
    *request.mutable_until() = TimeOf(until);
  }
  request.set_by(by);
  request.set_reason(reason);
  return Show(
      context, Unary<Service>(context, &Service::Stub::MuteCheck, request),
      +[](const v1::MuteCheckResponse& response) {
        return TextOfOne(response.mute(), MutesText, &v1::ListMutesResponse::add_mutes);
      });
}

absl::Status OnCallCommands::EndMute(const Context& context) const {
  v1::UnmuteCheckRequest request;
  request.set_model(target.model);
  request.set_version(target.version);
  request.set_check(check);
  request.set_variable(variable.value_or(""));
  request.set_slice(slice.value_or(""));
  request.set_source(source.value_or(""));
  request.set_by(by);
  request.set_reason(reason);
  return Show(
      context, Unary<Service>(context, &Service::Stub::UnmuteCheck, request),
      +[](const v1::UnmuteCheckResponse& response) {
        return TextOfOne(response.mute(), MutesText, &v1::ListMutesResponse::add_mutes);
      });
}

absl::Status OnCallCommands::ListMutes(const Context& context) const {
  v1::ListMutesRequest request;
  request.set_model(target.model);
  request.set_version(target.version);
  request.set_include_ended(all);
  return Show(context, Unary<Service>(context, &Service::Stub::ListMutes, request), MutesText);
}

absl::Status OnCallCommands::DeclareChange(const Context& context) const {
  v1::DeclareChangeRequest request;
  request.set_model(target.model);
  request.set_version(target.version);
  request.set_name(name);
  request.mutable_variables()->Assign(variables.begin(), variables.end());
  if (!from.empty()) *request.mutable_from() = TimeOf(from);
  if (const auto duration = DurationOf(lasts); duration.has_value()) {
    *request.mutable_lasts() = ToWire(*duration);
  }
  request.set_by(by);
  request.set_reason(reason);
  return Show(
      context, Unary<Service>(context, &Service::Stub::DeclareChange, request),
      +[](const v1::DeclareChangeResponse& response) {
        return TextOfOne(response.change(), ChangesText, &v1::ListChangesResponse::add_changes);
      });
}

absl::Status OnCallCommands::WithdrawChange(const Context& context) const {
  v1::WithdrawChangeRequest request;
  request.set_model(target.model);
  request.set_version(target.version);
  request.set_name(name);
  request.set_by(by);
  request.set_reason(reason);
  return Show(
      context, Unary<Service>(context, &Service::Stub::WithdrawChange, request),
      +[](const v1::WithdrawChangeResponse& response) {
        return TextOfOne(response.change(), ChangesText, &v1::ListChangesResponse::add_changes);
      });
}

absl::Status OnCallCommands::ListChanges(const Context& context) const {
  v1::ListChangesRequest request;
  request.set_model(target.model);
  request.set_version(target.version);
  request.set_include_ended(all);
  return Show(context, Unary<Service>(context, &Service::Stub::ListChanges, request), ChangesText);
}

}  // namespace plumbline::client
