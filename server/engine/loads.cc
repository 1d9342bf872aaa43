#include "server/engine/loads.h"

#include <algorithm>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "server/checks/checks.h"

namespace plumbline::engine {
namespace {

bool Differs(LoadState state) {
  return state == LoadState::kRowsMissing || state == LoadState::kRowsExtra ||
         state == LoadState::kContentDiffers;
}

LoadState StateOf(const DeclaredLoad& load, absl::Time heard, const checks::Policy& policy) {
  if (!load.declared_rows.has_value()) return LoadState::kOpen;
  if (load.arrived.rows > *load.declared_rows) return LoadState::kRowsExtra;
  if (load.arrived.rows < *load.declared_rows) {
    if (load.ended.has_value()) {
      return heard - load.heard > policy.hole_grace ? LoadState::kRowsMissing : LoadState::kWaiting;
    }
    return heard - load.heard > policy.no_data_after ? LoadState::kRowsMissing : LoadState::kOpen;
  }
  return load.declared_digest.value_or(load.arrived.digest) == load.arrived.digest
             ? LoadState::kComplete
             : LoadState::kContentDiffers;
}

std::string Name(const DeclaredLoad& load) {
  return absl::StrCat("`", absl::CHexEscape(load.name), "`");
}

std::string LoadInWords(const DeclaredLoad& load) {
  const std::string rows = checks::CountText(load.arrived.rows);
  if (load.state == LoadState::kContentDiffers) {
    return absl::StrCat(Name(load), ": its ", rows, " rows are not those that were declared");
  }
  return absl::StrCat(Name(load), ": ", rows, " rows came of ",
                      checks::CountText(load.declared_rows.value_or(0)));
}

void ToRecord(absl::uint128 digest, storage::v1::RowDigestRecord* record) {
  record->set_high(absl::Uint128High64(digest));
  record->set_low(absl::Uint128Low64(digest));
}

absl::uint128 DigestFromRecord(const storage::v1::RowDigestRecord& record) {
  return absl::MakeUint128(record.high(), record.low());
}

}  // namespace

DeclaredLoad& Loads::Open(const std::string& name, const Moment& now) {
  const auto [it, is_new] = loads_.try_emplace(name);
  DeclaredLoad& load = it->second.load;
  if (is_new) {
    load.name = name;
    load.began = now.clock;
  }
  load.heard = now.heard;
  changed_.insert(name);
  if (is_new) MakeRoom();
  return load;
}

void Loads::MakeRoom() {
  while (loads_.size() > kMaxLoads) {
    const auto first_to_go = [](const auto& a, const auto& b) {
      const bool a_stays = a.second.load.state != LoadState::kComplete;
      const bool b_stays = b.second.load.state != LoadState::kComplete;
      return a_stays != b_stays ? b_stays : a.second.load.heard < b.second.load.heard;
    };
    const auto oldest = std::min_element(loads_.begin(), loads_.end(), first_to_go);
    changed_.insert(oldest->first);
    loads_.erase(oldest);
  }
}

void Loads::Arrive(const std::string& name, const manifest::RowSet& rows, int64_t newest_micros,
                   const Moment& now) {
  DeclaredLoad& load = Open(name, now);
  load.arrived.Add(rows);
  ++load.batches;
  load.newest_micros = std::max(load.newest_micros.value_or(newest_micros), newest_micros);
}

absl::Status Loads::Declare(const LoadDeclaration& declaration, const Moment& now) {
  const DeclaredLoad* const known = Find(declaration.name);
  if (declaration.ends && !declaration.rows.has_value() &&
      (known == nullptr || !known->declared_rows.has_value())) {
    return absl::FailedPreconditionError(absl::StrCat(
        "load \"", declaration.name, "\" ends, but nobody said how many rows it has (row_count)"));
  }
  DeclaredLoad& load = Open(declaration.name, now);
  if (declaration.rows.has_value()) load.declared_rows = declaration.rows;
  if (declaration.digest.has_value()) load.declared_digest = declaration.digest;
  load.ended = declaration.ends ? std::optional<absl::Time>(now.clock) : std::nullopt;
  return absl::OkStatus();
}

bool Loads::Advance(absl::Time heard, const checks::Policy& policy) {
  bool changed = false;
  for (auto& [name, entry] : loads_) {
    const LoadState state = StateOf(entry.load, heard, policy);
    const bool settled = heard - entry.load.heard > policy.epoch_expiry;
    changed = changed || state != entry.load.state || settled != entry.settled;
    entry.load.state = state;
    entry.settled = settled;
  }
  return changed;
}

std::optional<checks::LoadSummary> Loads::Summary() const {
  if (loads_.empty()) return std::nullopt;
  constexpr size_t kNamed = 3;
  checks::LoadSummary summary;
  std::vector<std::string> words;
  for (const DeclaredLoad& load : List()) {
    if (!Differs(load.state) || loads_.at(load.name).settled) continue;
    ++summary.differing;
    if (words.size() < kNamed) words.push_back(LoadInWords(load));
    const uint64_t declared = load.declared_rows.value_or(0);
    if (load.state == LoadState::kRowsMissing) summary.rows_missing += declared - load.arrived.rows;
    if (load.state == LoadState::kRowsExtra) summary.rows_extra += load.arrived.rows - declared;
  }
  summary.loads = loads_.size();
  summary.detail = absl::StrJoin(words, "; ");
  if (summary.differing > words.size()) {
    absl::StrAppend(&summary.detail, "; and ", summary.differing - words.size(), " more");
  }
  return summary;
}

checks::MissingRows Loads::Missing(int64_t from_micros) const {
  checks::MissingRows missing;
  uint64_t most = 0;
  for (const auto& [name, entry] : loads_) {
    const DeclaredLoad& load = entry.load;
    if (load.state != LoadState::kWaiting && load.state != LoadState::kRowsMissing) continue;
    if (load.newest_micros.value_or(absl::ToUnixMicros(load.began)) < from_micros) continue;
    const uint64_t rows = *load.declared_rows - load.arrived.rows;
    missing.rows += rows;
    if (rows <= most) continue;
    most = rows;
    missing.words = absl::StrCat("load ", LoadInWords(load));
  }
  return missing;
}

const DeclaredLoad* Loads::Find(const std::string& name) const {
  const auto found = loads_.find(name);
  return found == loads_.end() ? nullptr : &found->second.load;
}

std::vector<DeclaredLoad> Loads::List() const {
  std::vector<DeclaredLoad> list;
  list.reserve(loads_.size());
  for (const auto& [name, entry] : loads_) list.push_back(entry.load);
  std::stable_sort(list.begin(), list.end(), [](const DeclaredLoad& a, const DeclaredLoad& b) {
    const bool a_differs = Differs(a.state), b_differs = Differs(b.state);
    return a_differs != b_differs ? a_differs : a.heard > b.heard;
  });
  return list;
}

void Loads::Commit(const ModelKey& key, storage::Store::Batch* batch) {
  for (const std::string& name : changed_) {
    const DeclaredLoad* const load = Find(name);
    if (load == nullptr) {
      batch->DeleteLoad(key.model, key.version, name);
      continue;
    }
    storage::v1::LoadRecord record;
    if (load->declared_rows.has_value()) record.set_declared_rows(*load->declared_rows);
    if (load->declared_digest.has_value()) {
      ToRecord(*load->declared_digest, record.mutable_declared_digest());
    }
    record.set_rows(load->arrived.rows);
    ToRecord(load->arrived.digest, record.mutable_digest());
    record.set_batches(load->batches);
    record.set_began_micros(absl::ToUnixMicros(load->began));
    if (load->ended.has_value()) record.set_ended_micros(absl::ToUnixMicros(*load->ended));
    record.set_heard_micros(absl::ToUnixMicros(load->heard));
    if (load->newest_micros.has_value()) record.set_newest_micros(*load->newest_micros);
    batch->PutLoad(key.model, key.version, name, record);
  }
  changed_.clear();
}

absl::Status Loads::Restore(const ModelKey& key, const storage::Store& store) {
  const auto stored = store.ListLoads(key.model, key.version);
  if (!stored.ok()) return stored.status();
  for (const auto& [name, record] : *stored) {
    DeclaredLoad& load = loads_[name].load;
    load.name = name;
    if (record.has_declared_rows()) load.declared_rows = record.declared_rows();
    if (record.has_declared_digest())
      load.declared_digest = DigestFromRecord(record.declared_digest());
    load.arrived = {record.rows(), DigestFromRecord(record.digest())};
    load.batches = record.batches();
    load.began = absl::FromUnixMicros(record.began_micros());
    if (record.has_ended_micros()) load.ended = absl::FromUnixMicros(record.ended_micros());
    load.heard = absl::FromUnixMicros(record.heard_micros());
    if (record.has_newest_micros()) load.newest_micros = record.newest_micros();
  }
  return absl::OkStatus();
}

}  // namespace plumbline::engine
