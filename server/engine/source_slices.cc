#include "server/engine/source_slices.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/storage/keys.h"

namespace plumbline::engine {
namespace {

// So many times the rows that a verdict needs are a source's first ones, which later ones are held
// against.
constexpr uint64_t kFirstBlocks = 10;

}  // namespace

SourceSlices::Source::Source(std::shared_ptr<const profile::Baseline> baseline, PaneHome home,
                             const checks::Policy& policy, uint64_t number)
    : number(number),
      slice(std::move(baseline), std::move(home), policy,
            kFirstBlocks * std::max<uint64_t>(1, policy.min_rows_drift)) {}

SourceSlices::SourceSlices(std::shared_ptr<const profile::Baseline> baseline, PaneHome home,
                           size_t max)
    : baseline_(std::move(baseline)),
      home_(std::move(home)),
      max_(std::min<size_t>(max, storage::kMaxSliceNumber)) {}

PaneHome SourceSlices::HomeOf(uint64_t number) const {
  return {home_.store, home_.key, storage::SliceKey(home_.generation, number)};
}

SourceSlices::Source* SourceSlices::Find(absl::string_view source) {
  const auto it = sources_.find(source);
  return it == sources_.end() ? nullptr : it->second.get();
}

SourceSlices::Source* SourceSlices::Open(absl::string_view source, int64_t newest_pane,
                                         const checks::Policy& policy) {
  if (source.empty()) return nullptr;
  if (Source* known = Find(source); known != nullptr) return known;
  if (!HasRoom(newest_pane)) return nullptr;
  const uint64_t number = UnusedNumber();
  auto fresh = std::make_unique<Source>(baseline_, HomeOf(number), policy, number);
  return sources_.emplace(std::string(source), std::move(fresh)).first->second.get();
}

bool SourceSlices::HasRoom(int64_t newest_pane) {
  if (sources_.size() < max_) return true;
  for (auto it = sources_.begin(); it != sources_.end(); ++it) {
    Slice& slice = it->second->slice;
    slice.window().Reach(newest_pane);
    if (slice.window().rows() > 0 || slice.alerts().AnyActive()) continue;
    dropped_.emplace_back(it->first, std::move(it->second));
    sources_.erase(it);
    return true;
  }
  return false;
}

uint64_t SourceSlices::UnusedNumber() const {
  std::set<uint64_t> used;
  for (const auto& [name, source] : sources_) used.insert(source->number);
  uint64_t number = 1;
  while (used.contains(number)) ++number;
  return number;
}

void SourceSlices::ClosePane(int64_t pane_start, int64_t newest_pane, uint64_t min_rows) {
  for (const auto& [name, source] : sources_) {
    Window& window = source->slice.window();
    window.Reach(newest_pane);
    if (window.Has(pane_start)) source->slice.ClosePane(pane_start, min_rows);
  }
}

void SourceSlices::SetPanes(uint32_t panes) {
  for (const auto& [name, source] : sources_) {
    source->slice.window().set_panes(panes);
  }
}

void SourceSlices::Cool() {
  for (const auto& [name, source] : sources_) source->slice.window().Cool();
}

bool SourceSlices::dirty() const {
  if (!dropped_.empty()) return true;
  return std::any_of(sources_.begin(), sources_.end(),
                     [](const auto& entry) { return entry.second->slice.window().dirty(); });
}

void SourceSlices::DeleteWindow(uint64_t number, storage::Store::Batch* batch) const {
  batch->DeleteGeneration(home_.key.model, home_.key.version,
                          storage::SliceKey(home_.generation, number));
}

void SourceSlices::Commit(storage::Store::Batch* batch, storage::v1::ModelStateRecord* record) {
  // Before the new one of the same number writes.
  for (const auto& [name, source] : dropped_) {
    DeleteWindow(source->number, batch);
    for (const checks::Alert& alert : source->slice.alerts().alerts()) {
      batch->DeleteAlert(home_.key.model, home_.key.version, checks::CheckName(alert.key.check),
                         alert.key.variable, alert.key.source);
    }
  }
  dropped_.clear();
  for (const auto& [name, source] : sources_) {
    source->slice.Commit(batch);
    storage::v1::SliceRecord* stored = record->add_slices();
    stored->set_source(name);
    stored->set_number(source->number);
    source->slice.ToRecord(stored);
  }
}

absl::Status SourceSlices::Restore(const storage::v1::ModelStateRecord& record,
                                   int64_t closed_until, const checks::Policy& policy) {
  std::set<uint64_t> numbers;
  for (const storage::v1::SliceRecord& stored : record.slices()) {
    if (stored.number() == 0 || stored.number() > storage::kMaxSliceNumber ||
        !numbers.insert(stored.number()).second) {
      return absl::DataLossError(absl::StrCat(home_.key.InWords(), ": the source \"",
                                              stored.source(), "\" has the number ",
                                              stored.number()));
    }
    auto source =
        std::make_unique<Source>(baseline_, HomeOf(stored.number()), policy, stored.number());
    if (absl::Status status = source->slice.Restore(stored, closed_until); !status.ok()) {
      return status;
    }
    sources_[stored.source()] = std::move(source);
  }
  return absl::OkStatus();
}

void SourceSlices::Delete(storage::Store::Batch* batch) const {
  for (const auto& [name, source] : sources_) DeleteWindow(source->number, batch);
  for (const auto& [name, source] : dropped_) DeleteWindow(source->number, batch);
}

}  // namespace plumbline::engine
