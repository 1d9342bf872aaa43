#include "server/engine/slice_book.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/engine/records.h"
#include "server/storage/keys.h"

namespace plumbline::engine {
namespace {

std::string SliceInWords(const storage::v1::SliceRecord& record) {
  return record.slice().empty() ? absl::StrCat("the source \"", record.source(), "\"")
                                : absl::StrCat("the slice \"", record.slice(), "\"");
}

const profile::TrainedSlice* FindValue(const profile::Slicing* slicing, absl::string_view name) {
  if (slicing == nullptr) return nullptr;
  for (const profile::TrainedSlice& value : slicing->slices) {
    if (value.name == name) return &value;
  }
  return nullptr;
}

}  // namespace

SliceBook::SliceBook(std::shared_ptr<const profile::Baseline> baseline, PaneHome home,
                     size_t max_sources)
    : baseline_(std::move(baseline)),
      home_(std::move(home)),
      max_sources_(std::min<size_t>(max_sources, storage::kMaxSliceNumber / 2)) {}

PaneHome SliceBook::HomeOf(uint64_t number) const {
  return {home_.store, home_.key, storage::SliceKey(home_.generation, number)};
}

SliceBook::Entry SliceBook::SourceEntry(const checks::Policy& policy, uint64_t number) const {
  auto slice = std::make_unique<Slice>(baseline_, HomeOf(number), policy, Slice::Of::kSource);
  slice->SetSeason(season_);
  return {number, std::move(slice), nullptr, "", nullptr};
}

SliceBook::Entry SliceBook::ValueEntry(const profile::TrainedSlice& value,
                                       const checks::Policy& policy, uint64_t number) const {
  return {number, std::make_unique<Slice>(value.trained, HomeOf(number), policy, Slice::Of::kValue),
          value.trained, value.label, nullptr};
}

SliceBook::Entry* SliceBook::Find(const SliceName& name) {
  const auto it = entries_.find(name);
  return it == entries_.end() ? nullptr : &it->second;
}

SliceBook::Entry* SliceBook::OpenSource(absl::string_view source, int64_t newest_pane,
                                        const checks::Policy& policy) {
  if (source.empty()) return nullptr;
  SliceName name{std::string(source), ""};
  if (Entry* known = Find(name); known != nullptr) return known;
  if (!HasRoom(newest_pane)) return nullptr;
  return &entries_.emplace(std::move(name), SourceEntry(policy, UnusedNumber())).first->second;
}

bool SliceBook::HasRoom(int64_t newest_pane) {
  if (sources() < max_sources_) return true;
  for (auto it = entries_.begin(); it != entries_.end(); ++it) {
    if (it->first.source.empty()) continue;
    Slice& slice = *it->second.slice;
    slice.window().Reach(newest_pane);
    if (slice.window().rows() > 0 || slice.alerts().AnyActive()) continue;
    Drop(it);
    return true;
  }
  return false;
}

SliceBook::Map::iterator SliceBook::Drop(Map::iterator entry) {
  dropped_.push_back(std::move(entry->second));
  return entries_.erase(entry);
}

std::vector<checks::Alert> SliceBook::SetSlicing(std::shared_ptr<const profile::Slicing> slicing,
                                                 const checks::Policy& policy) {
  slicing_ = std::move(slicing);
  of_values_.clear();
  std::vector<checks::Alert> given_up;
  for (auto it = entries_.begin(); it != entries_.end();) {
    if (it->first.slice.empty() || FindValue(slicing_.get(), it->first.slice) != nullptr) {
      ++it;
      continue;
    }
    checks::AlertBook& alerts = it->second.slice->alerts();
    for (checks::Alert& alert : alerts.alerts()) given_up.push_back(std::move(alert));
    alerts.Restore({});
    it = Drop(it);
  }
  if (slicing_ == nullptr) return given_up;
  for (const profile::TrainedSlice& value : slicing_->slices) {
    SliceName name{"", value.name};
    auto it = entries_.find(name);
    if (it == entries_.end()) {
      it = entries_.emplace(std::move(name), ValueEntry(value, policy, UnusedNumber())).first;
    }
    of_values_.push_back(it->second.slice.get());
  }
  return given_up;
}

uint64_t SliceBook::UnusedNumber() const {
  std::set<uint64_t> used;
  for (const auto& [name, entry] : entries_) used.insert(entry.number);
  uint64_t number = 1;
  while (used.contains(number)) ++number;
  return number;
}

void SliceBook::ClosePane(int64_t pane_start, int64_t newest_pane, uint64_t min_rows) {
  for (auto& [name, entry] : entries_) {
    Window& window = entry.slice->window();
    window.Reach(newest_pane);
    if (window.Has(pane_start)) entry.slice->ClosePane(pane_start, min_rows);
  }
}

void SliceBook::SetPolicy(const checks::Policy& policy) {
  for (auto& [name, entry] : entries_) entry.slice->SetPolicy(policy);
}

void SliceBook::SetSeason(std::shared_ptr<const profile::SeasonalTraining> season) {
  season_ = std::move(season);
  for (auto& [name, entry] : entries_) {
    if (entry.trained == nullptr) entry.slice->SetSeason(season_);
  }
}

void SliceBook::Cool() {
  for (auto& [name, entry] : entries_) entry.slice->window().Cool();
}

bool SliceBook::dirty() const {
  if (!dropped_.empty()) return true;
  return std::any_of(entries_.begin(), entries_.end(),
                     [](const auto& entry) { return entry.second.slice->window().dirty(); });
}

void SliceBook::DeleteWindow(uint64_t number, storage::Store::Batch* batch) const {
  batch->DeleteGeneration(home_.key.model, home_.key.version,
                          storage::SliceKey(home_.generation, number));
}

void SliceBook::Commit(storage::Store::Batch* batch, storage::v1::ModelStateRecord* record) {
  // Before the new one of the same number writes.
  for (const Entry& entry : dropped_) {
    DeleteWindow(entry.number, batch);
    for (const checks::Alert& alert : entry.slice->alerts().alerts()) {
      DeleteAlert(home_.key, alert.key, batch);
    }
  }
  dropped_.clear();
  for (const auto& [name, entry] : entries_) {
    entry.slice->Commit(batch);
    storage::v1::SliceRecord* stored = record->add_slices();
    stored->set_source(name.source);
    stored->set_slice(name.slice);
    stored->set_number(entry.number);
    entry.slice->ToRecord(stored);
  }
}

absl::Status SliceBook::Restore(const storage::v1::ModelStateRecord& record, int64_t closed_until,
                                const checks::Policy& policy,
                                std::shared_ptr<const profile::Slicing> slicing) {
  std::set<uint64_t> numbers;
  for (const storage::v1::SliceRecord& stored : record.slices()) {
    if (stored.number() == 0 || stored.number() > storage::kMaxSliceNumber ||
        !numbers.insert(stored.number()).second) {
      return absl::DataLossError(absl::StrCat(home_.key.InWords(), ": ", SliceInWords(stored),
                                              " has the number ", stored.number()));
    }
    SliceName name{stored.source(), stored.slice()};
    std::optional<Entry> entry;
    if (name.slice.empty()) {
      entry = SourceEntry(policy, stored.number());
    } else if (const profile::TrainedSlice* value = FindValue(slicing.get(), name.slice)) {
      entry = ValueEntry(*value, policy, stored.number());
    } else {  // the bound on slices was lowered
      dropped_.push_back(SourceEntry(policy, stored.number()));
      continue;
    }
    if (absl::Status status = entry->slice->Restore(stored, closed_until); !status.ok()) {
      return status;
    }
    entries_.emplace(std::move(name), *std::move(entry));
  }
  (void)SetSlicing(std::move(slicing), policy);
  return absl::OkStatus();
}

void SliceBook::Delete(storage::Store::Batch* batch) const {
  for (const auto& [name, entry] : entries_) DeleteWindow(entry.number, batch);
  for (const Entry& entry : dropped_) DeleteWindow(entry.number, batch);
}

}  // namespace plumbline::engine
