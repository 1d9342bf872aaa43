#include "server/engine/profile_compare.h"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace plumbline::engine {
namespace {

using profile::Verdict;
using storage::ProfileKey;

constexpr char kTwoSides[] = "AB";

absl::string_view VerdictName(Verdict verdict) {
  switch (verdict) {
    case Verdict::kNotCompared:
      return "not compared";
    case Verdict::kIdentical:
      return "identical";
    case Verdict::kWithinTolerance:
      return "within tolerance";
    case Verdict::kDifferent:
      return "different";
  }
  return "unknown";
}

// The profiles of a side; of an AnySide the first reading that there is.
absl::StatusOr<std::vector<ProfileInfo>> Resolve(Engine* engine, const Side& side, char which) {
  ProfileBook& book = engine->profiles();
  if (const auto* filter = std::get_if<ProfileKey>(&side)) {
    auto found = book.List(*filter);
    if (found.ok() && found->empty()) {
      return absl::NotFoundError(
          absl::StrCat("side ", std::string(1, which), ": there is no profile ", InWords(*filter)));
    }
    return found;
  }
  // As it stands, or as NAME/STAGE@ENVIRONMENT.
  const std::string& text = std::get<AnySide>(side).text;
  const size_t at = text.rfind('@');
  const std::string place = at == std::string::npos ? "" : text.substr(at + 1);
  const std::string rest = text.substr(0, at);
  const size_t slash = rest.rfind('/');
  const std::string stage = slash == std::string::npos ? "" : rest.substr(slash + 1);
  const std::string head = rest.substr(0, slash);
  for (const ProfileKey& filter :
       {ProfileKey{text, "", "", ""}, ProfileKey{"", "", text, ""}, ProfileKey{"", text, "", ""},
        ProfileKey{rest, "", place, ""}, ProfileKey{head, stage, place, ""},
        at == std::string::npos ? ProfileKey{"", stage, head, ""} : ProfileKey()}) {
    if (filter == ProfileKey()) continue;
    auto found = book.List(filter);
    if (!found.ok() || !found->empty()) return found;
  }
  return absl::NotFoundError(absl::StrCat("side ", std::string(1, which),
                                          ": no profile has the name, ", "environment or stage \"",
                                          text, "\""));
}

// What a stored or live side is compared by. Owns what the side points to.
struct Loaded {
  profile::DataSetProfile profile;
  profile::ComparedSide side;
};

absl::StatusOr<std::unique_ptr<Loaded>> Load(Engine* engine, const ProfileInfo& info) {
  auto profile = engine->profiles().Load(info);
  if (!profile.ok()) return profile.status();
  auto loaded = std::make_unique<Loaded>();
  loaded->profile = *std::move(profile);
  loaded->side = profile::SideOf(loaded->profile);
  loaded->side.words = InWords(info.key);
  return loaded;
}

absl::StatusOr<std::unique_ptr<Loaded>> LoadLive(Engine* engine, const LiveSide& live) {
  const auto report = engine->GetReport(live.model, live.version, "");
  if (!report.ok()) return report.status();
  if (report->rows == 0) {
    return absl::FailedPreconditionError(
        absl::StrCat("the window of ", report->key.InWords(), " has no rows"));
  }
  auto loaded = std::make_unique<Loaded>();
  loaded->side.words = absl::StrCat("the live window of ", report->key.InWords());
  loaded->side.rows = report->rows;
  for (const VariableReport& variable : report->variables) {
    // A label that does not come is as it should be.
    if (variable.live.absent_rate.has_value() && *variable.live.absent_rate == 1) continue;
    loaded->side.variables.push_back(
        profile::SideOf(variable.variable, variable.live, variable.distribution));
  }
  return loaded;
}

absl::StatusOr<std::unique_ptr<Loaded>> LoadOne(Engine* engine, const Side& side, char which) {
  if (const auto* live = std::get_if<LiveSide>(&side)) return LoadLive(engine, *live);
  const auto infos = Resolve(engine, side, which);
  if (!infos.ok()) return infos.status();
  if (infos->size() == 1) return Load(engine, infos->front());
  return absl::FailedPreconditionError(absl::StrCat(
      "side ", std::string(1, which), " has ", infos->size(),
      " profiles, a live window is compared with one: say which stage and environment"));
}

// By what the profiles of a side are paired with the other's.
using PairKey = std::tuple<std::string, std::string, std::string>;  // stage, name, source

struct Paired {
  std::vector<PairKey> order;
  std::map<PairKey, ProfileInfo> by_key[2];
};

absl::StatusOr<Paired> Pair(const std::vector<ProfileInfo> (&sides)[2]) {
  // Names and sources tell profiles apart where a side has several at one stage.
  bool by_name = false, by_source = false;
  for (const auto& side : sides) {
    std::map<std::string, std::set<std::string>> names, sources;
    for (const ProfileInfo& info : side) {
      names[info.key.stage].insert(info.key.name);
      sources[info.key.stage].insert(info.key.source);
    }
    for (const auto& [stage, all] : names) by_name = by_name || all.size() > 1;
    for (const auto& [stage, all] : sources) by_source = by_source || all.size() > 1;
  }
  Paired paired;
  for (int s = 0; s < 2; ++s) {
    for (const ProfileInfo& info : sides[s]) {
      const PairKey key{info.key.stage, by_name ? info.key.name : "",
                        by_source ? info.key.source : ""};
      const auto [entry, is_new] = paired.by_key[s].try_emplace(key, info);
      if (!is_new) {
        return absl::FailedPreconditionError(absl::StrCat(
            "side ", std::string(1, kTwoSides[s]), " has two profiles to compare with one: ",
            InWords(entry->second.key), "; and ", InWords(info.key), ": say which environment"));
      }
      if (s == 0 || !paired.by_key[0].contains(key)) paired.order.push_back(key);
    }
  }
  return paired;
}

void SortStages(const std::vector<std::string>& stages, std::vector<PairKey>* order) {
  const auto place = [&](const PairKey& key) {
    return std::find(stages.begin(), stages.end(), std::get<0>(key)) - stages.begin();
  };
  // Else as they were made; but the parts of one stage together.
  std::map<std::string, size_t> first;
  for (size_t i = 0; i < order->size(); ++i) first.try_emplace(std::get<0>((*order)[i]), i);
  std::stable_sort(order->begin(), order->end(), [&](const PairKey& x, const PairKey& y) {
    return std::make_tuple(place(x), first[std::get<0>(x)]) <
           std::make_tuple(place(y), first[std::get<0>(y)]);
  });
}

StageComparison OneSided(const PairKey& key, const ProfileInfo& info, bool only_a) {
  StageComparison stage{std::get<0>(key), {}};
  (only_a ? stage.comparison.a : stage.comparison.b) = InWords(info.key);
  stage.comparison.verdict = Verdict::kDifferent;
  stage.comparison.causes = {absl::StrCat("there is no such profile on side ", only_a ? "B" : "A")};
  return stage;
}

void SumUp(StagesComparison* result) {
  std::vector<std::string> words;
  for (const StageComparison& stage : result->stages) {
    const Verdict verdict = stage.comparison.verdict;
    result->verdict = std::max(result->verdict, verdict);
    if (verdict == Verdict::kDifferent && result->first_difference.empty()) {
      result->first_difference = stage.stage;
    }
    words.push_back(
        absl::StrCat(stage.stage, stage.stage.empty() ? "" : " ", VerdictName(verdict)));
  }
  result->summary = absl::StrJoin(words, ", ");
}

}  // namespace

