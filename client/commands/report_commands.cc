#include <CLI/CLI.hpp>
#include <algorithm>
#include <limits>

#include "client/commands/alert_text.h"
#include "client/commands/call.h"
#include "client/commands/commands.h"
#include "client/commands/impact_text.h"
#include "client/commands/number_flag.h"
#include "client/commands/report_text.h"
#include "plumbline/v1/report_service.grpc.pb.h"

namespace plumbline::client {

using Service = v1::ReportService;

void ReportCommands::Register(CLI::App* app, Context* context) {
  const auto add = [&](const char* name, const char* help,
                       absl::Status (ReportCommands::*run)(const Context&) const) {
    CLI::App* command = app->add_subcommand(name, help);
    command->callback(
        [this, context, run] { context->action = [=, this] { return (this->*run)(*context); }; });
    return command;
  };
  CLI::App* report = add("report", "The current window of a model", &ReportCommands::Report);
  target.RegisterModel(report, true);
  target.RegisterVersion(report);
  report->add_option("--variable", variable, "Everything about this variable")->type_name("V");
  report->add_option("--source", source, "Only the rows of this source")->type_name("S");
  report
      ->add_option("--slice", slice,
                   "Only the rows with this value of a slice variable (see the policy)")
      ->type_name("VARIABLE=VALUE");
  CLI::App* alerts = add("alerts", "Alerts that are pending or firing", &ReportCommands::Alerts);
  target.RegisterModel(alerts, false);
  target.RegisterVersion(alerts);
  alerts->add_flag("--all", all, "Resolved ones too");
  CLI::App* similar =
      add("similar", "The features that could stand in for a variable", &ReportCommands::Similar);
  target.RegisterModel(similar, true);
  target.RegisterVersion(similar);
  similar->add_option("--variable", variable, "The variable")->type_name("V")->required();
  similar->add_option("--limit", limit, "At most so many")
      ->type_name("N")
      ->transform(WholeNumber(1, std::numeric_limits<uint32_t>::max()));
  CLI::App* impact =
      add("impact", "How predictions differ in rows that lack an input", &ReportCommands::Impact);
  target.RegisterModel(impact, true);
  target.RegisterVersion(impact);
  impact->add_option("--variable", variable, "Only of this input")->type_name("V");
  impact->add_option("--source", source, "Only the rows of this source")->type_name("S");
  CLI::App* watch = add("watch", "Every change of an alert as it happens", &ReportCommands::Watch);
  target.RegisterModel(watch, false);
}

absl::Status ReportCommands::Report(const Context& context) const {
  v1::GetReportRequest request;
  request.set_model(target.model);
  request.set_version(target.version);
  request.set_variable(variable);
  request.set_source(source);
  request.set_slice(slice);
  const auto response = Unary<Service>(context, &Service::Stub::GetReport, request);
  if (!response.ok()) return response.status();
  if (context.json()) return context.PrintJson(response->report());
  *context.out << (variable.empty() ? ReportText(response->report())
                                    : VariableText(response->report()));
  return absl::OkStatus();
}

absl::Status ReportCommands::Alerts(const Context& context) const {
  v1::ListAlertsRequest request;
  request.set_model(target.model);
  request.set_version(target.version);
  request.set_include_resolved(all);
  const auto response = Unary<Service>(context, &Service::Stub::ListAlerts, request);
  if (!response.ok()) return response.status();
  if (context.json()) return context.PrintJson(*response);
  *context.out << AlertsText(*response);
  return absl::OkStatus();
}

absl::Status ReportCommands::Similar(const Context& context) const {
  v1::ListSimilarVariablesRequest request;
  request.set_model(target.model);
  request.set_version(target.version);
  request.set_variable(variable);
  request.set_limit(limit);
  const auto response = Unary<Service>(context, &Service::Stub::ListSimilarVariables, request);
  if (!response.ok()) return response.status();
  if (context.json()) return context.PrintJson(*response);
  *context.out << SimilarText(*response);
  return absl::OkStatus();
}

absl::Status ReportCommands::Impact(const Context& context) const {
  v1::GetImpactRequest request;
  request.set_model(target.model);
  request.set_version(target.version);
  request.set_variable(variable);
  request.set_source(source);
  const auto response = Unary<Service>(context, &Service::Stub::GetImpact, request);
  if (!response.ok()) return response.status();
  if (context.json()) return context.PrintJson(*response);
  bool has_prediction = true;
  if (response->impacts().empty()) {
    const auto baseline =
        FetchBaseline(context, target.model, target.version, response->baseline_number());
    if (!baseline.ok()) return baseline.status();
    const auto& variables = baseline->variables();
    has_prediction = std::any_of(variables.begin(), variables.end(),
                                 [](const auto& one) { return one.role() == v1::ROLE_PREDICTION; });
  }
  *context.out << ImpactText(*response, has_prediction);
  return absl::OkStatus();
}

absl::Status ReportCommands::Watch(const Context& context) const {
  auto channel = context.Connect();
  if (!channel.ok()) return channel.status();
  const auto stub = Service::NewStub(*channel);
  v1::WatchAlertsRequest request;
  request.set_model(target.model);
  grpc::ClientContext call;
  const auto reader = stub->WatchAlerts(&call, request);
  v1::WatchAlertsResponse response;
  absl::Status status;
  while (status.ok() && reader->Read(&response)) {
    if (context.json()) {
      status = context.PrintJson(response.alert());
    } else {
      *context.out << AlertLine(response.alert()) << std::flush;
    }
    if (!context.out->good()) break;
  }
  if (!status.ok() || !context.out->good()) call.TryCancel();
  const grpc::Status finished = reader->Finish();
  if (!status.ok() || !context.out->good()) return status;
  return finished.ok() ? absl::OkStatus() : CallError(finished, context.server);
}

}  // namespace plumbline::client
