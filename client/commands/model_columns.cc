#include "client/commands/model_columns.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "client/commands/call.h"
#include "client/commands/format.h"

namespace plumbline::client {
namespace {

using Names = std::vector<std::string>;

// `a, b, c and 4 more`.
std::string FirstFew(const Names& names) {
  constexpr size_t kShown = 5;
  constexpr size_t kWidth = 40;
  std::string text;
  for (size_t i = 0; i < names.size() && i < kShown; ++i) {
    absl::StrAppend(&text, i == 0 ? "" : ", ", Printable(names[i], kWidth));
  }
  if (names.size() > kShown) absl::StrAppend(&text, " and ", names.size() - kShown, " more");
  return text;
}

Names SentColumns(const CsvPlan& plan) {
  Names names;
  for (const CsvColumn& column : plan.columns) {
    if (IsVariable(column)) names.push_back(column.name);
  }
  return names;
}

// What of the model's variables has a column.
struct Match {
  size_t found = 0;
  bool only_labels = true;
  Names missing;  // features and predictions
};

Match MatchNames(const Names& sent, absl::Span<const v1::VariableSpec> variables,
                 const v1::Policy& policy) {
  const absl::flat_hash_set<std::string> columns(sent.begin(), sent.end());
  absl::flat_hash_set<std::string> by_alias;
  for (const v1::VariablePolicy& variable : policy.variables()) {
    for (const std::string& alias : variable.aliases()) {
      if (columns.contains(alias)) by_alias.insert(variable.variable());
    }
  }
  Match match;
  for (const v1::VariableSpec& variable : variables) {
    const bool is_label = variable.role() == v1::ROLE_LABEL;
    if (columns.contains(variable.name()) || by_alias.contains(variable.name())) {
      ++match.found;
      match.only_labels = match.only_labels && is_label;
    } else if (!is_label) {
      match.missing.push_back(variable.name());
    }
  }
  return match;
}

}  // namespace

absl::Status CheckModelColumns(const Context& context, const TargetFlags& target,
                               const ColumnFlags& columns, const CsvPlan& plan,
                               absl::Span<const v1::VariableSpec> variables,
                               const v1::Policy* policy) {
  const Names sent = SentColumns(plan);
  Match match = MatchNames(sent, variables, policy == nullptr ? v1::Policy() : *policy);
  if (policy == nullptr && !match.missing.empty()) {
    const auto stored = FetchPolicy(context, target.model, target.version);
    if (!stored.ok()) return stored.status();
    match = MatchNames(sent, variables, *stored);
  }
  const std::string model = absl::StrCat("model \"", target.model, "\"");
  if (match.found == 0) {
    Names names;
    for (const v1::VariableSpec& variable : variables) names.push_back(variable.name());
    return absl::InvalidArgumentError(absl::StrCat(
        columns.csv, ": none of its columns (", FirstFew(sent), ") is a variable of ", model, " (",
        FirstFew(names), "): is it that file, and is `", columns.delimiter, "` its --delimiter?"));
  }
  if (match.missing.empty() || match.only_labels) return absl::OkStatus();
  *context.err << "plumbline: warning: " << columns.csv << " has no column for "
               << FormatCount(match.missing.size(), "variable", "variables") << " of " << model
               << ": " << FirstFew(match.missing) << std::endl;
  return absl::OkStatus();
}

}  // namespace plumbline::client
