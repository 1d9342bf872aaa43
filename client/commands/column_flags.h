#ifndef PLUMBLINE_CLIENT_COMMANDS_COLUMN_FLAGS_H_
#define PLUMBLINE_CLIENT_COMMANDS_COLUMN_FLAGS_H_

#include <CLI/App.hpp>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "client/commands/context.h"
#include "client/csv_batches.h"
#include "client/csv_columns.h"

namespace plumbline::client {

/// The character that `--delimiter` means; nullopt if none. And a check for CLI11.
std::optional<char> DelimiterOf(const std::string& text);
std::string CheckDelimiter(const std::string& text);

/// The flags that say which file to read and what its columns are; shared by the commands that read
/// one. Wrong values are parse errors of CLI11.
struct ColumnFlags {
  std::string csv;
  std::string delimiter = ",";
  std::vector<std::string> kinds;
  std::vector<std::string> roles;
  std::string timestamp;
  std::string id;
  std::vector<std::string> ignore;

  /// `this` must outlive the parsing.
  void Register(CLI::App* app);

  // What follows: only after a successful parse.

  /// The flags as read.
  [[nodiscard]] CsvColumnOptions Options() const;
  /// PlanCsv() of the file, with a progress bar.
  [[nodiscard]] absl::StatusOr<CsvPlan> Plan(
      const Context& context, absl::Span<const v1::VariableSpec> model_variables) const;
  /// The file's batches, as planned.
  [[nodiscard]] absl::StatusOr<std::unique_ptr<CsvBatches>> Open(const CsvPlan& plan) const;
};

}  // namespace plumbline::client

#endif  // PLUMBLINE_CLIENT_COMMANDS_COLUMN_FLAGS_H_
