#include <CLI/CLI.hpp>
#include <algorithm>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "client/commands/call.h"
#include "client/commands/format.h"
#include "client/commands/profile_commands.h"
#include "client/commands/profile_text.h"
#include "client/commands/verdict.h"
#include "plumbline/v1/profile_service.grpc.pb.h"

namespace plumbline::client {
namespace {

using Service = v1::ProfileService;

// `0.01` for all, or `mean=0.01` for one.
absl::Status AddTolerance(const std::string& text, v1::CompareProfilesRequest* request) {
  const size_t at = text.find('=');
  double value = 0;
  if (!absl::SimpleAtod(at == std::string::npos ? text : text.substr(at + 1), &value)) {
    return absl::InvalidArgumentError(
        absl::StrCat("--tolerance: `", text, "` is neither a number nor MEASURE=number"));
  }
  if (at == std::string::npos) {
    request->set_tolerance(value);
  } else {
    (*request->mutable_tolerances())[text.substr(0, at)] = value;
  }
  return absl::OkStatus();
}

// A stage that was not compared has no place in the order of those that were.
void WarnOfStages(const Context& context, const std::vector<std::string>& named,
                  const v1::CompareProfilesResponse& response) {
  std::vector<std::string> compared;
  for (const v1::StageComparison& stage : response.stages()) {
    if (!stage.stage().empty()) compared.push_back(stage.stage());
  }
  if (compared.empty()) return;  // there is no order
  for (const std::string& name : named) {
    if (std::find(compared.begin(), compared.end(), name) != compared.end()) continue;
    *context.err << "plumbline: warning: --stages: `" << Printable(name)
                 << "` is a stage of neither side; compared: "
                 << Printable(absl::StrJoin(compared, ", ")) << std::endl;
  }
}

}  // namespace

void CompareCommand::Register(CLI::App* app, Context* context) {
  CLI::App* command = app->add_subcommand(
      "compare", "Compare two data sets, environments or live windows; ends with 3 if they differ");
  constexpr char kSide[] =
      "A data set, an environment, name=N,stage=S,environment=E,source=X or live=MODEL/VERSION";
  command->add_option("a", a, kSide)->required()->type_name("A");
  command->add_option("b", b, kSide)->required()->type_name("B");
  command
      ->add_option("--tolerance", tolerances,
                   "How far measures may be apart, NUMBER or MEASURE=NUMBER,...")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->type_name("T");
  command->add_flag("--samples", samples, "Allow for chance: the sides are samples");
  command->add_option("--stages", stages, "The order of the stages, S,...")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->type_name("S");
  command->add_flag("--all", all, "Every measure of every variable");
  command->add_flag("--json", json, "The same as --format json");
  command->callback([this, context] { context->action = [=, this] { return Run(*context); }; });
}

absl::Status CompareCommand::Run(const Context& context) const {
  v1::CompareProfilesRequest request;
  auto side = ParseSide(a);
  if (!side.ok()) return side.status();
  *request.mutable_a() = *std::move(side);
  side = ParseSide(b);
  if (!side.ok()) return side.status();
  *request.mutable_b() = *std::move(side);
  for (const std::string& text : tolerances) {
    if (absl::Status added = AddTolerance(text, &request); !added.ok()) return added;
  }
  request.set_samples(samples);
  request.set_all_measures(all);
  for (const std::string& stage : stages) request.add_stages(stage);
  const auto response = Unary<Service>(context, &Service::Stub::CompareProfiles, request);
  if (!response.ok()) return response.status();
  WarnOfStages(context, stages, *response);
  if (json || context.json()) {
    if (absl::Status printed = context.PrintJson(*response); !printed.ok()) return printed;
  } else {
    *context.out << ComparisonText(*response, all);
  }
  return response->verdict() == v1::VERDICT_DIFFERENT ? Differs() : absl::OkStatus();
}

}  // namespace plumbline::client
