#include "server/storage/environment_record.h"

namespace plumbline::storage {

v1::EnvironmentRecord ToRecord(const manifest::Environment& environment) {
  v1::EnvironmentRecord record;
  record.set_interpreter(environment.interpreter);
  record.set_interpreter_version(environment.interpreter_version);
  const auto copy = [](const manifest::Entries& from, auto* to) {
    to->insert(from.begin(), from.end());
  };
  copy(environment.packages, record.mutable_packages());
  copy(environment.system_packages, record.mutable_system_packages());
  copy(environment.seeds, record.mutable_seeds());
  copy(environment.settings, record.mutable_settings());
  copy(environment.keys, record.mutable_keys());
  return record;
}

absl::StatusOr<manifest::Environment> FromRecord(const v1::EnvironmentRecord& record) {
  const auto copy = [](const auto& from) { return manifest::Entries(from.begin(), from.end()); };
  manifest::Environment environment{.interpreter = record.interpreter(),
                                    .interpreter_version = record.interpreter_version(),
                                    .packages = copy(record.packages()),
                                    .system_packages = copy(record.system_packages()),
                                    .seeds = copy(record.seeds()),
                                    .settings = copy(record.settings()),
                                    .keys = copy(record.keys())};
  if (absl::Status sound = CheckEnvironment(environment); !sound.ok()) return sound;
  return environment;
}

}  // namespace plumbline::storage
