#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "server/checks/checks.h"

namespace plumbline::checks {
namespace {

// The only code in use, or the number of codes if there is no such one.
size_t OnlyCode(const profile::VariableCounts& counts) {
  const uint64_t total = counts.Coded();
  if (total == 0 || counts.codes.Max() != total) return counts.codes.size();
  size_t code = 0;
  while (counts.codes[code] != total) ++code;
  return code;
}

// True if the window's values are all the same, as far as its counts can say.
bool IsOneValue(const VariableInput& input, size_t code) {
  if (code >= input.window.codes.size()) return false;
  if (!input.baseline.is_numeric()) return code < input.baseline.categories.size();
  return input.window.moments.Min() == input.window.moments.Max();
}

}  // namespace

Finding CheckBecameConstant(const VariableInput& input) {
  Finding finding = StartFinding(CheckId::kBecameConstant, input);
  finding.statistic = "constant";
  const uint64_t trained = input.baseline.counts.Coded();
  const uint64_t rows = input.window.Coded();
  finding.rows = rows;
  if (trained == 0 || input.baseline.is_constant()) {
    return Without(finding, Status::kNotApplicable, "it did not vary in training");
  }
  if (rows < input.policy.min_rows_drift) {
    return WithTooFew(finding, rows, input);
  }
  const size_t code = OnlyCode(input.window);
  finding.value = 0;
  finding.threshold = 1;
  if (!IsOneValue(input, code)) {
    if (IsRead(finding, input)) finding.reason = absl::StrCat(finding.variable, ": varies");
    return finding;
  }
  // The chance of `rows` values in this one code, had training's share of it stayed; where values
  // come in runs they are fewer.
  const double share = (static_cast<double>(input.baseline.counts.codes[code]) + 1) /
                       (static_cast<double>(trained) + 1);
  finding.value = 1;
  finding.p_value = std::pow(share, static_cast<double>(rows) / input.baseline.natural.groups);
  finding.below_leave = false;
  if (*finding.p_value < ImmediateLevel(input)) {
    finding.status = Status::kFiring;
    finding.cause = "became_constant";
  }
  if (!IsRead(finding, input)) return finding;
  const std::string value = input.baseline.is_numeric()
                                ? absl::StrFormat("%.6g", input.window.moments.Min())
                                : absl::StrCat("`", input.baseline.categories.name(code), "`");
  finding.reason = absl::StrCat(finding.variable, ": always ", value, ", varied in training (",
                                CountText(rows), " rows)");
  return finding;
}

namespace {

std::string AliveReason(const VariableInput& input, uint64_t others, uint64_t rows) {
  const std::string& name = input.baseline.variable.name;
  if (!input.baseline.is_numeric()) {
    return absl::StrCat(name, ": constant in training, another category in ", CountText(others),
                        " of ", CountText(rows), " rows");
  }
  const double low = input.window.moments.Min();
  const double high = input.window.moments.Max();
  return absl::StrFormat("%s: constant in training (%.6g), now %s (%s of %s rows differ)", name,
                         input.baseline.counts.moments.Min(),
                         low == high ? absl::StrFormat("always %.6g", low)
                                     : absl::StrFormat("varies: %.6g to %.6g", low, high),
                         CountText(others), CountText(rows));
}

}  // namespace

Finding CheckCameAlive(const VariableInput& input) {
  Finding finding = StartFinding(CheckId::kCameAlive, input);
  finding.statistic = "changed_rate";
  const uint64_t rows = input.window.Coded();
  finding.rows = rows;
  if (!input.baseline.is_constant()) {
    return Without(finding, Status::kNotApplicable, "it varied in training");
  }
  if (rows == 0) return Without(finding, Status::kInsufficientData, "no values");
  const CheckSettings settings = input.policy.Settings(finding.check, finding.variable);
  const size_t code = OnlyCode(input.baseline.counts);
  const uint64_t same = code < input.window.codes.size() ? input.window.codes[code] : 0;
  const uint64_t others = rows - same;
  finding.value = static_cast<double>(others) / static_cast<double>(rows);
  finding.threshold = settings.threshold;
  finding.below_leave = others == 0 || *finding.value < settings.leave_threshold;
  if (others >= 2 && *finding.value >= settings.threshold) {
    finding.status = Status::kFiring;
    finding.cause = "came_alive";
  }
  if (IsRead(finding, input)) finding.reason = AliveReason(input, others, rows);
  return finding;
}

}  // namespace plumbline::checks
