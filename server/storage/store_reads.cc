// What the store reads: records by key, and all records of a model or a version.
#include <algorithm>
#include <memory>

#include "absl/strings/str_cat.h"
#include "server/storage/frame.h"
#include "server/storage/keys.h"
#include "server/storage/status.h"
#include "server/storage/store.h"

namespace plumbline::storage {
namespace {

using absl::string_view;

absl::Status DoesNotParse(string_view key) {
  return absl::DataLossError(absl::StrCat(DescribeKey(key), " does not parse"));
}

template <class Record>
absl::Status Parse(string_view key, string_view payload, Record* record) {
  if (record->ParseFromArray(payload.data(), static_cast<int>(payload.size()))) {
    return absl::OkStatus();
  }
  return DoesNotParse(key);
}

absl::Status BadKey(string_view key) {
  return absl::DataLossError(absl::StrCat("malformed key: ", DescribeKey(key)));
}

}  // namespace

absl::StatusOr<std::optional<std::string>> Store::Get(const std::string& key) const {
  base::ReaderLock lock(&mutex_);
  return GetLocked(key);
}

absl::StatusOr<std::optional<std::string>> Store::GetLocked(const std::string& key) const {
  if (db_ == nullptr) return Closed();
  rocksdb::PinnableSlice value;  // of a table it is copied once, out of its frame
  const rocksdb::Status got =
      db_->Get(rocksdb::ReadOptions(), db_->DefaultColumnFamily(), key, &value);
  if (got.IsNotFound()) return std::optional<std::string>();
  if (!got.ok()) return FromRocksDb(got, absl::StrCat("reading ", DescribeKey(key)));
  auto payload = Unframe(key, string_view(value.data(), value.size()));
  if (!payload.ok()) return payload.status();
  return std::optional<std::string>(std::string(*payload));
}

template <class Use>
absl::Status Store::Scan(const std::string& prefix, const Use& use, const std::string& from) const {
  base::ReaderLock lock(&mutex_);
  if (db_ == nullptr) return Closed();
  const std::string end = PrefixEnd(prefix);
  const rocksdb::Slice bound(end);
  rocksdb::ReadOptions read;
  read.iterate_upper_bound = &bound;
  read.total_order_seek = VersionPrefixLength(prefix) == 0;
  const std::unique_ptr<rocksdb::Iterator> it(db_->NewIterator(read));
  for (it->Seek(from.empty() ? prefix : from); it->Valid(); it->Next()) {
    const string_view key(it->key().data(), it->key().size());
    auto payload = Unframe(key, string_view(it->value().data(), it->value().size()));
    if (!payload.ok()) return payload.status();
    KeyReader parts(key, prefix.size());
    if (absl::Status used = use(key, parts, *payload); !used.ok()) return used;
    if (!parts.ok()) return BadKey(key);
  }
  return FromRocksDb(it->status(), absl::StrCat("reading ", DescribeKey(prefix)));
}

absl::StatusOr<std::vector<std::pair<std::string, v1::ModelRecord>>> Store::ListModels() const {
  std::vector<std::pair<std::string, v1::ModelRecord>> models;
  absl::Status status = Scan(KeyBuilder(RecordKind::kModel).Take(),
                             [&](string_view key, KeyReader& parts, string_view payload) {
                               auto& added = models.emplace_back();
                               added.first = parts.Text();
                               return Parse(key, payload, &added.second);
                             });
  if (!status.ok()) return status;
  // Keys sort by length first.
  std::sort(models.begin(), models.end(),
            [](const auto& a, const auto& b) { return a.first < b.first; });
  return models;
}

absl::StatusOr<std::vector<std::pair<ProfileKey, v1::ProfileHeadRecord>>> Store::ListProfileHeads()
    const {
  std::vector<std::pair<ProfileKey, v1::ProfileHeadRecord>> heads;
  absl::Status status = Scan(KeyBuilder(RecordKind::kProfileHead).Take(),
                             [&](string_view key, KeyReader& parts, string_view payload) {
                               auto& [profile, head] = heads.emplace_back();
                               profile.name = parts.Text();
                               profile.stage = parts.Text();
                               profile.environment = parts.Text();
                               profile.source = parts.Text();
                               return Parse(key, payload, &head);
                             });
  if (!status.ok()) return status;
  return heads;
}

absl::Status Store::GetBaseline(string_view model, string_view version, uint64_t number,
                                v1::BaselineRecord* record) const {
  record->Clear();
  const std::string key =
      KeyBuilder(RecordKind::kBaseline).Text(model).Text(version).Number(number).Take();
  auto found = Get(key);
  if (!found.ok()) return found.status();
  if (!found->has_value()) {
    return absl::NotFoundError(
        absl::StrCat("model \"", model, "\" version \"", version, "\" has no baseline ", number));
  }
  return Parse(key, **found, record);
}

absl::Status Store::GetWholeBaseline(string_view model, string_view version, uint64_t number,
                                     v1::BaselineRecord* record) const {
  if (absl::Status got = GetBaseline(model, version, number, record); !got.ok()) return got;
  const std::string key =
      KeyBuilder(RecordKind::kBaselineDetail).Text(model).Text(version).Number(number).Take();
  auto found = Get(key);
  if (!found.ok()) return found.status();
  if (!found->has_value())
    return absl::DataLossError(absl::StrCat(DescribeKey(key), " is missing"));
  return record->MergeFromString(**found) ? absl::OkStatus() : DoesNotParse(key);
}

absl::StatusOr<std::vector<std::pair<uint64_t, v1::BaselineHeadRecord>>> Store::ListBaselineHeads(
    string_view model, string_view version) const {
  std::vector<std::pair<uint64_t, v1::BaselineHeadRecord>> heads;
  absl::Status status = Scan(KeyOf(RecordKind::kBaselineHead, model, version).Take(),
                             [&](string_view key, KeyReader& parts, string_view payload) {
                               auto& added = heads.emplace_back();
                               added.first = parts.Number();
                               return Parse(key, payload, &added.second);
                             });
  if (!status.ok()) return status;
  return heads;
}

absl::StatusOr<std::optional<v1::PolicyRecord>> Store::GetPolicy(string_view model,
                                                                 string_view version) const {
  const std::string key = KeyOf(RecordKind::kPolicy, model, version).Take();
  auto found = Get(key);
  if (!found.ok()) return found.status();
  std::optional<v1::PolicyRecord> record;
  if (!found->has_value()) return record;
  if (absl::Status parsed = Parse(key, **found, &record.emplace()); !parsed.ok()) return parsed;
  return record;
}

absl::StatusOr<std::optional<v1::ModelStateRecord>> Store::GetState(string_view model,
                                                                    string_view version) const {
  const std::string key = KeyOf(RecordKind::kState, model, version).Take();
  auto found = Get(key);
  if (!found.ok()) return found.status();
  std::optional<v1::ModelStateRecord> record;
  if (!found->has_value()) return record;
  if (absl::Status parsed = Parse(key, **found, &record.emplace()); !parsed.ok()) return parsed;
  return record;
}

absl::StatusOr<std::string> Store::GetExisting(const std::string& key) const {
  auto found = Get(key);
  if (!found.ok()) return found.status();
  if (!found->has_value())
    return absl::NotFoundError(absl::StrCat(DescribeKey(key), " is missing"));
  return **std::move(found);
}

absl::StatusOr<std::string> Store::GetPane(string_view model, string_view version,
                                           uint64_t generation, int64_t pane_start_micros) const {
  return GetExisting(KeyBuilder(RecordKind::kPane)
                         .Text(model)
                         .Text(version)
                         .Number(generation)
                         .Signed(pane_start_micros)
                         .Take());
}

absl::StatusOr<std::string> Store::GetPaneBlock(string_view model, string_view version,
                                                uint64_t generation, uint32_t level,
                                                int64_t start_micros) const {
  return GetExisting(KeyBuilder(RecordKind::kPaneBlock)
                         .Text(model)
                         .Text(version)
                         .Number(generation)
                         .Number(level)
                         .Signed(start_micros)
                         .Take());
}

absl::StatusOr<std::optional<v1::WindowRecord>> Store::GetWindow(string_view model,
                                                                 string_view version,
                                                                 uint64_t generation) const {
  const std::string key =
      KeyBuilder(RecordKind::kWindow).Text(model).Text(version).Number(generation).Take();
  auto found = Get(key);
  if (!found.ok()) return found.status();
  std::optional<v1::WindowRecord> record;
  if (!found->has_value()) return record;
  if (absl::Status parsed = Parse(key, **found, &record.emplace()); !parsed.ok()) return parsed;
  return record;
}

absl::StatusOr<std::vector<StoredPane>> Store::ListPanes(string_view model, string_view version,
                                                         uint64_t generation) const {
  std::vector<StoredPane> panes;
  absl::Status status =
      Scan(KeyBuilder(RecordKind::kPane).Text(model).Text(version).Number(generation).Take(),
           [&](string_view, KeyReader& parts, string_view payload) {
             panes.push_back({parts.Signed(), std::string(payload)});
             return absl::OkStatus();
           });
  if (!status.ok()) return status;
  return panes;
}

absl::StatusOr<std::vector<StoredPaneDelta>> Store::ListPaneDeltas(string_view model,
                                                                   string_view version,
                                                                   uint64_t generation) const {
  std::vector<StoredPaneDelta> deltas;
  absl::Status status =
      Scan(KeyBuilder(RecordKind::kPaneDelta).Text(model).Text(version).Number(generation).Take(),
           [&](string_view, KeyReader& parts, string_view payload) {
             StoredPaneDelta& added = deltas.emplace_back();
             added.start_micros = parts.Signed();
             added.number = parts.Number();
             added.bytes = std::string(payload);
             return absl::OkStatus();
           });
  if (!status.ok()) return status;
  return deltas;
}

absl::StatusOr<std::vector<StoredProducer>> Store::ListProducers(string_view model,
                                                                 string_view version) const {
  std::vector<StoredProducer> producers;
  absl::Status status = Scan(KeyOf(RecordKind::kProducer, model, version).Take(),
                             [&](string_view key, KeyReader& parts, string_view payload) {
                               StoredProducer& added = producers.emplace_back();
                               added.producer = parts.Text();
                               added.epoch = parts.Number();
                               return Parse(key, payload, &added.record);
                             });
  if (!status.ok()) return status;
  return producers;
}

absl::StatusOr<std::vector<StoredEnvironment>> Store::ListEnvironments(string_view model,
                                                                       string_view version) const {
  std::vector<StoredEnvironment> environments;
  absl::Status status = Scan(KeyOf(RecordKind::kEnvironment, model, version).Take(),
                             [&](string_view key, KeyReader& parts, string_view payload) {
                               StoredEnvironment& added = environments.emplace_back();
                               added.producer = parts.Text();
                               return Parse(key, payload, &added.record);
                             });
  if (!status.ok()) return status;
  return environments;
}

absl::StatusOr<std::vector<std::pair<std::string, v1::LoadRecord>>> Store::ListLoads(
    string_view model, string_view version) const {
  std::vector<std::pair<std::string, v1::LoadRecord>> loads;
  absl::Status status = Scan(KeyOf(RecordKind::kLoad, model, version).Take(),
                             [&](string_view key, KeyReader& parts, string_view payload) {
                               auto& [name, record] = loads.emplace_back();
                               name = parts.Text();
                               return Parse(key, payload, &record);
                             });
  if (!status.ok()) return status;
  return loads;
}

absl::StatusOr<std::vector<v1::SplitRecord>> Store::ListSplits(string_view model,
                                                               string_view version,
                                                               uint64_t number) const {
  std::vector<v1::SplitRecord> splits;
  absl::Status status =
      Scan(KeyBuilder(RecordKind::kSplit).Text(model).Text(version).Number(number).Take(),
           [&](string_view key, KeyReader&, string_view payload) {
             return Parse(key, payload, &splits.emplace_back());
           });
  if (!status.ok()) return status;
  // Keys sort by length first.
  std::sort(splits.begin(), splits.end(),
            [](const auto& a, const auto& b) { return a.name() < b.name(); });
  return splits;
}

absl::StatusOr<std::optional<v1::GoldenRowsRecord>> Store::GetGoldenRows(string_view model,
                                                                         string_view version,
                                                                         uint64_t number) const {
  const std::string key =
      KeyBuilder(RecordKind::kGoldenRows).Text(model).Text(version).Number(number).Take();
  auto found = Get(key);
  if (!found.ok()) return found.status();
  std::optional<v1::GoldenRowsRecord> record;
  if (!found->has_value()) return record;
  if (absl::Status parsed = Parse(key, **found, &record.emplace()); !parsed.ok()) return parsed;
  return record;
}

absl::StatusOr<std::vector<std::pair<uint64_t, v1::GoldenResultRecord>>> Store::ListGoldenResults(
    string_view model, string_view version, uint64_t number) const {
  std::vector<std::pair<uint64_t, v1::GoldenResultRecord>> results;
  absl::Status status =
      Scan(KeyBuilder(RecordKind::kGoldenResult).Text(model).Text(version).Number(number).Take(),
           [&](string_view key, KeyReader& parts, string_view payload) {
             auto& added = results.emplace_back();
             added.first = parts.Number();
             return Parse(key, payload, &added.second);
           });
  if (!status.ok()) return status;
  return results;
}

absl::StatusOr<std::vector<v1::AlertRecord>> Store::ListAlerts(string_view model,
                                                               string_view version) const {
  std::vector<v1::AlertRecord> alerts;
  absl::Status status = Scan(KeyOf(RecordKind::kAlert, model, version).Take(),
                             [&](string_view key, KeyReader&, string_view payload) {
                               return Parse(key, payload, &alerts.emplace_back());
                             });
  if (!status.ok()) return status;
  return alerts;
}

absl::StatusOr<std::optional<v1::OnCallRecord>> Store::GetOnCall(string_view model,
                                                                 string_view version) const {
  const std::string key = KeyOf(RecordKind::kOnCall, model, version).Take();
  auto found = Get(key);
  if (!found.ok()) return found.status();
  std::optional<v1::OnCallRecord> record;
  if (!found->has_value()) return record;
  if (absl::Status parsed = Parse(key, **found, &record.emplace()); !parsed.ok()) return parsed;
  return record;
}

absl::StatusOr<std::vector<std::optional<std::string>>> Store::GetJoinRows(
    const LabelHome& home, absl::Span<const absl::uint128> ids) const {
  std::vector<std::string> keys;
  keys.reserve(ids.size());
  for (const absl::uint128 id : ids) {
    keys.push_back(LabelKey(RecordKind::kJoinRow, home)
                       .Number(absl::Uint128High64(id))
                       .Number(absl::Uint128Low64(id))
                       .Take());
  }
  base::ReaderLock lock(&mutex_);
  if (db_ == nullptr) return Closed();
  const std::vector<rocksdb::Slice> slices(keys.begin(), keys.end());
  std::vector<rocksdb::PinnableSlice> values(keys.size());
  std::vector<rocksdb::Status> statuses(keys.size());
  db_->MultiGet(rocksdb::ReadOptions(), db_->DefaultColumnFamily(), keys.size(), slices.data(),
                values.data(), statuses.data());
  std::vector<std::optional<std::string>> rows(keys.size());
  for (size_t i = 0; i < keys.size(); ++i) {
    if (statuses[i].IsNotFound()) continue;
    if (!statuses[i].ok()) {
      return FromRocksDb(statuses[i], absl::StrCat("reading ", DescribeKey(keys[i])));
    }
    const auto payload = Unframe(keys[i], string_view(values[i].data(), values[i].size()));
    if (payload.ok()) rows[i] = std::string(*payload);
  }
  return rows;
}

absl::StatusOr<std::vector<std::pair<int64_t, absl::uint128>>> Store::ListJoinTimes(
    const LabelHome& home, int64_t from, int64_t until, size_t limit) const {
  std::vector<std::pair<int64_t, absl::uint128>> times;
  const absl::Status enough = absl::CancelledError();
  absl::Status status = Scan(
      LabelKey(RecordKind::kJoinTime, home).Take(),
      [&](string_view, KeyReader& parts, string_view) {
        const int64_t micros = parts.Signed();
        if (micros >= until || times.size() == limit) return enough;
        const uint64_t high = parts.Number();
        times.emplace_back(micros, absl::MakeUint128(high, parts.Number()));
        return absl::OkStatus();
      },
      LabelKey(RecordKind::kJoinTime, home).Signed(from).Take());
  if (!status.ok() && status != enough) return status;
  return times;
}

absl::StatusOr<std::vector<StoredPane>> Store::ListPerformanceSlices(const LabelHome& home) const {
  std::vector<StoredPane> slices;
  absl::Status status = Scan(LabelKey(RecordKind::kPerformanceSlice, home).Take(),
                             [&](string_view, KeyReader& parts, string_view payload) {
                               slices.push_back({parts.Signed(), std::string(payload)});
                               return absl::OkStatus();
                             });
  if (!status.ok()) return status;
  return slices;
}

absl::StatusOr<std::string> Store::GetPerformanceSlice(const LabelHome& home,
                                                       int64_t start_micros) const {
  return GetExisting(LabelKey(RecordKind::kPerformanceSlice, home).Signed(start_micros).Take());
}

absl::StatusOr<std::optional<v1::LabelStateRecord>> Store::GetLabelState(
    const LabelHome& home) const {
  const std::string key = LabelKey(RecordKind::kLabelState, home).Take();
  auto found = Get(key);
  if (!found.ok()) return found.status();
  std::optional<v1::LabelStateRecord> record;
  if (!found->has_value()) return record;
  if (absl::Status parsed = Parse(key, **found, &record.emplace()); !parsed.ok()) return parsed;
  return record;
}

}  // namespace plumbline::storage
