#include "server/storage/folder_check.h"

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "server/profile/pane.h"
#include "server/profile/performance.h"
#include "server/storage/baseline_record.h"
#include "server/storage/environment_record.h"
#include "server/storage/frame.h"
#include "server/storage/status.h"

namespace plumbline::storage {
namespace {

// The panes of a window, and it: all behind their generation.
bool IsOfWindow(RecordKind kind) {
  return kind == RecordKind::kPane || kind == RecordKind::kPaneDelta ||
         kind == RecordKind::kPaneBlock || kind == RecordKind::kWindow;
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
  if (kind == RecordKind::kProfile || kind == RecordKind::kProfileHead) {
    return AddProfile(key, *payload);
  }
  KeyReader parts(key, 1);
  Name name;
  name.first = parts.Text();
  name.second = parts.Text();
  if (!parts.ok() || RecordKindName(kind) == "unknown") return Bad(key, "a malformed key");
  Version& version = versions_[name];
  if (IsOfWindow(kind)) return AddOfWindow(key, *payload, parts, name, &version);
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
      if (Parse(key, *payload, &record)) AddOther(key, &version);
      return;
    }
    case RecordKind::kJoinRow:
    case RecordKind::kJoinTime:
      return AddOther(key, &version);
    case RecordKind::kPerformanceSlice:
      return AddSlice(key, *payload, parts.Number(), name, &version);
    case RecordKind::kLabelState: {
      v1::LabelStateRecord record;
      if (Parse(key, *payload, &record)) AddOther(key, &version);
      return;
    }
    case RecordKind::kState:
      return AddState(key, *payload, &version);
    case RecordKind::kProducer: {
      v1::ProducerRecord record;
      if (Parse(key, *payload, &record)) AddOther(key, &version);
      return;
    }
    case RecordKind::kEnvironment: {
      v1::ProducerEnvironmentRecord record;
      if (!Parse(key, *payload, &record)) return;
      if (const auto sound = FromRecord(record.environment()); !sound.ok()) {
        return Bad(key, sound.status().message());
      }
      return AddOther(key, &version);
    }
    case RecordKind::kLoad: {
      v1::LoadRecord record;
      if (Parse(key, *payload, &record)) AddOther(key, &version);
      return;
    }
    case RecordKind::kSplit: {
      v1::SplitRecord record;
      if (Parse(key, *payload, &record)) AddOther(key, &version);
      return;
    }
    case RecordKind::kGoldenRows: {
      v1::GoldenRowsRecord record;
      if (Parse(key, *payload, &record)) AddOther(key, &version);
      return;
    }
    case RecordKind::kGoldenResult: {
      v1::GoldenResultRecord record;
      if (Parse(key, *payload, &record)) AddOther(key, &version);
      return;
    }
    case RecordKind::kOnCall: {
      v1::OnCallRecord record;
      if (Parse(key, *payload, &record)) AddOther(key, &version);
      return;
    }
    default:
      return AddAlert(key, *payload, &version);
  }
}

void RecordCheck::AddModel(absl::string_view key, absl::string_view payload) {
  v1::ModelRecord record;
  if (!Parse(key, payload, &record)) return;
  KeyReader parts(key, 1);
  const std::string model = parts.Text();
  for (const std::string& version : record.versions()) versions_[{model, version}].listed = true;
  models_[model] = std::move(record);
}

