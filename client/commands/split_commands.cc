#include "client/commands/split_commands.h"

#include <CLI/CLI.hpp>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "client/commands/call.h"
#include "client/commands/column_flags.h"
#include "client/commands/file_io.h"
#include "client/commands/format.h"
#include "client/commands/json_line.h"
#include "client/commands/number_flag.h"
#include "client/commands/split_text.h"
#include "client/commands/verdict.h"
#include "client/split_check.h"
#include "client/split_manifest.h"
#include "plumbline/v1/manifest_service.grpc.pb.h"

namespace plumbline::client {
namespace {

using Service = v1::ManifestService;

constexpr size_t kMaxFileBytes = 64 << 20;

template <class Request>
Request ForTarget(const TargetFlags& target) {
  Request request;
  request.set_model(target.model);
  request.set_version(target.version);
  request.set_number(target.number);
  return request;
}

// `train.csv.gz` is train.
std::string PartOfFile(absl::string_view path) {
  const size_t slash = path.rfind('/');
  if (slash != absl::string_view::npos) path.remove_prefix(slash + 1);
  absl::ConsumeSuffix(&path, ".gz");
  absl::ConsumeSuffix(&path, ".csv");
  return std::string(path);
}

absl::StatusOr<v1::SplitManifest> ReadSplit(const std::string& path) {
  const absl::StatusOr<std::string> content = ReadFile(path, kMaxFileBytes);
  if (!content.ok()) return content.status();
  v1::SplitManifest split;
  const absl::Status parsed = ParseJsonOrText(*content, &split);
  if (!parsed.ok() || split.parts().empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat(path, ": not a split as `split record` writes it: ",
                     parsed.ok() ? absl::string_view("it has no parts") : parsed.message()));
  }
  return split;
}

}  // namespace

void SplitCommands::RegisterRows(CLI::App* command) {
  command
      ->add_option("--csv", csv,
                   "CSV file, plain or gzip; again for each part that has a file of its own, as "
                   "PART=FILE or named after the file")
      ->required()
      ->allow_extra_args(false)
      ->type_name("[PART=]FILE");
  command->add_option("--delimiter", delimiter, "One character, or `tab`")
      ->check(CheckDelimiter)
      ->type_name("CHAR")
      ->capture_default_str();
  command
      ->add_option("--id", columns.id,
                   "Column that tells rows apart; without: all of a row's values do")
      ->type_name("COL");
  command
      ->add_option("--ignore", columns.ignore,
                   "Without --id: columns that do not tell rows apart, COL,...")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->type_name("COL");
  command->add_option("--split", columns.split, "Column that says which part a row is in")
      ->type_name("COL");
  command
      ->add_option("--fold", columns.fold,
                   "Column that says which fold it is in; with --split the parts are FOLD/PART")
      ->type_name("COL");
}

void SplitCommands::Register(CLI::App* app, Context* context) {
  CLI::App* group =
      app->add_subcommand("split", "How a data set was split into train and test, or folds");
  group->require_subcommand(1);
  const auto add = [&](const char* command, const char* help,
                       absl::Status (SplitCommands::*run)(const Context&) const) {
    CLI::App* added = group->add_subcommand(command, help);
    added->callback(
        [this, context, run] { context->action = [=, this] { return (this->*run)(*context); }; });
    return added;
  };
  CLI::App* record =
      add("record", "Write down which rows are in which part, as digests", &SplitCommands::Record);
  RegisterRows(record);
  record->add_option("--label", columns.label, "Column of the labels, to count them by part")
      ->type_name("COL");
  record->add_option("--method", method, "How it was split, for example StratifiedKFold")
      ->type_name("T");
  record->add_option("--seed", seed, "The seed")->type_name("S");
  record->add_option("--out", out, "Write it to this file; `-`: standard output")
      ->type_name("FILE");
  CLI::App* compare =
      add("compare", "Compare two splits: exit code 3 if they differ", &SplitCommands::Compare);
  compare->add_option("first", first, "A file that `split record` wrote")
      ->required()
      ->type_name("A");
  compare->add_option("second", second, "Another one; without it: that of the model's baseline")
      ->type_name("B");
  CLI::App* check =
      add("check", "Look for rows that are in two parts: exit code 3 if there are any",
          &SplitCommands::Check);
  RegisterRows(check);
  check->add_option("--examples", examples, "Rows to name of each two parts")
      ->transform(WholeNumber(0, 1000))
      ->type_name("N")
      ->capture_default_str();
  check
      ->add_option("--memory_mib", memory_mib,
                   "Memory for row ids, 24 bytes a row; what is more goes to files in $TMPDIR")
      ->transform(WholeNumber(1, 1 << 20))
      ->type_name("MIB")
      ->capture_default_str();
  CLI::App* list = add("list", "Show the splits of a baseline", &SplitCommands::List);
  CLI::App* remove = add("delete", "Delete a split of a baseline", &SplitCommands::Delete);
  for (CLI::App* command : {record, compare, list, remove}) {
    target.RegisterModel(command, command == list || command == remove);
    target.RegisterVersion(command);
    command
        ->add_option("--number", target.number, "Number of the baseline; without: the active one")
        ->transform(WholeNumber())
        ->type_name("N");
    if (command == list) continue;
    command->add_option("--name", name, "Name of the split among those of the baseline")
        ->type_name("T")
        ->capture_default_str();
  }
}

