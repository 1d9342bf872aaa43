#ifndef PLUMBLINE_SERVER_ENGINE_ENVIRONMENTS_H_
#define PLUMBLINE_SERVER_ENGINE_ENVIRONMENTS_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "server/checks/evaluate.h"
#include "server/engine/model_key.h"
#include "server/manifest/environment.h"
#include "server/storage/store.h"

namespace plumbline::engine {

class Producers;

/// What one producer declared, for a report.
struct ProducerEnvironment {
  std::string producer;
  uint64_t epoch = 0;
  std::string source;
  manifest::EnvironmentComparison comparison;
};

/// What the producers of a model run in, compared once with what it was trained in. Equal
/// environments are kept once. Times are listening time. Not thread-safe.
class Environments {
 public:
  /// Of more producers, those that declared last are kept.
  static constexpr size_t kMaxProducers = 128;

  explicit Environments(manifest::Environment expected);

  /// Takes the place of what the producer declared before; nothing changes if that was for a newer
  /// epoch.
  void Declare(const std::string& producer, uint64_t epoch, const std::string& source,
               manifest::Environment environment, absl::Time now);
  /// Drops what was declared longer ago than `expiry` by producers that are not heard of any more.
  /// True if anything was.
  bool Expire(absl::Time now, absl::Duration expiry, const Producers& producers);
  /// What another version of the same model knew, compared with this one's expectation.
  void TakeOver(Environments* from);

  /// By source. Valid until something changes.
  std::vector<checks::EnvironmentSummary> Summaries() const;
  /// Those that differ, the heaviest first.
  std::vector<ProducerEnvironment> Differing() const;
  /// The sources that these producers declared, each once; not the one without a name.
  std::vector<std::string> SourcesOf(const std::vector<std::string>& producers) const;
  size_t size() const { return declared_.size(); }
  size_t differing() const;

  bool dirty() const { return !changed_.empty(); }
  void Commit(const ModelKey& key, storage::Store::Batch* batch);
  /// Errors: DataLoss naming the producer.
  absl::Status Restore(const ModelKey& key, const storage::Store& store);

 private:
  struct Content {
    manifest::Environment environment;
    manifest::EnvironmentComparison comparison;
  };
  struct Declared {
    uint64_t epoch = 0;
    std::string source;
    absl::Time at;
    std::shared_ptr<const Content> content;
  };

  std::shared_ptr<const Content> ContentOf(manifest::Environment environment) const;

  manifest::Environment expected_;
  std::map<std::string, Declared> declared_;  // by producer
  std::set<std::string> changed_;             // what the next commit writes or deletes
};

}  // namespace plumbline::engine

#endif  // PLUMBLINE_SERVER_ENGINE_ENVIRONMENTS_H_
