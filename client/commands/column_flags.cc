#include "client/commands/column_flags.h"

#include <CLI/CLI.hpp>
#include <optional>

#include "absl/strings/str_cat.h"
#include "client/commands/progress.h"

namespace plumbline::client {
namespace {

std::optional<v1::Kind> KindOf(const std::string& name) {
  if (name == "categorical") return v1::KIND_CATEGORICAL;
  if (name == "numeric") return v1::KIND_NUMERIC;
  return std::nullopt;
}

std::optional<v1::Role> RoleOf(const std::string& name) {
  if (name == "feature") return v1::ROLE_FEATURE;
  if (name == "prediction") return v1::ROLE_PREDICTION;
  if (name == "label") return v1::ROLE_LABEL;
  return std::nullopt;
}

// Splits COL=value at the last `=`, since a column's name may hold one.
std::pair<std::string, std::string> Split(const std::string& text) {
  const size_t at = text.rfind('=');
  if (at == std::string::npos) return {text, ""};
  return {text.substr(0, at), text.substr(at + 1)};
}

template <class Parse>
std::string Check(const std::string& text, const Parse& parse, const char* values) {
  const auto [column, value] = Split(text);
  if (!column.empty() && parse(value).has_value()) return "";
  return absl::StrCat("`", text, "` is not COL=", values);
}

}  // namespace

std::optional<char> DelimiterOf(const std::string& text) {
  if (text == "tab" || text == "\\t") return '\t';
  if (text.size() != 1 || text[0] == '"' || static_cast<unsigned char>(text[0]) >= 0x80) {
    return std::nullopt;
  }
  return text[0];
}

std::string CheckDelimiter(const std::string& text) {
  return DelimiterOf(text).has_value() ? "" : "one ASCII character, or `tab`";
}

void ColumnFlags::Register(CLI::App* app) {
  app->add_option("--csv", csv, "CSV file with a header row, plain or gzip")
      ->required()
      ->type_name("FILE");
  app->add_option("--delimiter", delimiter, "One character, or `tab`")
      ->check(CheckDelimiter)
      ->type_name("CHAR")
      ->capture_default_str();
  app->add_option("--kind", kinds, "COL=categorical|numeric,...")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->check([](const std::string& text) { return Check(text, KindOf, "categorical|numeric"); })
      ->type_name("COL=KIND");
  app->add_option("--role", roles, "COL=prediction|label|feature,...")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->check(
          [](const std::string& text) { return Check(text, RoleOf, "prediction|label|feature"); })
      ->type_name("COL=ROLE");
  app->add_option("--timestamp", timestamp, "Column of event times (ISO 8601 or Unix time)")
      ->type_name("COL");
  app->add_option("--id", id, "Column of row ids")->type_name("COL");
  app->add_option("--ignore", ignore, "Columns to leave out, COL,...")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->type_name("COL");
}

CsvColumnOptions ColumnFlags::Options() const {
  CsvColumnOptions options;
  options.delimiter = DelimiterOf(delimiter).value_or(',');
  for (const std::string& text : kinds) {
    const auto [column, value] = Split(text);
    options.kinds.emplace_back(column, KindOf(value).value_or(v1::KIND_UNSPECIFIED));
  }
  for (const std::string& text : roles) {
    const auto [column, value] = Split(text);
    options.roles.emplace_back(column, RoleOf(value).value_or(v1::ROLE_UNSPECIFIED));
  }
  options.timestamp = timestamp;
  options.id = id;
  options.ignore = ignore;
  return options;
}

absl::StatusOr<CsvPlan> ColumnFlags::Plan(
    const Context& context, absl::Span<const v1::VariableSpec> model_variables) const {
  Progress progress(*context.err, context.shows_progress, "reading");
  return PlanCsv(csv, Options(), model_variables, [&](double share) { progress.Update(share); });
}

absl::StatusOr<std::unique_ptr<CsvBatches>> ColumnFlags::Open(const CsvPlan& plan) const {
  return CsvBatches::Open(csv, Options().delimiter, plan);
}

}  // namespace plumbline::client