absl::StatusOr<StagesComparison> CompareProfiles(Engine* engine, const CompareRequest& request) {
  const bool live =
      std::holds_alternative<LiveSide>(request.a) || std::holds_alternative<LiveSide>(request.b);
  profile::Tolerances tolerances;
  tolerances.all = request.tolerance.value_or(live ? kLiveTolerance : 0);
  tolerances.by_measure = request.tolerances;
  tolerances.samples = request.samples || live;
  if (absl::Status checked = CheckTolerances(tolerances); !checked.ok()) return checked;
  StagesComparison result;
  if (live) {
    auto a = LoadOne(engine, request.a, 'A');
    if (!a.ok()) return a.status();
    auto b = LoadOne(engine, request.b, 'B');
    if (!b.ok()) return b.status();
    result.stages.push_back({"", profile::Compare((*a)->side, (*b)->side, tolerances)});
    SumUp(&result);
    return result;
  }
  std::vector<ProfileInfo> sides[2];
  for (int s = 0; s < 2; ++s) {
    auto infos = Resolve(engine, s == 0 ? request.a : request.b, kTwoSides[s]);
    if (!infos.ok()) return infos.status();
    sides[s] = *std::move(infos);
  }
  Paired paired;
  if (sides[0].size() == 1 && sides[1].size() == 1) {
    // Whatever their stages.
    const std::string& stage = sides[0][0].key.stage;
    const PairKey key{stage == sides[1][0].key.stage ? stage : "", "", ""};
    paired.order = {key};
    paired.by_key[0].emplace(key, sides[0][0]);
    paired.by_key[1].emplace(key, sides[1][0]);
  } else {
    auto found = Pair(sides);
    if (!found.ok()) return found.status();
    paired = *std::move(found);
    SortStages(request.stages, &paired.order);
  }
  for (const PairKey& key : paired.order) {
    const auto left = paired.by_key[0].find(key), right = paired.by_key[1].find(key);
    if (left == paired.by_key[0].end() || right == paired.by_key[1].end()) {
      const bool only_a = right == paired.by_key[1].end();
      result.stages.push_back(OneSided(key, only_a ? left->second : right->second, only_a));
      continue;
    }
    auto a = Load(engine, left->second);
    if (!a.ok()) return a.status();
    auto b = Load(engine, right->second);
    if (!b.ok()) return b.status();
    result.stages.push_back(
        {std::get<0>(key), profile::Compare((*a)->side, (*b)->side, tolerances)});
  }
  SumUp(&result);
  return result;
}

}  // namespace plumbline::engine
