#include "server/transport/convert_environment.h"

#include <algorithm>
#include <string>

namespace plumbline::transport {
namespace {

constexpr int kMaxDifferences = 100;  // of a producer in a report

}  // namespace

absl::StatusOr<manifest::Environment> FromWire(const v1::Environment& environment) {
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

v1::Environment ToWire(const manifest::Environment& environment) {
  v1::Environment out;
  if (!environment.interpreter.empty() || !environment.interpreter_version.empty()) {
    out.mutable_interpreter()->set_name(environment.interpreter);
    out.mutable_interpreter()->set_version(environment.interpreter_version);
  }
  const auto copy = [](const manifest::Entries& from, auto* to) {
    to->insert(from.begin(), from.end());
  };
  copy(environment.packages, out.mutable_packages());
  copy(environment.system_packages, out.mutable_system_packages());
  copy(environment.seeds, out.mutable_seeds());
  copy(environment.settings, out.mutable_settings());
  copy(environment.keys, out.mutable_keys());
  return out;
}

v1::EnvironmentComparison ToWire(const manifest::EnvironmentComparison& comparison) {
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

v1::ProducerEnvironment ToWire(const engine::ProducerEnvironment& environment) {
  v1::ProducerEnvironment out;
  out.set_producer(environment.producer);
  out.set_epoch(environment.epoch);
  out.set_source(environment.source);
  *out.mutable_comparison() = ToWire(environment.comparison);
  auto* differences = out.mutable_comparison()->mutable_differences();
  if (differences->size() > kMaxDifferences) {
    out.set_differences_left_out(static_cast<uint64_t>(differences->size() - kMaxDifferences));
    differences->DeleteSubrange(kMaxDifferences, differences->size() - kMaxDifferences);
  }
  return out;
}

}  // namespace plumbline::transport
