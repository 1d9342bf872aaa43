#ifndef PLUMBLINE_SERVER_ENGINE_CATALOG_H_
#define PLUMBLINE_SERVER_ENGINE_CATALOG_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "plumbline/storage/v1/records.pb.h"
#include "server/base/mutex.h"
#include "server/checks/policy.h"
#include "server/engine/model_key.h"
#include "server/profile/baseline.h"
#include "server/profile/golden_rows.h"
#include "server/profile/seasonal_training.h"
#include "server/profile/slicing.h"

namespace plumbline::engine {

/// What everybody may know of a live (model, version).
struct CatalogEntry {
  size_t worker = 0;
  std::shared_ptr<const profile::Baseline> baseline;  // the active one
  std::shared_ptr<const profile::GoldenBook> golden;  // its golden rows, if it has any
  storage::v1::PolicyRecord stored_policy;
  checks::Policy policy;
  std::shared_ptr<const profile::Slicing> slicing;                    // nullptr: no slice variables
  std::shared_ptr<const profile::SeasonalTraining> season = nullptr;  // nullptr: no season
  std::shared_ptr<const profile::Aliases> aliases = nullptr;          // set by Put
};

/// Which models and versions there are. Thread-safe; look-ups are short.
class Catalog {
 public:
  /// The version that a request without one means. Errors: NotFound naming the model, or the
  /// version.
  absl::StatusOr<ModelKey> Resolve(absl::string_view model, absl::string_view version) const;
  /// The same, but a model or version that is not there yet is one to be made: `default` for a new
  /// model.
  ModelKey ResolveNew(absl::string_view model, absl::string_view version) const;

  std::optional<CatalogEntry> Find(const ModelKey& key) const;
  /// What the data plane asks for.
  struct Target {
    size_t worker = 0;
    std::shared_ptr<const profile::Baseline> baseline;  // the active one; nullptr: no such model
    absl::Duration pane_length;
    absl::Duration max_future_skew;
    std::shared_ptr<const profile::Aliases> aliases;
    std::shared_ptr<const profile::GoldenBook> golden;  // nullptr: none
    std::shared_ptr<const profile::Slicing> slicing;    // nullptr: none
  };
  Target Active(const ModelKey& key) const;
  std::optional<storage::v1::ModelRecord> FindModel(absl::string_view model) const;
  std::vector<std::pair<std::string, storage::v1::ModelRecord>> Models() const;
  size_t size() const;

  /// Takes the place of all that was there, at once.
  void Replace(Catalog&& other);
  void Put(const ModelKey& key, CatalogEntry entry);
  void PutModel(const std::string& model, storage::v1::ModelRecord record);
  void Remove(const ModelKey& key);
  void RemoveModel(const std::string& model);

 private:
  mutable base::Mutex mutex_;
  std::map<std::string, storage::v1::ModelRecord, std::less<>> models_ ABSL_GUARDED_BY(mutex_);
  std::map<ModelKey, CatalogEntry> entries_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace plumbline::engine

#endif  // PLUMBLINE_SERVER_ENGINE_CATALOG_H_
