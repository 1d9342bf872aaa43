#include <google/protobuf/struct.pb.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <map>
#include <memory>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "client/commands/call.h"
#include "client/commands/commands.h"
#include "client/commands/env_commands.h"
#include "client/commands/format.h"
#include "client/commands/load_commands.h"
#include "client/commands/model_columns.h"
#include "client/commands/number_flag.h"
#include "client/commands/progress.h"
#include "client/commands/send_summary.h"
#include "client/csv_batches.h"
#include "client/row_set_of_batch.h"
#include "client/sender.h"
#include "client/utf8.h"

namespace plumbline::client {
namespace {

constexpr size_t kMaxProducerBytes = 128;
constexpr size_t kMaxQueuedBytes = 64 << 20;

// `<hostname>/<file>`: the same file from the same machine is the same producer.
std::string DefaultProducer(const std::string& csv) {
  char host[256] = "localhost";
  if (gethostname(host, sizeof(host) - 1) != 0) host[0] = '\0';
  const size_t slash = csv.rfind('/');
  const std::string file = slash == std::string::npos ? csv : csv.substr(slash + 1);
  return std::string(Utf8Beginning(absl::StrCat(host, "/", file), kMaxProducerBytes));
}

// Holds batches back so that rows leave at `rows_per_second`; 0: as fast as they go.
class Pace {
 public:
  explicit Pace(double rows_per_second)
      : rows_per_second_(rows_per_second), start_(std::chrono::steady_clock::now()) {}

  void Await(uint64_t rows_before) const {
    if (!(rows_per_second_ > 0)) return;
    const std::chrono::duration<double> due(static_cast<double>(rows_before) / rows_per_second_);
    std::this_thread::sleep_until(
        start_ + std::chrono::duration_cast<std::chrono::steady_clock::duration>(due));
  }

