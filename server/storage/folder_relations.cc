// The second half of RecordCheck: whether what belongs together is there.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "server/storage/baseline_record.h"
#include "server/storage/folder_check.h"

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
    if (!version.details.contains(number)) {
      problems_.push_back({absl::StrCat("baseline ", number, " of ", InWords(name),
                                        " has lost its chunks and its row sample"),
                           {},
                           {{PartKey(RecordKind::kBaselineDetail, name, number), ""}}});
    }
    if (version.heads.contains(number)) continue;
    RecordProblem problem{
        absl::StrCat("baseline ", number, " of ", InWords(name), " has lost its head")};
    const auto record = GetBaseline(name, number);
    const auto baseline = record.ok() ? FromRecord(*record) : record.status();
    if (baseline.ok()) {
      problem.puts.emplace_back(PartKey(RecordKind::kBaselineHead, name, number),
                                HeadOf(*baseline).SerializeAsString());
    }
    problems_.push_back(std::move(problem));
  }
}

// Versions that have baselines are named, and the numbers of these are known.
void RecordCheck::CheckModels() {
  std::map<std::string, std::vector<std::string>> wrong;  // by model
  for (const auto& [name, version] : versions_) {
    if (version.baselines.empty()) continue;
    v1::ModelRecord& model = models_[name.first];
    if (!version.listed) {
      wrong[name.first].push_back(absl::StrCat("does not name its version \"", name.second, "\""));
      model.add_versions(name.second);
    }
    uint64_t& last = (*model.mutable_last_baselines())[name.second];
    const uint64_t number = *version.baselines.rbegin();
    if (last >= number) continue;
    wrong[name.first].push_back(
        absl::StrCat("does not know of baseline ", number, " of version \"", name.second, "\""));
    last = number;
  }
  for (auto& [name, model] : models_) {
    const auto& versions = model.versions();
    const bool sound =
        std::find(versions.begin(), versions.end(), model.default_version()) != versions.end();
    if (!sound && !versions.empty()) {
      wrong[name].push_back("has a default version that it does not name");
      model.set_default_version(versions[0]);
    }
  }
  for (const auto& [name, words] : wrong) {
    problems_.push_back(
        {absl::StrCat("the record of model \"", name, "\" ", absl::StrJoin(words, ", ")),
         {},
         {{KeyBuilder(RecordKind::kModel).Text(name).Take(), models_[name].SerializeAsString()}}});
  }
}

void RecordCheck::CheckWindow(const Name& name, const Version& version, uint64_t slice_key,
                              const WindowCheck& check) {
  const std::vector<std::string> differences = check.Differences();
  if (differences.empty()) return;
  RecordProblem problem{absl::StrCat(InWords(name), ": ", absl::StrJoin(differences, "; "))};
  const profile::Baseline* const baseline = ActiveBaseline(name, *version.active);
  if (baseline == nullptr) return;  // told already
  const auto key_of = [&](RecordKind kind) {
    KeyBuilder key(kind);
    key.Text(name.first).Text(name.second).Number(slice_key);
    return key;
  };
  const auto window = check.Rebuild(*baseline, [&](int64_t start) -> absl::StatusOr<profile::Pane> {
    const auto payload = Read(key_of(RecordKind::kPane).Signed(start).Take());
    if (!payload.ok()) return payload.status();
    return profile::DecodePane(*baseline, *payload);
  });
  if (window.ok()) {
    problem.puts.emplace_back(key_of(RecordKind::kWindow).Take(), window->SerializeAsString());
  }
  for (const auto& [level, start] : check.Blocks()) {
    problem.keys.push_back(key_of(RecordKind::kPaneBlock).Number(level).Signed(start).Take());
  }
  problems_.push_back(std::move(problem));
}

void RecordCheck::CheckDeltas(const Name& name, const Version& version, uint64_t slice_key,
                              const WindowCheck& check) {
  for (WindowCheck::DeltaProblem& found : check.DeltaProblems(version.closed_until)) {
    RecordProblem problem{absl::StrCat(InWords(name), ": ", found.words)};
    const auto key_of = [&, start = found.start](uint64_t number) {
      return KeyBuilder(RecordKind::kPaneDelta)
          .Text(name.first)
          .Text(name.second)
          .Number(slice_key)
          .Signed(start)
          .Number(number)
          .Take();
    };
    uint64_t next = 0;
    for (const uint64_t number : found.numbers) {
      problem.keys.push_back(key_of(number));
      if (found.closed) continue;
      // What is left is numbered anew.
      auto payload = Read(key_of(number));
      if (payload.ok()) problem.puts.emplace_back(key_of(next++), *std::move(payload));
    }
    problems_.push_back(std::move(problem));
  }
}

std::vector<RecordProblem> RecordCheck::Finish() {
  CheckModels();
  CheckProfiles();
  for (auto& [name, version] : versions_) {
    CheckParts(name, version);
    if (version.active.value_or(0) != 0) {
      for (const auto& [slice_key, check] : version.windows) {
        CheckWindow(name, version, slice_key, check);
        CheckDeltas(name, version, slice_key, check);
      }
    }
    if (!version.orphans.empty()) {
      problems_.push_back({absl::StrCat(version.orphans.size(), " panes, windows and alerts of ",
                                        InWords(name), " have lost the state that they belong to"),
                           std::move(version.orphans)});
    }
    if (!version.unowned.empty()) {
      problems_.push_back({absl::StrCat(version.unowned.size(), " records of ", InWords(name),
                                        " are there, and no model names it"),
                           std::move(version.unowned)});
    }
  }
  return std::move(problems_);
}

}  // namespace plumbline::storage
