#include "client/environment_manifest.h"

#include <string>

namespace plumbline::client {

absl::StatusOr<manifest::Environment> ToManifest(const v1::Environment& environment) {
  const auto copy = [](const auto& from) { return manifest::Entries(from.begin(), from.end()); };
  manifest::Environment out{.interpreter = environment.interpreter().name(),
                            .interpreter_version = environment.interpreter().version(),
                            .packages = copy(environment.packages()),
                            .system_packages = copy(environment.system_packages()),
                            .seeds = copy(environment.seeds()),
                            .settings = copy(environment.settings()),
                            .keys = copy(environment.keys())};
  if (absl::Status sound = CheckEnvironment(out); !sound.ok()) return sound;
  return out;
}

v1::EnvironmentComparison ToProto(const manifest::EnvironmentComparison& comparison) {
  v1::EnvironmentComparison out;
  for (const manifest::EnvironmentDifference& difference : comparison.differences) {
    v1::EnvironmentDifference* added = out.add_differences();
    added->set_area(std::string(AreaName(difference.area)));
    added->set_name(difference.name);
    added->set_expected(difference.expected);
    added->set_actual(difference.actual);
    added->set_severity(std::string(WeightName(difference.weight)));
    added->set_cause(difference.cause);
  }
  for (const manifest::Area area : comparison.not_compared) {
    out.add_not_compared(std::string(AreaName(area)));
  }
  return out;
}

}  // namespace plumbline::client