absl::StatusOr<SplitSource> SplitCommands::Source() const {
  SplitSource source = columns;
  source.delimiter = DelimiterOf(delimiter).value_or(',');
  const bool by_column = !columns.split.empty();
  if (!by_column && columns.fold.empty() && csv.size() < 2) {
    return absl::InvalidArgumentError(
        "what tells the parts? Name --split or --fold, or one --csv for each part");
  }
  for (const std::string& text : csv) {
    const size_t at = text.find('=');
    const bool is_named = at != std::string::npos && at > 0 && text.find('/') > at;
    SplitSource::File file;
    file.path = is_named ? text.substr(at + 1) : text;
    if (!by_column && (csv.size() > 1 || is_named)) {
      file.part = is_named ? text.substr(0, at) : PartOfFile(text);
    }
    source.files.push_back(std::move(file));
  }
  return source;
}

absl::Status SplitCommands::Record(const Context& context) const {
  if (out.empty() && target.model.empty()) {
    return absl::InvalidArgumentError("where to? Name --model, or --out, or both");
  }
  const auto source = Source();
  if (!source.ok()) return source.status();
  auto split = MakeSplitManifest(*source);
  if (!split.ok()) return split.status();
  split->set_name(name);
  split->set_method(method);
  split->set_seed(seed);
  if (!out.empty()) {
    const absl::StatusOr<std::string> json = JsonText(*split);
    if (!json.ok()) return json.status();
    if (out == "-") {
      *context.out << *json;
    } else if (absl::Status written = WriteFile(out, *json); !written.ok()) {
      return written;
    }
  }
  if (!target.model.empty()) {
    auto request = ForTarget<v1::RecordSplitRequest>(target);
    *request.mutable_split() = *split;
    const auto response = Unary<Service>(context, &Service::Stub::RecordSplit, request);
    if (!response.ok()) return response.status();
  }
  if (out == "-") return absl::OkStatus();
  if (context.json()) return context.PrintJson(*split);
  *context.out << SplitText(*split);
  return absl::OkStatus();
}

absl::StatusOr<v1::SplitManifest> SplitCommands::Fetch(const Context& context) const {
  auto request = ForTarget<v1::ListSplitsRequest>(target);
  request.set_name(name);
  auto response = Unary<Service>(context, &Service::Stub::ListSplits, request);
  if (!response.ok()) return response.status();
  if (response->splits().empty()) {
    return absl::NotFoundError(absl::StrCat("the baseline has no split \"", name, "\""));
  }
  return std::move(*response->mutable_splits(0));
}

absl::Status SplitCommands::Compare(const Context& context) const {
  if (second.empty() == target.model.empty()) {
    return absl::InvalidArgumentError("split compare compares two files, or one file and --model");
  }
  // What the baseline was trained on comes first.
  const auto a = target.model.empty() ? ReadSplit(first) : Fetch(context);
  if (!a.ok()) return a.status();
  const auto b = ReadSplit(target.model.empty() ? second : first);
  if (!b.ok()) return b.status();
  const v1::SplitComparison comparison = CompareSplits(*a, *b);
  if (context.json()) {
    if (absl::Status printed = context.PrintJson(comparison); !printed.ok()) return printed;
  } else {
    *context.out << SplitComparisonText(comparison);
  }
  return comparison.verdict() == "same" ? absl::OkStatus() : Differs();
}

absl::Status SplitCommands::Check(const Context& context) const {
  const auto source = Source();
  if (!source.ok()) return source.status();
  const auto check = CheckSplit(*source, {.memory_bytes = memory_mib << 20, .examples = examples});
  if (!check.ok()) return check.status();
  if (context.json()) {
    if (absl::Status printed = context.PrintJson(*check); !printed.ok()) return printed;
  } else {
    *context.out << SplitCheckText(*check);
  }
  return check->overlaps().empty() ? absl::OkStatus() : Differs();
}

absl::Status SplitCommands::List(const Context& context) const {
  const auto response =
      Unary<Service>(context, &Service::Stub::ListSplits, ForTarget<v1::ListSplitsRequest>(target));
  if (!response.ok()) return response.status();
  if (context.json()) return context.PrintJson(*response);
  if (response->splits().empty()) *context.out << "no splits\n";
  for (const v1::SplitManifest& split : response->splits()) *context.out << SplitText(split);
  return absl::OkStatus();
}

absl::Status SplitCommands::Delete(const Context& context) const {
  auto request = ForTarget<v1::DeleteSplitRequest>(target);
  request.set_name(name);
  const auto response = Unary<Service>(context, &Service::Stub::DeleteSplit, request);
  if (!response.ok()) return response.status();
  if (context.json()) return context.PrintJson(*response);
  *context.out << "deleted\n";
  return absl::OkStatus();
}

}  // namespace plumbline::client
