#include "server/engine/slice_alerts.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "server/checks/incident.h"
#include "server/engine/list_in_words.h"

namespace plumbline::engine {
namespace {

// `, source a` or `, sources a, b, c and 2 more`.
std::string Named(absl::string_view what, std::vector<std::string> names) {
  constexpr size_t kNamed = 3;
  if (names.empty()) return "";
  const bool several = names.size() > 1;
  return absl::StrCat(", ", what, several ? "s " : " ", ListInWords(std::move(names), kNamed));
}

}  // namespace

void NameSlices(absl::Span<const SliceAlerts> slices, size_t sources,
                std::vector<checks::Finding>* findings) {
  for (checks::Finding& finding : *findings) {
    if (finding.status != checks::Status::kFiring) continue;
    std::vector<std::string> of_sources, of_values;
    for (const auto& [name, alerts] : slices) {
      if (!alerts->IsActive(finding.check, finding.variable)) continue;
      (name->slice.empty() ? of_sources : of_values)
          .push_back(name->slice.empty() ? name->source : name->slice);
    }
    if (of_sources.size() != sources) {
      absl::StrAppend(&finding.reason, Named("source", std::move(of_sources)));
    }
    absl::StrAppend(&finding.reason, Named("slice", std::move(of_values)));
  }
}

void NameIncidents(absl::Span<const checks::AlertBook* const> all, const checks::Policy& policy,
                   checks::AlertBook* book, std::vector<checks::Alert>* changed) {
  std::vector<const checks::Alert*> open;
  for (checks::Alert& alert : *changed) {
    if (!alert.is_open() || !alert.incident.empty()) continue;
    if (open.empty()) {
      for (const checks::AlertBook* const one : all) {
        one->ForEachOpen([&](const checks::Alert& other) { open.push_back(&other); });
      }
    }
    alert.incident = checks::IncidentOf(alert, open, checks::Together(policy));
    book->SetIncident(alert.key, alert.incident);
  }
}

}  // namespace plumbline::engine
