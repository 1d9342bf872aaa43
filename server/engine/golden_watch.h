#ifndef PLUMBLINE_SERVER_ENGINE_GOLDEN_WATCH_H_
#define PLUMBLINE_SERVER_ENGINE_GOLDEN_WATCH_H_

#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "server/checks/golden_rows.h"
#include "server/engine/ingest.h"
#include "server/engine/model_key.h"
#include "server/profile/golden_rows.h"
#include "server/storage/store.h"

namespace plumbline::engine {

/// The stored form of golden rows, and back. Errors: InvalidArgument.
storage::v1::GoldenRowsRecord ToRecord(const profile::GoldenRows& rows);
absl::StatusOr<profile::GoldenRows> FromRecord(const storage::v1::GoldenRowsRecord& record);

/// What became of a baseline's golden rows among live ones: the latest result of each. Not
/// thread-safe.
class GoldenWatch {
 public:
  GoldenWatch() = default;
  /// Without results. `book` may be nullptr: there are no golden rows.
  explicit GoldenWatch(std::shared_ptr<const profile::GoldenBook> book);

  /// Hits of another book are passed over. True if anything new was learnt.
  bool Add(const GoldenHits& hits);
  const std::shared_ptr<const profile::GoldenBook>& book() const { return book_; }
  checks::GoldenSummary Summary(absl::string_view environment) const {
    return checks::Summarize(*book_, results_, environment);
  }

  bool dirty() const { return !changed_.empty(); }
  void Commit(const ModelKey& key, uint64_t baseline_number, storage::Store::Batch* batch);
  /// Errors: DataLoss.
  absl::Status Restore(const ModelKey& key, uint64_t baseline_number, const storage::Store& store);

 private:
  std::shared_ptr<const profile::GoldenBook> book_;
  profile::GoldenResults results_;
  std::set<uint32_t> changed_;  // rows whose result the next commit writes
};

}  // namespace plumbline::engine

#endif  // PLUMBLINE_SERVER_ENGINE_GOLDEN_WATCH_H_
