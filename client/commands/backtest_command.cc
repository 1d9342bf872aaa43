#include <CLI/CLI.hpp>
#include <algorithm>
#include <limits>
#include <memory>
#include <optional>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "client/commands/backtest_text.h"
#include "client/commands/call.h"
#include "client/commands/commands.h"
#include "client/commands/duration_flag.h"
#include "client/commands/file_io.h"
#include "client/commands/json_line.h"
#include "client/commands/model_columns.h"
#include "client/commands/number_flag.h"
#include "client/commands/policy_file.h"
#include "client/commands/tune.h"
#include "client/label_file.h"
#include "plumbline/v1/report_service.grpc.pb.h"

namespace plumbline::client {
namespace {

using Call = grpc::ClientReaderWriter<v1::BacktestRequest, v1::BacktestResponse>;

constexpr size_t kRowsPerBatch = 4096;

v1::CalendarUnit CalendarUnitOf(const std::string& name) {
  if (name == "hour") return v1::CALENDAR_UNIT_HOUR;
  if (name == "day") return v1::CALENDAR_UNIT_DAY;
  if (name == "week") return v1::CALENDAR_UNIT_WEEK;
  if (name == "month") return v1::CALENDAR_UNIT_MONTH;
  return v1::CALENDAR_UNIT_UNSPECIFIED;
}

v1::BacktestHeader HeaderOf(const BacktestCommand& flags) {
  v1::BacktestHeader header;
  header.set_model(flags.target.model);
  header.set_version(flags.target.version);
  header.set_baseline_number(flags.target.number);
  header.set_source_column(flags.source_column);
  if (flags.chunk_rows > 0) header.set_chunk_rows(flags.chunk_rows);
  if (flags.chunk.empty()) return header;
  if (const v1::CalendarUnit unit = CalendarUnitOf(flags.chunk);
      unit != v1::CALENDAR_UNIT_UNSPECIFIED) {
    header.set_chunk_calendar(unit);
  } else if (const auto duration = DurationOf(flags.chunk); duration.has_value()) {
    *header.mutable_chunk_duration() = ToWire(*duration);
  }
  return header;
}

// The column that names the sources goes as text, unless the model has it and says otherwise.
absl::Status SendAsText(const std::string& csv, const std::string& name,
                        absl::Span<const v1::VariableSpec> variables, CsvPlan* plan) {
  const auto is_it = [&](const auto& one) { return one.name == name; };
  const auto column = std::find_if(plan->columns.begin(), plan->columns.end(), is_it);
  if (column == plan->columns.end() || !IsVariable(*column)) {
    return absl::InvalidArgumentError(absl::StrCat(
        csv, column == plan->columns.end() ? " has no column `" : ": not sent is column `", name,
        "`, which --source_column names"));
  }
  const bool known =
      std::any_of(variables.begin(), variables.end(),
                  [&](const v1::VariableSpec& variable) { return variable.name() == name; });
  if (!known) column->use = CsvColumn::Use::kCategorical;
  return absl::OkStatus();
}

// Writes header and rows. OK does not mean judged: a write that failed is told by Finish().
absl::Status WriteRows(const v1::BacktestHeader& header, CsvBatches* batches,
                       const std::optional<LabelFile>& labels, Call* call) {
  v1::BacktestRequest request;
  *request.mutable_header() = header;
  while (call->Write(request)) {
    absl::StatusOr<std::optional<v1::Batch>> batch = batches->Next(kRowsPerBatch);
    if (!batch.ok()) return batch.status();
    if (!batch->has_value()) {
      call->WritesDone();
      break;
    }
    *request.mutable_batch() = std::move(**batch);
    if (!labels.has_value()) continue;
    absl::Status added = labels->AddTo(request.mutable_batch());
    if (!added.ok()) return added;
  }
  return absl::OkStatus();
}

// Reads chunks as they come, in a thread of its own while the rows are written.
absl::Status ReadChunks(const Context& context, Call* call, BacktestSummary* summary,
                        Tuner* tuner) {
  v1::BacktestResponse response;
  absl::Status status;
  while (call->Read(&response)) {
    if (!status.ok()) continue;
    const std::string begun = summary->Add(response.chunk());
    tuner->Add(response.chunk());
    if (context.json()) {
      status = context.PrintJson(response.chunk());
    } else {
      *context.out << ChunkLine(response.chunk()) << begun << std::flush;
    }
  }
  return status;
}

}  // namespace

void BacktestCommand::Register(CLI::App* app, Context* context) {
  CLI::App* command = app->add_subcommand("backtest", "Judge past rows; nothing is stored");
  command->callback(
      [this, context] { context->action = [this, context] { return Run(*context); }; });
  target.RegisterModel(command, true);
  target.RegisterVersion(command);
  columns.Register(command);
  command
      ->add_option("--source_column", source_column,
                   "Column of the sources that rows are from, each judged by itself too")
      ->type_name("COL");
  command
      ->add_option("--labels", labels, "CSV file with the labels, by the column of --id: late ones")
      ->needs(command->get_option("--id"))
      ->type_name("FILE");
  command
      ->add_option("--baseline", target.number, "Number of the baseline; without: the active one")
      ->transform(WholeNumber())
      ->type_name("N");
  CLI::Option* by_rows = command->add_option("--chunk_rows", chunk_rows, "Rows in a chunk")
                             ->transform(WholeNumber(1, std::numeric_limits<uint32_t>::max()))
                             ->type_name("N");
  command->add_option("--chunk", chunk, "A chunk of time: 30d, 12h, month, week, day, hour")
      ->check([](const std::string& text) {
        const bool known =
            CalendarUnitOf(text) != v1::CALENDAR_UNIT_UNSPECIFIED || DurationOf(text).has_value();
        return known ? "" : "a time such as 30d, 12h, month, week, day or hour";
      })
      ->excludes(by_rows)
      ->needs(command->get_option("--timestamp"))
      ->type_name("TIME");
  command->add_option("--policy", policy, "Judge by this policy in place of the stored one")
      ->type_name("FILE");
  CLI::Option* tunes =
      command
          ->add_option("--tune", tune,
                       "Propose thresholds with which at most N pages are left; the rows are some "
                       "in which nothing was wrong")
          ->transform(WholeNumber())
          ->type_name("N");
  command
      ->add_option("--policy_out", policy_out,
                   "Write the policy with these thresholds, for --policy and `model policy set`")
      ->needs(tunes)
      ->type_name("FILE");
}

absl::Status BacktestCommand::Run(const Context& context) const {
  v1::BacktestHeader header = HeaderOf(*this);
  if (!policy.empty()) {
    absl::StatusOr<v1::Policy> other = ReadPolicy(policy);
    if (!other.ok()) return other.status();
    *header.mutable_policy() = *std::move(other);
  }
  const auto baseline = FetchBaseline(context, target.model, target.version, target.number);
  if (!baseline.ok()) return baseline.status();
  const std::vector<v1::VariableSpec> variables = VariablesOf(*baseline);
  absl::StatusOr<CsvPlan> plan = columns.Plan(context, variables);
  if (!plan.ok()) return plan.status();
  if (!source_column.empty()) {
    absl::Status sent = SendAsText(columns.csv, source_column, variables, &*plan);
    if (!sent.ok()) return sent;
  }
  const absl::Status known = CheckModelColumns(context, target, columns, *plan, variables,
                                               header.has_policy() ? &header.policy() : nullptr);
  if (!known.ok()) return known;
  const auto batches = columns.Open(*plan);
  if (!batches.ok()) return batches.status();
  std::optional<LabelFile> label_file;
  if (!labels.empty()) {
    auto read = LabelFile::Read(labels, columns.Options().delimiter, columns.id, variables);
    if (!read.ok()) return read.status();
    label_file = *std::move(read);
  }
  auto channel = context.Connect();
  if (!channel.ok()) return channel.status();
  const auto stub = v1::ReportService::NewStub(*channel);
  grpc::ClientContext client_context;
  const auto call = stub->Backtest(&client_context);
  BacktestSummary summary;
  Tuner tuner;
  absl::Status read;
  std::thread reader([&] { read = ReadChunks(context, call.get(), &summary, &tuner); });
  const absl::Status written = WriteRows(header, batches->get(), label_file, call.get());
  if (!written.ok()) client_context.TryCancel();
  reader.join();
  const grpc::Status finished = call->Finish();
  if (!written.ok()) return written;
  if (!finished.ok()) return CallError(finished, context.server);
  if (!read.ok()) return read;
  if (!context.json()) *context.out << "\n" << summary.ToString();
  return tune.has_value() ? Propose(context, tuner) : absl::OkStatus();
}

absl::Status BacktestCommand::Propose(const Context& context, const Tuner& tuner) const {
  const Tuner::Result result = tuner.Propose(*tune);
  absl::Status printed;
  if (context.json()) {
    printed = context.PrintJson(TuneStruct(result, *tune));
  } else {
    *context.out << "\n" << TuneText(result, *tune);
  }
  if (!printed.ok() || policy_out.empty()) return printed;
  absl::StatusOr<v1::Policy> proposed =
      policy.empty() ? FetchPolicy(context, target.model, target.version) : ReadPolicy(policy);
  if (!proposed.ok()) return proposed.status();
  Apply(result, &*proposed);
  const absl::StatusOr<std::string> json = JsonText(*proposed);
  if (!json.ok()) return json.status();
  return WriteFile(policy_out, *json);
}

}  // namespace plumbline::client