// Models come first in the order of the keys, then baselines.
void RecordCheck::AddOther(absl::string_view key, Version* version) {
  if (!version->listed && version->baselines.empty()) version->unowned.emplace_back(key);
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

void RecordCheck::AddState(absl::string_view key, absl::string_view payload, Version* version) {
  v1::ModelStateRecord record;
  if (!Parse(key, payload, &record)) return;
  if (record.active_baseline() != 0 && !version->baselines.contains(record.active_baseline())) {
    return Bad(key,
               absl::StrCat("its active baseline ", record.active_baseline(), " is not there"));
  }
  version->active = record.active_baseline();
  version->generation = record.generation();
  if (record.has_closed_until_micros()) version->closed_until = record.closed_until_micros();
  AddOther(key, version);
}

void RecordCheck::AddOfWindow(absl::string_view key, absl::string_view payload, KeyReader parts,
                              const Name& name, Version* version) {
  const uint64_t slice_key = parts.Number();
  if (!version->active.has_value()) {
    version->orphans.emplace_back(key);
    return;
  }
  if (GenerationOfKey(slice_key) != *version->generation || *version->active == 0) {
    return;  // garbage
  }
  const profile::Baseline* baseline = ActiveBaseline(name, *version->active);
  if (baseline == nullptr) return;  // told already
  const auto kind = static_cast<RecordKind>(key[0]);
  v1::WindowRecord window;
  if (kind == RecordKind::kWindow) {
    if (!Parse(key, payload, &window)) return;
    if (!window.first().empty()) {
      const auto first = profile::DecodePane(*baseline, window.first());
      if (!first.ok()) return Bad(key, first.status().message());
    }
    payload = window.sum();
  }
  const auto pane = profile::DecodePane(*baseline, payload);
  if (!pane.ok()) return Bad(key, pane.status().message());
  WindowCheck& check = version->windows[slice_key];
  if (kind == RecordKind::kWindow) {
    check.AddWindow(std::move(window), pane->rows);
  } else if (kind == RecordKind::kPaneBlock) {
    const auto level = static_cast<uint32_t>(parts.Number());
    check.AddBlock(level, parts.Signed(), pane->rows);
  } else if (kind == RecordKind::kPane) {
    check.AddPane(parts.Signed(), pane->rows);
  } else {
    const int64_t start = parts.Signed();
    check.AddDelta(start, parts.Number());
  }
}

// Slices come behind the state of their version in the order of the keys.
void RecordCheck::AddSlice(absl::string_view key, absl::string_view payload, uint64_t baseline,
                           const Name& name, Version* version) {
  if (!version->active.has_value()) {
    version->orphans.emplace_back(key);
    return;
  }
  if (*version->active != baseline) return;  // garbage
  const profile::Baseline* active = ActiveBaseline(name, baseline);
  if (active == nullptr || !active->task.has_value()) return;  // told already, or garbage
  const auto counts = profile::DecodePerformance(*active, *active->task, payload);
  if (!counts.ok()) Bad(key, counts.status().message());
}

void RecordCheck::AddAlert(absl::string_view key, absl::string_view payload, Version* version) {
  v1::AlertRecord record;
  if (!Parse(key, payload, &record)) return;
  if (!version->active.has_value()) {
    version->orphans.emplace_back(key);
  } else if (record.baseline_number() != *version->active) {
    Bad(key, absl::StrCat("it is of baseline ", record.baseline_number(), ", the active one is ",
                          *version->active));
  }
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

absl::StatusOr<std::string> RecordCheck::Read(const std::string& key) const {
  std::string value;
  const rocksdb::Status got = db_->Get(rocksdb::ReadOptions(), key, &value);
  if (!got.ok()) return FromRocksDb(got, absl::StrCat("reading ", DescribeKey(key)));
  const auto payload = Unframe(key, value);
  if (!payload.ok()) return payload.status();
  return std::string(*payload);
}

absl::StatusOr<v1::BaselineRecord> RecordCheck::GetBaseline(const Name& name,
                                                            uint64_t number) const {
  const std::string key =
      KeyBuilder(RecordKind::kBaseline).Text(name.first).Text(name.second).Number(number).Take();
  const auto payload = Read(key);
  if (!payload.ok()) return payload.status();
  v1::BaselineRecord record;
  if (record.ParseFromString(*payload)) return record;
  return absl::DataLossError(absl::StrCat(DescribeKey(key), " does not parse"));
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
