// The control plane of the engine: reports.
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "server/engine/engine.h"
#include "server/engine/engine_impl.h"
#include "server/profile/similarity.h"

namespace plumbline::engine {
namespace {

constexpr size_t kSubstitutes = 3;

using BaselineOr = absl::StatusOr<std::shared_ptr<const profile::Baseline>>;

// Beside each variable that is absent: what says most about it. A baseline without a row sample, or
// one that was deleted meanwhile, leaves it out.
void NameSubstitutes(absl::FunctionRef<BaselineOr()> whole,
                     std::vector<checks::Finding>* findings) {
  std::shared_ptr<const profile::Baseline> baseline;
  for (checks::Finding& finding : *findings) {
    if (finding.check != checks::CheckId::kAbsentVariable ||
        finding.status != checks::Status::kFiring) {
      continue;
    }
    if (baseline == nullptr) {
      BaselineOr loaded = whole();
      if (!loaded.ok()) return;
      baseline = *std::move(loaded);
    }
    const std::optional<size_t> variable = baseline->schema.Find(finding.variable);
    if (!variable.has_value()) continue;
    for (const profile::Similarity& similar :
         profile::MostSimilar(*baseline, *variable, kSubstitutes)) {
      finding.similar.push_back({baseline->variables[similar.variable].variable.name, similar});
    }
    if (finding.similar.empty()) continue;
    const checks::Substitute& best = finding.similar.front();
    absl::StrAppend(
        &finding.reason, "; most similar: `", best.variable,
        absl::StrFormat("` (%s %.2f)", profile::AssociationName(best.similarity.association),
                        best.similarity.value));
  }
}

}  // namespace

absl::StatusOr<Report> Engine::GetReport(absl::string_view model, absl::string_view version,
                                         absl::string_view variable, const SliceName& of) {
  auto key = impl_->catalog.Resolve(model, version);
  if (!key.ok()) return key.status();
  if (!of.source.empty() && !of.slice.empty()) {
    return absl::InvalidArgumentError(absl::StrCat("a report is of the source \"", of.source,
                                                   "\" or of the slice \"", of.slice,
                                                   "\", not of both"));
  }
  const auto baseline = impl_->catalog.Active(*key).baseline;
  std::optional<size_t> index;
  if (!variable.empty() && baseline != nullptr) {
    index = baseline->schema.Find(variable);
    if (!index.has_value()) {
      return absl::NotFoundError(
          absl::StrCat(key->InWords(), " has no variable \"", variable, "\""));
    }
  }
  std::optional<absl::StatusOr<Report>> report;
  const absl::Time now = impl_->clock->Now();
  absl::Status done =
      impl_->WorkerFor(*key).Run([&](Worker::Models* models, storage::Store::Batch*) {
        const auto it = models->live.find(*key);
        if (it != models->live.end()) report = it->second->MakeReport(now, index, of);
      });
  // Whether what was under way can be stored is another matter.
  if (report.has_value() && report->ok()) {
    (*report)->incidents = impl_->IncidentsOf(*key, (*report)->baseline_number, (*report)->alerts);
    NameSubstitutes(
        [&] { return GetWholeBaseline(key->model, key->version, (*report)->baseline_number); },
        &(*report)->findings);
  }
  if (report.has_value()) return *std::move(report);
  return done.ok() ? absl::NotFoundError(absl::StrCat(key->InWords(), " does not exist")) : done;
}

absl::StatusOr<PerformanceReport> Engine::GetPerformance(absl::string_view model,
                                                         absl::string_view version,
                                                         std::optional<CalendarUnit> unit) {
  auto key = impl_->catalog.Resolve(model, version);
  if (!key.ok()) return key.status();
  absl::StatusOr<PerformanceReport> report =
      absl::NotFoundError(absl::StrCat(key->InWords(), " does not exist"));
  absl::Status done =
      impl_->WorkerFor(*key).Run([&](Worker::Models* models, storage::Store::Batch*) {
        const auto it = models->live.find(*key);
        if (it != models->live.end()) report = it->second->MakePerformanceReport(unit);
      });
  if (!done.ok() && absl::IsNotFound(report.status())) return done;
  return report;
}

}  // namespace plumbline::engine
