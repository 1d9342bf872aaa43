#include "client/commands/golden_commands.h"

#include <CLI/CLI.hpp>
#include <memory>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "client/commands/call.h"
#include "client/commands/env_commands.h"
#include "client/commands/format.h"
#include "client/commands/number_flag.h"
#include "client/commands/progress.h"
#include "client/commands/text_table.h"
#include "client/commands/verdict.h"
#include "client/csv_batches.h"
#include "plumbline/v1/manifest_service.grpc.pb.h"

namespace plumbline::client {
namespace {

using Service = v1::ManifestService;
using Align = TextTable::Align;

constexpr size_t kRowsPerBatch = 4096;

template <class Request>
Request ForTarget(const TargetFlags& target) {
  Request request;
  request.set_model(target.model);
  request.set_version(target.version);
  request.set_number(target.number);
  return request;
}

// COL=ABSOLUTE or COL=ABSOLUTE:RELATIVE.
std::optional<v1::GoldenTolerance> ParseTolerance(const std::string& text) {
  const size_t equals = text.rfind('=');
  if (equals == std::string::npos || equals == 0) return std::nullopt;
  const std::string values = text.substr(equals + 1);
  const size_t colon = values.find(':');
  double absolute = 0, relative = 0;
  if (!absl::SimpleAtod(values.substr(0, colon), &absolute)) return std::nullopt;
  if (colon != std::string::npos && !absl::SimpleAtod(values.substr(colon + 1), &relative)) {
    return std::nullopt;
  }
  v1::GoldenTolerance tolerance;
  tolerance.set_variable(text.substr(0, equals));
  tolerance.set_absolute(absolute);
  tolerance.set_relative(relative);
  return tolerance;
}

// Writes a header, rows, and whatever `finish` adds. OK does not mean that all was taken: a write
// that failed is told by the writer's Finish().
template <class Request, class Header, class Finish>
absl::Status WriteRows(const Header& header, CsvBatches* batches, uint64_t total,
                       Progress* progress, grpc::ClientWriter<Request>* writer,
                       const Finish& finish) {
  Request request;
  *request.mutable_header() = header;
  if (!writer->Write(request)) return absl::OkStatus();
  uint64_t rows = 0;
  while (true) {
    absl::StatusOr<std::optional<v1::Batch>> batch = batches->Next(kRowsPerBatch);
    if (!batch.ok()) return batch.status();
    if (!batch->has_value()) break;
    rows += (*batch)->row_count();
    *request.mutable_batch() = std::move(**batch);
    if (!writer->Write(request)) return absl::OkStatus();
    progress->Update(static_cast<double>(rows) / static_cast<double>(total));
  }
  finish(rows, &request, writer);
  writer->WritesDone();
  return absl::OkStatus();
}

std::string SummaryText(const v1::GoldenSummary& summary) {
  return absl::StrCat(
      FormatModel(summary.model(), summary.version()), "  baseline ", summary.baseline_number(),
      "  ", FormatCount(summary.rows(), "golden row", "golden rows"),
      summary.has_ids() ? " by id or " : " by ",
      FormatCount(static_cast<uint64_t>(summary.features_size()), "feature", "features"),
      "  predictions: ", Printable(absl::StrJoin(summary.predictions(), ", ")), "\n");
}

std::string CheckText(const v1::GoldenCheck& check) {
  std::string text = absl::StrCat(
      check.verdict() == "within_tolerance" ? "within tolerance" : check.verdict(), ": ",
      FormatCount(check.exact()), " exact, ", FormatCount(check.within()), " within tolerance, ",
      FormatCount(check.different()), " different, ", FormatCount(check.missing()),
      " not replayed, of ", FormatCount(check.rows(), "golden row", "golden rows"));
  if (check.other_rows() > 0) {
    absl::StrAppend(&text, " (", FormatCount(check.other_rows(), "other row", "other rows"), ")");
  }
  absl::StrAppend(&text, "\n");
  if (!check.reason().empty()) absl::StrAppend(&text, Printable(check.reason()), "\n");
  TextTable predictions({{"prediction"},
                         {"exact", Align::kRight},
                         {"within", Align::kRight},
                         {"different", Align::kRight},
                         {"largest difference", Align::kRight}});
  for (const v1::GoldenPredictionCheck& one : check.predictions()) {
    predictions.AddRow(
        {Printable(one.variable(), 40), FormatCount(one.exact()), FormatCount(one.within()),
         FormatCount(one.different()),
         one.has_largest_difference() ? FormatNumber(one.largest_difference()) : "-"});
  }
  TextTable rows({{"row"},
                  {"prediction"},
                  {"expected", Align::kRight},
                  {"actual", Align::kRight},
                  {"difference", Align::kRight}});
  for (const v1::GoldenDifference& one : check.differences()) {
    rows.AddRow({Printable(one.row(), 40), Printable(one.variable(), 40),
                 Printable(one.expected(), 40), Printable(one.actual(), 40),
                 one.has_difference() ? FormatNumber(one.difference()) : "-"});
  }
  absl::StrAppend(&text, "\n", predictions.ToString());
  if (check.differences_size() > 0) absl::StrAppend(&text, "\n", rows.ToString());
  return text;
}

}  // namespace

void GoldenCommands::Register(CLI::App* app, Context* context) {
  CLI::App* group = app->add_subcommand("golden", "Rows whose predictions are known");
  group->require_subcommand(1);
  const auto add = [&](const char* name, const char* help,
                       absl::Status (GoldenCommands::*run)(const Context&) const) {
    CLI::App* command = group->add_subcommand(name, help);
    command->callback(
        [this, context, run] { context->action = [=, this] { return (this->*run)(*context); }; });
    target.RegisterModel(command, true);
    target.RegisterVersion(command);
    command
        ->add_option("--number", target.number, "Number of the baseline; without: the active one")
        ->transform(WholeNumber())
        ->type_name("N");
    return command;
  };
  CLI::App* record = add("record", "Store rows with their expected predictions beside a baseline",
                         &GoldenCommands::Record);
  columns.Register(record);
  record->add_option("--abs", absolute, "Absolute tolerance of numeric predictions; 1e-9")
      ->check(NumberFromZero())
      ->type_name("X");
  record->add_option("--rel", relative, "Relative tolerance of numeric predictions; 1e-6")
      ->check(NumberFromZero())
      ->type_name("X");
  record->add_option("--tolerance", tolerances, "The tolerance of one prediction")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->check([](const std::string& text) {
        return ParseTolerance(text).has_value()
                   ? ""
                   : absl::StrCat("`", text, "` is not COL=ABSOLUTE or COL=ABSOLUTE:RELATIVE");
      })
      ->type_name("COL=ABS[:REL]");
  CLI::App* check =
      add("check", "Compare replayed rows with them: exit code 3 if any differs or is missing",
          &GoldenCommands::Check);
  columns.Register(check);
  check->add_option("--limit", limit, "List at most so many differences; 20")
      ->transform(WholeNumber(1, 10'000))
      ->type_name("N");
  check
      ->add_option("--environment", environment,
                   "What the replay ran in, as `env capture` wrote it, to name a likely cause")
      ->type_name("FILE");
  check->add_flag("--partial", partial, "Golden rows that were not replayed are no difference");
  add("show", "Say which golden rows a baseline has", &GoldenCommands::Show);
  add("delete", "Delete the golden rows of a baseline", &GoldenCommands::Delete);
}

absl::Status GoldenCommands::Record(const Context& context) const {
  const auto baseline = FetchBaseline(context, target.model, target.version, target.number);
  if (!baseline.ok()) return baseline.status();
  const absl::StatusOr<CsvPlan> plan = columns.Plan(context, VariablesOf(*baseline));
  if (!plan.ok()) return plan.status();
  const auto batches = columns.Open(*plan);
  if (!batches.ok()) return batches.status();
  auto channel = context.Connect();
  if (!channel.ok()) return channel.status();
  auto header = ForTarget<v1::RecordGoldenRowsHeader>(target);
  v1::GoldenTolerance* otherwise = header.add_tolerances();
  if (absolute.has_value()) otherwise->set_absolute(*absolute);
  if (relative.has_value()) otherwise->set_relative(*relative);
  for (const std::string& text : tolerances) *header.add_tolerances() = *ParseTolerance(text);
  const auto stub = Service::NewStub(*channel);
  grpc::ClientContext call;
  v1::RecordGoldenRowsResponse response;
  const auto writer = stub->RecordGoldenRows(&call, &response);
  Progress progress(*context.err, context.shows_progress, "sending");
  const absl::Status status =
      WriteRows(header, batches->get(), plan->rows, &progress, writer.get(),
                [](uint64_t rows, v1::RecordGoldenRowsRequest* request, auto* to) {
                  request->mutable_commit()->set_row_count(rows);
                  to->Write(*request);
                });
  if (!status.ok()) call.TryCancel();
  const grpc::Status finished = writer->Finish();
  if (!status.ok()) return status;
  if (!finished.ok()) return CallError(finished, context.server);
  if (context.json()) return context.PrintJson(response.summary());
  *context.out << SummaryText(response.summary());
  if (const uint64_t rows = response.summary().rows(); rows < plan->rows) {
    *context.out << FormatCount(plan->rows - rows, "row", "rows")
                 << " with the features and predictions of another, which stands for both\n";
  }
  return absl::OkStatus();
}

absl::Status GoldenCommands::Check(const Context& context) const {
  const auto baseline = FetchBaseline(context, target.model, target.version, target.number);
  if (!baseline.ok()) return baseline.status();
  const absl::StatusOr<CsvPlan> plan = columns.Plan(context, VariablesOf(*baseline));
  if (!plan.ok()) return plan.status();
  const auto batches = columns.Open(*plan);
  if (!batches.ok()) return batches.status();
  auto header = ForTarget<v1::CheckGoldenRowsHeader>(target);
  header.set_limit(limit);
  if (!environment.empty()) {
    auto ran_in = ReadEnvironment(environment);
    if (!ran_in.ok()) return ran_in.status();
    *header.mutable_environment() = *std::move(ran_in);
  }
  auto channel = context.Connect();
  if (!channel.ok()) return channel.status();
  const auto stub = Service::NewStub(*channel);
  grpc::ClientContext call;
  v1::CheckGoldenRowsResponse response;
  const auto writer = stub->CheckGoldenRows(&call, &response);
  Progress progress(*context.err, context.shows_progress, "sending");
  const absl::Status status =
      WriteRows(header, batches->get(), plan->rows, &progress, writer.get(),
                [](uint64_t rows, v1::CheckGoldenRowsRequest* request, auto* to) {
                  request->mutable_end()->set_row_count(rows);
                  to->Write(*request);
                });
  if (!status.ok()) call.TryCancel();
  const grpc::Status finished = writer->Finish();
  if (!status.ok()) return status;
  if (!finished.ok()) return CallError(finished, context.server);
  const v1::GoldenCheck& check = response.check();
  if (context.json()) {
    if (absl::Status printed = context.PrintJson(check); !printed.ok()) return printed;
  } else {
    *context.out << CheckText(check);
  }
  if (partial && check.rows() == check.missing()) {
    return absl::FailedPreconditionError(absl::StrCat(
        "nothing was compared: none of ", FormatCount(check.other_rows(), "row", "rows"), " of ",
        columns.csv, " is a golden row, by its id or by all of its features"));
  }
  const bool complete = check.verdict() != "incomplete" || partial;
  return check.verdict() != "different" && complete ? absl::OkStatus() : Differs();
}

absl::Status GoldenCommands::Show(const Context& context) const {
  const auto response = Unary<Service>(context, &Service::Stub::GetGoldenRows,
                                       ForTarget<v1::GetGoldenRowsRequest>(target));
  if (!response.ok()) return response.status();
  if (context.json()) return context.PrintJson(response->summary());
  *context.out << SummaryText(response->summary());
  return absl::OkStatus();
}

absl::Status GoldenCommands::Delete(const Context& context) const {
  const auto response = Unary<Service>(context, &Service::Stub::DeleteGoldenRows,
                                       ForTarget<v1::DeleteGoldenRowsRequest>(target));
  if (!response.ok()) return response.status();
  if (context.json()) return context.PrintJson(*response);
  *context.out << "deleted\n";
  return absl::OkStatus();
}

}  // namespace plumbline::client