 private:
  const double rows_per_second_;
  const std::chrono::steady_clock::time_point start_;
};

absl::Status SendRows(CsvBatches* batches, const SendCommand& flags, uint64_t total_rows,
                      Progress* progress, manifest::RowSet* sent, TimeRange* times,
                      Sender* sender) {
  const Pace pace(flags.rows_per_second);
  uint64_t rows = 0;
  while (true) {
    absl::StatusOr<std::optional<v1::Batch>> batch = batches->Next(flags.batch_rows);
    if (!batch.ok()) return batch.status();
    if (!batch->has_value()) return absl::OkStatus();
    pace.Await(rows);
    rows += (*batch)->row_count();
    if (flags.DeclaresLoad()) sent->Add(RowSetOf(**batch));
    times->Add(**batch);
    (*batch)->set_source(flags.source);
    const absl::Status status = sender->SendBlocking(std::move(**batch));
    if (!status.ok()) return status;
    progress->Update(static_cast<double>(rows) / static_cast<double>(total_rows));
  }
}

// Before the first row, by a call of its own: an environment that is refused ends the command.
absl::Status Declare(const Context& context, const SenderOptions& options,
                     const SendCommand& flags) {
  auto environment = ReadEnvironment(flags.environment);
  if (!environment.ok()) return environment.status();
  v1::DeclareEnvironmentRequest request;
  v1::ProducerDeclaration* declaration = request.mutable_declaration();
  declaration->set_model(options.model);
  declaration->set_version(options.version);
  declaration->set_producer(options.producer);
  declaration->set_epoch(options.epoch);
  declaration->set_source(flags.source);
  *declaration->mutable_environment() = *std::move(environment);
  using Service = v1::IngestService;
  return Unary<Service>(context, &Service::Stub::DeclareEnvironment, request).status();
}

// `<producer>/<epoch>`, as much of its end as a name may hold.
std::string DefaultLoad(const SenderOptions& options) {
  const std::string name = absl::StrCat(options.producer, "/", options.epoch);
  return std::string(Utf8End(name, kMaxProducerBytes));
}

// Before the first row: so many are missing if this command does not come to its end.
absl::Status BeginLoad(const Context& context, const SenderOptions& options, uint64_t rows) {
  v1::BeginLoadRequest request;
  request.set_model(options.model);
  request.set_version(options.version);
  request.set_load(options.load);
  request.set_row_count(rows);
  using Service = v1::IngestService;
  return Unary<Service>(context, &Service::Stub::BeginLoad, request).status();
}

absl::StatusOr<v1::Load> EndLoad(const Context& context, const SenderOptions& options,
                                 const SendCommand& flags, const manifest::RowSet& sent) {
  v1::EndLoadRequest request;
  request.set_model(options.model);
  request.set_version(options.version);
  request.set_load(options.load);
  request.set_row_count(flags.load_rows.value_or(sent.rows));
  request.set_digest(flags.load_digest);
  // Where the origin says how many rows there are, what was sent may be less, with a digest of its
  // own.
  if (flags.load_digest.empty() && !flags.load_rows.has_value()) {
    request.set_digest(manifest::DigestText(sent.digest));
  }
  using Service = v1::IngestService;
  const auto ended = Unary<Service>(context, &Service::Stub::EndLoad, request);
  if (!ended.ok()) return ended.status();
  return ended->load();
}

}  // namespace

void SendCommand::Register(CLI::App* app, Context* context) {
  CLI::App* command = app->add_subcommand("send", "Send a CSV file as live rows");
  command->callback(
      [this, context] { context->action = [this, context] { return Run(*context); }; });
  target.RegisterModel(command, true);
  target.RegisterVersion(command);
  columns.Register(command);
  command->add_option("--batch_rows", batch_rows, "Rows in a batch")
      ->transform(WholeNumber(1, 10'000'000))
      ->type_name("N")
      ->capture_default_str();
  command->add_option("--rate", rows_per_second, "Rows per second; without: as fast as they go")
      ->check(NumberAboveZero())
      ->type_name("ROWS_PER_S");
  command->add_option("--producer", producer, "Name of this sender; without: <hostname>/<file>")
      ->type_name("P");
  command
      ->add_option("--epoch", epoch,
                   "The same epoch again makes a second run a retry of the first; without: now")
      ->transform(WholeNumber(1))
      ->type_name("E");
  command->add_option("--source", source, "Where the data comes from")->type_name("S");
  command
      ->add_option("--environment", environment,
                   "What this sender runs in, as `env capture` wrote it")
      ->type_name("FILE");
  command->add_flag("--keep_open", keep_open, "Do not end the epoch: more will be sent under it");
  command->add_flag(
      "--declare", declare,
      "Declare how many rows these are and their digest, and say whether that is what "
      "arrived: exit code 3 if not");
  command
      ->add_option("--load", load,
                   "Name of the load; without: <producer>/<epoch> if it is declared")
      ->type_name("NAME");
  command
      ->add_option("--load_rows", load_rows,
                   "Declare so many rows, as the origin of the file counted them")
      ->transform(WholeNumber())
      ->type_name("N");
  command
      ->add_option("--load_digest", load_digest,
                   "Declare this digest of rows, as `profile create --model` showed it where the "
                   "file is from")
      ->check(CheckDigest)
      ->type_name("HEX");
  command->add_option("--retry_for", retry_for_seconds, "Seconds to try a server that is gone")
      ->check(NumberFromZero())
      ->type_name("SECONDS")
      ->capture_default_str();
}

absl::Status SendCommand::Run(const Context& given) const {
  Context context = given;
  context.retry_for = absl::Seconds(retry_for_seconds);
  const auto baseline = FetchBaseline(context, target.model, target.version, 0);
  if (!baseline.ok()) return baseline.status();
  const std::vector<v1::VariableSpec> variables = VariablesOf(*baseline);
  const absl::StatusOr<CsvPlan> plan = columns.Plan(context, variables);
  if (!plan.ok()) return plan.status();
  const absl::Status known = CheckModelColumns(context, target, columns, *plan, variables, nullptr);
  if (!known.ok()) return known;
  const auto batches = columns.Open(*plan);
  if (!batches.ok()) return batches.status();
  auto credentials = context.Credentials();
  if (!credentials.ok()) return credentials.status();

  SendSummary summary;
  SenderOptions options;
  options.server = context.server;
  options.credentials = *credentials;
  options.model = target.model;
  options.version = target.version;
  options.producer = producer.empty() ? DefaultProducer(columns.csv) : producer;
  options.epoch = epoch == 0 ? NewEpoch() : epoch;
  options.max_queued_bytes = kMaxQueuedBytes;
  options.load = load;
  if (DeclaresLoad() && load.empty()) options.load = DefaultLoad(options);
  if (!environment.empty()) {
    const absl::Status declared = Declare(context, options, *this);
    if (!declared.ok()) return declared;
  }
  if (DeclaresLoad()) {
    const absl::Status begun = BeginLoad(context, options, load_rows.value_or(plan->rows));
    if (!begun.ok()) return begun;
  }
  options.give_up_after = absl::Seconds(retry_for_seconds);
  options.on_refused = [&summary](const Refusal& refusal) { summary.AddRefusal(refusal); };
  absl::StatusOr<std::unique_ptr<Sender>> sender = Sender::Create(options);
  if (!sender.ok()) return sender.status();
  absl::Status status;
  manifest::RowSet sent;
  TimeRange times;
  {
    Progress sending(*context.err, context.shows_progress, "sending");
    status = SendRows(batches->get(), *this, plan->rows, &sending, &sent, &times, sender->get());
  }
  if (status.ok()) {
    status = keep_open ? (*sender)->Flush(absl::InfiniteDuration())
                       : (*sender)->Finish(absl::InfiniteDuration());
  }
  const SenderStats stats = (*sender)->stats();
  sender->reset();  // no refusal is reported any more
  if (context.json()) {
    const absl::Status printed = context.PrintJson(summary.ToStruct(options, stats));
    if (!printed.ok()) return printed;
  } else {
    *context.out << summary.ToText(options, stats);
  }
  if (!status.ok()) return status;
  absl::Status verdict;
  if (DeclaresLoad()) {
    const absl::StatusOr<v1::Load> ended = EndLoad(context, options, *this, sent);
    if (!ended.ok()) return ended.status();
    if (absl::Status shown = ShowLoad(context, *ended); !shown.ok()) return shown;
    verdict = LoadVerdict(*ended);
  }
  const std::string late = LateText(stats, times);
  const bool none_counted = stats.rows_late > 0 && stats.rows_counted == 0;
  if (!late.empty() && (!none_counted || stats.refused > 0)) {
    *context.err << "plumbline: warning: " << late << std::endl;
  }
  if (stats.refused > 0) {
    return absl::FailedPreconditionError(
        absl::StrCat(FormatCount(stats.refused, "batch was", "batches were"), " refused"));
  }
  if (none_counted) {
    return absl::FailedPreconditionError(
        absl::StrCat(late, "; is `", columns.timestamp, "` the column of their times?"));
  }
  return verdict;
}

}  // namespace plumbline::client
