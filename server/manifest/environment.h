#ifndef PLUMBLINE_MANIFEST_ENVIRONMENT_H_
#define PLUMBLINE_MANIFEST_ENVIRONMENT_H_

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace plumbline::manifest {

using Entries = std::map<std::string, std::string>;

/// What a training job or a serving process runs in. A plain value.
struct Environment {
  std::string interpreter;  // such as `CPython`
  std::string interpreter_version;
  Entries packages;         // of the interpreter: version by name
  Entries system_packages;  // of the operating system
  Entries seeds;            // of generators of random numbers, by name
  Entries settings;         // of libraries and of the process, by name
  Entries keys;             // whatever else somebody wants to have compared

  bool operator==(const Environment&) const = default;
  bool empty() const { return *this == Environment(); }
  /// Bytes of all text.
  size_t bytes() const;
};

/// Bounds of one environment.
inline constexpr size_t kMaxEnvironmentBytes = 256 << 10;
inline constexpr size_t kMaxEnvironmentNameBytes = 256;
inline constexpr size_t kMaxEnvironmentValueBytes = 4096;

/// Errors: InvalidArgument naming the entry: an empty name or one with a control character, a name
/// or value that is too long, too much in all.
absl::Status CheckEnvironment(const Environment& environment);

enum class Area { kInterpreter, kPackage, kSystemPackage, kSeed, kSetting, kKey };
/// In words: `package`, `system package`, ...
absl::string_view AreaName(Area area);

/// What a difference weighs; the same numbers as checks::Severity.
enum class Weight { kInfo = 1, kWarning = 2, kCritical = 3 };
absl::string_view WeightName(Weight weight);

struct EnvironmentDifference {
  Area area = Area::kPackage;
  std::string name;
  std::string expected, actual;  // versions or values; empty: not there
  Weight weight = Weight::kInfo;
  /// From a closed list: other_interpreter, interpreter_major, interpreter_minor,
  /// interpreter_patch, package_missing, package_extra, package_major, package_minor,
  /// package_patch, seed_changed, setting_changed, key_changed.
  std::string cause;
};

struct EnvironmentComparison {
  std::vector<EnvironmentDifference> differences;  // the heaviest first, then by area and name
  std::vector<Area> not_compared;                  // one side says nothing of it
};

/// Compares what runs with what is expected. Weights: critical for another interpreter and for a
/// major version (see CompareVersions), warning for a minor version, a missing package, a seed or a
/// setting that is another or on one side only (empty is as if it were not there), info for a
/// patch, an extra package and a key. Names of packages are compared as PEP 503 has it:
/// `Scikit_Learn` is `scikit-learn`. Interpreter, packages and system packages are compared where
/// both sides have any.
EnvironmentComparison CompareEnvironments(const Environment& expected, const Environment& actual);

/// `package numpy 1.26.4 -> 2.0.1 (major version)`.
std::string InWords(const EnvironmentDifference& difference);
/// The first `limit` of them in words, and how many more there are.
std::string InWords(const std::vector<EnvironmentDifference>& differences, size_t limit);

}  // namespace plumbline::manifest

#endif  // PLUMBLINE_MANIFEST_ENVIRONMENT_H_
