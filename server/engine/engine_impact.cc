// How predictions differ in rows that lack an input: of the window, and of what is silent.
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/checks/impact.h"
#include "server/engine/engine_impl.h"

namespace plumbline::engine {

absl::StatusOr<ImpactReport> Engine::GetImpact(absl::string_view model, absl::string_view version,
                                               absl::string_view variable,
                                               absl::string_view source) {
  auto key = impl_->catalog.Resolve(model, version);
  if (!key.ok()) return key.status();
  const auto active = impl_->catalog.Active(*key).baseline;
  std::optional<size_t> index;
  if (!variable.empty() && active != nullptr) {
    index = active->schema.Find(variable);
    if (!index.has_value()) {
      return absl::NotFoundError(
          absl::StrCat(key->InWords(), " has no variable \"", variable, "\""));
    }
  }
  absl::StatusOr<ImpactReport> report =
      absl::NotFoundError(absl::StrCat(key->InWords(), " does not exist"));
  std::vector<SilentCategory> silent;
  checks::Policy policy;
  const absl::Time now = impl_->clock->Now();
  absl::Status done =
      impl_->WorkerFor(*key).Run([&](Worker::Models* models, storage::Store::Batch*) {
        const auto it = models->live.find(*key);
        if (it == models->live.end()) return;
        policy = it->second->policy();
        report = it->second->MakeImpactReport(now, index, source, &silent);
      });
  if (!report.ok()) return !done.ok() && absl::IsNotFound(report.status()) ? done : report;
  if (silent.empty()) return report;
  // One that was deleted meanwhile leaves them out.
  const auto whole = GetWholeBaseline(key->model, key->version, report->baseline_number);
  if (!whole.ok()) return report;
  for (const SilentCategory& category : silent) {
    for (checks::Impact& impact :
         checks::ImpactsOfSilence(**whole, policy, category.variable, category.code, category.rows,
                                  category.predictions)) {
      report->impacts.push_back(std::move(impact));
    }
  }
  checks::SortImpacts(&report->impacts);
  return report;
}

}  // namespace plumbline::engine
