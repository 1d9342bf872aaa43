#include "server/manifest/environment.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "server/manifest/version_change.h"

namespace plumbline::manifest {
namespace {

absl::Status CheckEntries(absl::string_view what, const Entries& entries) {
  for (const auto& [name, value] : entries) {
    if (name.empty()) {
      return absl::InvalidArgumentError(absl::StrCat("environment: a ", what, " has no name"));
    }
    if (name.size() > kMaxEnvironmentNameBytes) {
      return absl::InvalidArgumentError(absl::StrCat("environment: the name of a ", what, " has ",
                                                     name.size(), " bytes; at most ",
                                                     kMaxEnvironmentNameBytes));
    }
    const bool has_control = std::any_of(name.begin(), name.end(), [](char c) {
      return absl::ascii_iscntrl(static_cast<unsigned char>(c));
    });
    if (has_control) {
      return absl::InvalidArgumentError(
          absl::StrCat("environment: the name of a ", what, " has a control character"));
    }
    if (value.size() > kMaxEnvironmentValueBytes) {
      return absl::InvalidArgumentError(absl::StrCat("environment: ", what, " \"", name, "\" has ",
                                                     value.size(), " bytes; at most ",
                                                     kMaxEnvironmentValueBytes));
    }
  }
  return absl::OkStatus();
}

size_t BytesOf(const Entries& entries) {
  size_t bytes = 0;
  for (const auto& [name, value] : entries) bytes += name.size() + value.size();
  return bytes;
}

// As PEP 503 normalises names: lower case, and runs of `-`, `_` and `.` are one `-`.
std::string NormalPackage(const std::string& name) {
  std::string normal;
  for (const char c : absl::AsciiStrToLower(name)) {
    const bool joins = c == '-' || c == '_' || c == '.';
    if (!joins) normal.push_back(c);
    if (joins && !normal.empty() && normal.back() != '-') normal.push_back('-');
  }
  return normal;
}

Entries NormalPackages(const Entries& packages) {
  Entries normal;
  for (const auto& [name, version] : packages) normal.emplace(NormalPackage(name), version);
  return normal;
}

struct Judged {
  Weight weight;
  std::string cause;
};

Judged JudgeVersions(absl::string_view prefix, VersionChange change) {
  switch (change) {
    case VersionChange::kMajor:
      return {Weight::kCritical, absl::StrCat(prefix, "_major")};
    case VersionChange::kMinor:
      return {Weight::kWarning, absl::StrCat(prefix, "_minor")};
    default:
      return {Weight::kInfo, absl::StrCat(prefix, "_patch")};
  }
}

void CompareInterpreters(const Environment& expected, const Environment& actual,
                         EnvironmentComparison* out) {
  const auto is_there = [](const Environment& environment) {
    return !environment.interpreter.empty() || !environment.interpreter_version.empty();
  };
  if (is_there(expected) != is_there(actual)) out->not_compared.push_back(Area::kInterpreter);
  if (!is_there(expected) || !is_there(actual)) return;
  if (!absl::EqualsIgnoreCase(expected.interpreter, actual.interpreter)) {
    out->differences.push_back(
        {Area::kInterpreter, "",
         absl::StrCat(expected.interpreter, " ", expected.interpreter_version),
         absl::StrCat(actual.interpreter, " ", actual.interpreter_version), Weight::kCritical,
         "other_interpreter"});
    return;
  }
  const VersionChange change =
      CompareVersions(expected.interpreter_version, actual.interpreter_version);
  if (change == VersionChange::kSame) return;
  const Judged judged = JudgeVersions("interpreter", change);
  out->differences.push_back({Area::kInterpreter, expected.interpreter,
                              expected.interpreter_version, actual.interpreter_version,
                              judged.weight, judged.cause});
}

// Calls `use` for each name with the values on both sides; nullptr: not there.
template <class Use>
void ForBoth(const Entries& expected, const Entries& actual, const Use& use) {
  for (const auto& [name, value] : expected) {
    const auto found = actual.find(name);
    use(name, &value, found == actual.end() ? nullptr : &found->second);
  }
  for (const auto& [name, value] : actual) {
    if (!expected.contains(name)) use(name, nullptr, &value);
  }
}

void ComparePackages(Area area, const Entries& expected, const Entries& actual,
                     EnvironmentComparison* out) {
  if (expected.empty() != actual.empty()) out->not_compared.push_back(area);
  if (expected.empty() || actual.empty()) return;
  ForBoth(
      expected, actual,
      [&](const std::string& name, const std::string* was, const std::string* is) {
        if (is == nullptr) {
          out->differences.push_back({area, name, *was, "", Weight::kWarning, "package_missing"});
        } else if (was == nullptr) {
          out->differences.push_back({area, name, "", *is, Weight::kInfo, "package_extra"});
        } else if (const VersionChange change = CompareVersions(*was, *is);
                   change != VersionChange::kSame) {
          const Judged judged = JudgeVersions("package", change);
          out->differences.push_back({area, name, *was, *is, judged.weight, judged.cause});
        }
      });
}

void CompareValues(Area area, const Entries& expected, const Entries& actual, Weight weight,
                   absl::string_view cause, EnvironmentComparison* out) {
  ForBoth(expected, actual,
          [&](const std::string& name, const std::string* was, const std::string* is) {
            const std::string before = was == nullptr ? "" : *was;
            const std::string now = is == nullptr ? "" : *is;
            if (before == now) return;
            out->differences.push_back({area, name, before, now, weight, std::string(cause)});
          });
}

}  // namespace

size_t Environment::bytes() const {
  return interpreter.size() + interpreter_version.size() + BytesOf(packages) +
         BytesOf(system_packages) + BytesOf(seeds) + BytesOf(settings) + BytesOf(keys);
}

absl::Status CheckEnvironment(const Environment& environment) {
  absl::Status status = CheckEntries("interpreter", {{"name", environment.interpreter},
                                                     {"version", environment.interpreter_version}});
  status.Update(CheckEntries("package", environment.packages));
  status.Update(CheckEntries("system package", environment.system_packages));
  status.Update(CheckEntries("seed", environment.seeds));
  status.Update(CheckEntries("setting", environment.settings));
  status.Update(CheckEntries("key", environment.keys));
  if (!status.ok()) return status;
  if (environment.bytes() > kMaxEnvironmentBytes) {
    return absl::InvalidArgumentError(absl::StrCat("the environment has ", environment.bytes(),
                                                   " bytes of names and values; at most ",
                                                   kMaxEnvironmentBytes));
  }
  return absl::OkStatus();
}

absl::string_view AreaName(Area area) {
  switch (area) {
    case Area::kInterpreter:
      return "interpreter";
    case Area::kPackage:
      return "package";
    case Area::kSystemPackage:
      return "system package";
    case Area::kSeed:
      return "seed";
    case Area::kSetting:
      return "setting";
    case Area::kKey:
      return "key";
  }
  return "";
}

absl::string_view WeightName(Weight weight) {
  switch (weight) {
    case Weight::kInfo:
      return "info";
    case Weight::kWarning:
      return "warning";
    case Weight::kCritical:
      return "critical";
  }
  return "";
}

EnvironmentComparison CompareEnvironments(const Environment& expected, const Environment& actual) {
  EnvironmentComparison out;
  CompareInterpreters(expected, actual, &out);
  ComparePackages(Area::kPackage, NormalPackages(expected.packages),
                  NormalPackages(actual.packages), &out);
  ComparePackages(Area::kSystemPackage, expected.system_packages, actual.system_packages, &out);
  CompareValues(Area::kSeed, expected.seeds, actual.seeds, Weight::kWarning, "seed_changed", &out);
  CompareValues(Area::kSetting, expected.settings, actual.settings, Weight::kWarning,
                "setting_changed", &out);
  CompareValues(Area::kKey, expected.keys, actual.keys, Weight::kInfo, "key_changed", &out);
  std::stable_sort(out.differences.begin(), out.differences.end(),
                   [](const EnvironmentDifference& a, const EnvironmentDifference& b) {
                     return std::make_tuple(-static_cast<int>(a.weight), a.area) <
                            std::make_tuple(-static_cast<int>(b.weight), b.area);
                   });
  return out;
}

std::string InWords(const EnvironmentDifference& difference) {
  const bool is_version =
      difference.area == Area::kPackage || difference.area == Area::kSystemPackage;
  const auto side = [&](const std::string& value) -> absl::string_view {
    if (!value.empty()) return value;
    return is_version ? "missing" : "not set";
  };
  std::string words = std::string(AreaName(difference.area));
  if (!difference.name.empty()) absl::StrAppend(&words, " ", difference.name);
  if (difference.cause == "package_extra") {
    return absl::StrCat(words, " ", difference.actual, " is extra");
  }
  absl::StrAppend(&words, " ", side(difference.expected), " -> ", side(difference.actual));
  for (const absl::string_view level : {"major", "minor"}) {
    if (absl::EndsWith(difference.cause, level)) absl::StrAppend(&words, " (", level, " version)");
  }
  return words;
}

std::string InWords(const std::vector<EnvironmentDifference>& differences, size_t limit) {
  std::string words;
  for (size_t i = 0; i < differences.size() && i < limit; ++i) {
    absl::StrAppend(&words, i == 0 ? "" : ", ", InWords(differences[i]));
  }
  if (differences.size() > limit) {
    absl::StrAppend(&words, ", and ", differences.size() - limit, " more");
  }
  return words;
}

}  // namespace plumbline::manifest
