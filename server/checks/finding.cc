#include "server/checks/finding.h"

namespace plumbline::checks {

absl::string_view StatusName(Status status) {
  switch (status) {
    case Status::kOk:
      return "OK";
    case Status::kFiring:
      return "FIRING";
    case Status::kInsufficientData:
      return "INSUFFICIENT_DATA";
    case Status::kNotApplicable:
      return "NOT_APPLICABLE";
  }
  return "";
}

absl::string_view SeverityName(Severity severity) {
  switch (severity) {
    case Severity::kInfo:
      return "info";
    case Severity::kWarning:
      return "warning";
    case Severity::kCritical:
      return "critical";
  }
  return "";
}

absl::string_view ImpactVerdictName(ImpactVerdict verdict) {
  switch (verdict) {
    case ImpactVerdict::kInsufficientData:
      return "INSUFFICIENT_DATA";
    case ImpactVerdict::kNotShown:
      return "NOT_SHOWN";
    case ImpactVerdict::kSmall:
      return "SMALL";
    case ImpactVerdict::kDifferent:
      return "DIFFERENT";
  }
  return "";
}

}  // namespace plumbline::checks
