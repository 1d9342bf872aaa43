#include "absl/strings/str_cat.h"
#include "server/checks/checks.h"

namespace plumbline::checks {
namespace {

Finding Unknown(const Policy& policy, const std::string& name, uint64_t count, uint64_t rows) {
  Finding finding;
  finding.check = CheckId::kUnknownVariable;
  finding.variable = name;
  finding.statistic = "unknown_rows";
  finding.value = static_cast<double>(count);
  finding.threshold = 1;
  finding.status = Status::kFiring;
  finding.severity = policy.Settings(finding.check, name).severity;
  finding.rows = rows;
  finding.cause = "column_unknown";
  finding.reason =
      absl::StrCat(name.empty() ? "further variables" : name, ": not in the baseline, in ",
                   CountText(count), " of ", CountText(rows), " rows");
  return finding;
}

}  // namespace

std::vector<Finding> CheckUnknownVariables(const Policy& policy, const profile::Pane& window) {
  std::vector<Finding> findings;
  for (const auto& [name, count] : window.unknown_variables) {
    if (count > 0) findings.push_back(Unknown(policy, name, count, window.rows));
  }
  if (window.unknown_overflow > 0) {
    findings.push_back(Unknown(policy, "", window.unknown_overflow, window.rows));
  }
  return findings;
}

}  // namespace plumbline::checks
