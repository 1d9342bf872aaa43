#include "server/storage/folder_check.h"

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "server/profile/pane.h"
#include "server/storage/baseline_record.h"
#include "server/storage/frame.h"
#include "server/storage/status.h"

namespace plumbline::storage {
namespace {

std::string InWords(const std::pair<std::string, std::string>& name) {
  return absl::StrCat("model \"", name.first, "\" version \"", name.second, "\"");
}

std::string PartKey(RecordKind kind, const std::pair<std::string, std::string>& name,
                    uint64_t number) {
  return KeyBuilder(kind).Text(name.first).Text(name.second).Number(number).Take();
}

}  // namespace

void RecordCheck::Bad(absl::string_view key, absl::string_view what) {
  problems_.push_back({absl::StrCat(DescribeKey(key), ": ", what), {std::string(key)}});
}

template <class Record>
bool RecordCheck::Parse(absl::string_view key, absl::string_view payload, Record* record) {
  if (record->ParseFromArray(payload.data(), static_cast<int>(payload.size()))) return true;
  Bad(key, "it does not parse");
  return false;
}

void RecordCheck::Add(absl::string_view key, absl::string_view value) {
  const auto payload = Unframe(key, value);
  if (!payload.ok()) return;
  const auto kind = static_cast<RecordKind>(key[0]);
  if (kind == RecordKind::kFormat || kind == RecordKind::kCommits) return;
  if (kind == RecordKind::kModel) return AddModel(key, *payload);
  KeyReader parts(key, 1);
  Name name;
  name.first = parts.Text();
  name.second = parts.Text();
  if (!parts.ok() || RecordKindName(kind) == "unknown") return Bad(key, "a malformed key");
  Version& version = versions_[name];
  switch (kind) {
    case RecordKind::kBaseline:
      return AddBaseline(key, *payload, parts.Number(), &version);
    case RecordKind::kBaselineHead: {
      v1::BaselineHeadRecord record;
      if (Parse(key, *payload, &record)) version.heads.insert(parts.Number());
      return;
    }
    case RecordKind::kBaselineDetail:
      return AddDetail(key, *payload, name, parts.Number(), &version);
    case RecordKind::kPolicy: {
      v1::PolicyRecord record;
      Parse(key, *payload, &record);
      return;
    }
    case RecordKind::kState:
      return AddState(key, *payload, name, &version);
    case RecordKind::kPane:
    case RecordKind::kPaneDelta:
    case RecordKind::kPaneBlock:
      return AddPane(key, *payload, parts.Number(), name, &version);
    case RecordKind::kWindow:
      return AddWindow(key, *payload, parts.Number(), name, &version);
    case RecordKind::kProducer: {
      v1::ProducerRecord record;
      Parse(key, *payload, &record);
      return;
    }
    default: {
      v1::AlertRecord record;
      Parse(key, *payload, &record);
    }
  }
}

void RecordCheck::AddModel(absl::string_view key, absl::string_view payload) {
  v1::ModelRecord record;
  if (!Parse(key, payload, &record)) return;
  KeyReader parts(key, 1);
  const std::string model = parts.Text();
  for (const std::string& version : record.versions()) versions_[{model, version}].listed = true;
}

void RecordCheck::AddBaseline(absl::string_view key, absl::string_view payload, uint64_t number,
                              Version* version) {
  v1::BaselineRecord record;
  if (!Parse(key, payload, &record)) return;
  if (const auto baseline = FromRecord(record); !baseline.ok()) {
    return Bad(key, baseline.status().message());
  }
  version->baselines.insert(number);
}

// Chunks and sample are checked against the baseline that they belong to.
void RecordCheck::AddDetail(absl::string_view key, absl::string_view payload, const Name& name,
                            uint64_t number, Version* version) {
  v1::BaselineRecord detail;
  if (!Parse(key, payload, &detail)) return;
  auto whole = GetBaseline(name, number);
  if (whole.ok()) {
    whole->MergeFrom(detail);
    if (const auto baseline = FromRecord(*whole); !baseline.ok()) {
      return Bad(key, baseline.status().message());
    }
  }
  version->details.insert(number);
}

void RecordCheck::AddState(absl::string_view key, absl::string_view payload, const Name& name,
                           Version* version) {
  v1::ModelStateRecord record;
  if (!Parse(key, payload, &record)) return;
  if (record.active_baseline() != 0 && !version->baselines.contains(record.active_baseline())) {
    return Bad(key, absl::StrCat("the active baseline ", record.active_baseline(), " of ",
                                 InWords(name), " is not there"));
  }
  version->active = record.active_baseline();
  version->generation = record.generation();
}

void RecordCheck::AddPane(absl::string_view key, absl::string_view payload, uint64_t generation,
                          const Name& name, Version* version) {
  if (!version->active.has_value()) {
    version->orphans.emplace_back(key);
    return;
  }
  if (generation != *version->generation || *version->active == 0) return;  // garbage
  const profile::Baseline* baseline = ActiveBaseline(name, *version->active);
  if (baseline == nullptr) return;  // told already
  if (const auto pane = profile::DecodePane(*baseline, payload); !pane.ok()) {
    Bad(key, pane.status().message());
  }
}

void RecordCheck::AddWindow(absl::string_view key, absl::string_view payload, uint64_t generation,
                            const Name& name, Version* version) {
  v1::WindowRecord record;
  if (Parse(key, payload, &record)) AddPane(key, record.sum(), generation, name, version);
}

const profile::Baseline* RecordCheck::ActiveBaseline(const Name& name, uint64_t number) {
  if (loaded_ == name) return baseline_.get();
  loaded_ = name;
  baseline_.reset();
  const auto record = GetBaseline(name, number);
  if (!record.ok()) return nullptr;
  auto baseline = FromRecord(*record);
  if (baseline.ok()) baseline_ = std::make_unique<profile::Baseline>(*std::move(baseline));
  return baseline_.get();
}

absl::StatusOr<v1::BaselineRecord> RecordCheck::GetBaseline(const Name& name,
                                                            uint64_t number) const {
  const std::string key = PartKey(RecordKind::kBaseline, name, number);
  std::string value;
  const rocksdb::Status got = db_->Get(rocksdb::ReadOptions(), key, &value);
  if (!got.ok()) return FromRocksDb(got, absl::StrCat("reading ", DescribeKey(key)));
  const auto payload = Unframe(key, value);
  if (!payload.ok()) return payload.status();
  v1::BaselineRecord record;
  if (!record.ParseFromArray(payload->data(), static_cast<int>(payload->size()))) {
    return absl::DataLossError(absl::StrCat(DescribeKey(key), " does not parse"));
  }
  return record;
}

// A baseline is stored in three records.
void RecordCheck::CheckParts(const Name& name, const Version& version) {
  std::set<uint64_t> rests = version.heads;
  rests.insert(version.details.begin(), version.details.end());
  for (const uint64_t number : rests) {
    if (version.baselines.contains(number)) continue;
    problems_.push_back(
        {absl::StrCat("of baseline ", number, " of ", InWords(name), " only parts are there"),
         {PartKey(RecordKind::kBaselineHead, name, number),
          PartKey(RecordKind::kBaselineDetail, name, number)}});
  }
  for (const uint64_t number : version.baselines) {
    if (version.details.contains(number)) continue;
    problems_.push_back({absl::StrCat("baseline ", number, " of ", InWords(name),
                                      " has lost its chunks and its row sample"),
                         {},
                         {PartKey(RecordKind::kBaselineDetail, name, number)}});
  }
}

std::vector<RecordProblem> RecordCheck::Finish() {
  for (auto& [name, version] : versions_) {
    CheckParts(name, version);
    if (!version.listed && !version.baselines.empty()) {
      problems_.push_back({absl::StrCat("the record of its model does not name ", InWords(name)),
                           {},
                           {},
                           true,
                           name.first,
                           name.second});
    }
    if (!version.orphans.empty()) {
      problems_.push_back({absl::StrCat(version.orphans.size(), " panes of ", InWords(name),
                                        " have lost the state of their windows"),
                           std::move(version.orphans)});
    }
  }
  return std::move(problems_);
}

std::map<std::pair<std::string, std::string>, uint64_t> RecordCheck::LastBaselines() const {
  std::map<Name, uint64_t> last;
  for (const auto& [name, version] : versions_) {
    if (!version.baselines.empty()) last[name] = *version.baselines.rbegin();
  }
  return last;
}

absl::StatusOr<uint64_t> StoredCommits(rocksdb::DB* db) {
  const std::string key = KeyBuilder(RecordKind::kCommits).Take();
  std::string value;
  const rocksdb::Status got = db->Get(rocksdb::ReadOptions(), key, &value);
  if (got.IsNotFound()) return 0;
  if (!got.ok()) return FromRocksDb(got, absl::StrCat("reading ", DescribeKey(key)));
  const auto payload = Unframe(key, value);
  if (!payload.ok()) return payload.status();
  uint64_t commits = 0;
  if (!absl::SimpleAtoi(*payload, &commits)) {
    return absl::DataLossError("the number of commits is not a number");
  }
  return commits;
}

std::string MissingCommitsWords(uint64_t missing, uint64_t commits) {
  return absl::StrCat("the newest ", missing, " of ", commits,
                      " commits are missing, though the folder was closed in order: a file was cut "
                      "short or replaced");
}

}  // namespace plumbline::storage
