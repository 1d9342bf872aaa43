#include <CLI/CLI.hpp>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "client/commands/call.h"
#include "client/commands/commands.h"
#include "client/commands/performance_text.h"
#include "plumbline/v1/report_service.grpc.pb.h"

namespace plumbline::client {

void PerformanceCommand::Register(CLI::App* app, Context* context) {
  CLI::App* command =
      app->add_subcommand("performance", "Predictions against labels, and estimated without");
  command->callback(
      [this, context] { context->action = [this, context] { return Run(*context); }; });
  target.RegisterModel(command, true);
  target.RegisterVersion(command);
  command->add_option("--by", by, "Also by the calendar: hour, day, week, month")
      ->check(CLI::IsMember({"hour", "day", "week", "month"}))
      ->type_name("UNIT");
  command->add_option("--metric", metric, "By the calendar this one; without: the one that decides")
      ->type_name("M");
}

absl::Status PerformanceCommand::Run(const Context& context) const {
  using Service = v1::ReportService;
  v1::GetPerformanceRequest request;
  request.set_model(target.model);
  request.set_version(target.version);
  v1::CalendarUnit unit = v1::CALENDAR_UNIT_UNSPECIFIED;
  if (!by.empty()) {
    v1::CalendarUnit_Parse(absl::StrCat("CALENDAR_UNIT_", absl::AsciiStrToUpper(by)), &unit);
  }
  request.set_by(unit);
  const auto response = Unary<Service>(context, &Service::Stub::GetPerformance, request);
  if (!response.ok()) return response.status();
  if (context.json()) return context.PrintJson(response->performance());
  const auto text = PerformanceText(response->performance(), metric);
  if (!text.ok()) return text.status();
  *context.out << *text;
  return absl::OkStatus();
}

}  // namespace plumbline::client
