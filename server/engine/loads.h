#ifndef PLUMBLINE_SERVER_ENGINE_LOADS_H_
#define PLUMBLINE_SERVER_ENGINE_LOADS_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/numeric/int128.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "server/checks/evaluate.h"
#include "server/checks/policy.h"
#include "server/engine/listening_time.h"
#include "server/engine/model_key.h"
#include "server/manifest/row_set.h"
#include "server/storage/store.h"

namespace plumbline::engine {

/// See LoadState of the wire contract.
enum class LoadState { kOpen, kWaiting, kComplete, kRowsMissing, kRowsExtra, kContentDiffers };

/// What somebody says that a load is.
struct LoadDeclaration {
  std::string name;
  std::optional<uint64_t> rows;
  std::optional<absl::uint128> digest;
  bool ends = false;
};

/// What was declared of a load, and what of it arrived.
struct DeclaredLoad {
  std::string name;
  std::optional<uint64_t> declared_rows;
  std::optional<absl::uint128> declared_digest;
  manifest::RowSet arrived;
  uint64_t batches = 0;
  absl::Time began;                      // server's clock
  std::optional<absl::Time> ended;       // likewise
  absl::Time heard;                      // listening time of the latest batch or declaration
  std::optional<int64_t> newest_micros;  // event time of the newest row
  LoadState state = LoadState::kOpen;    // as of the last Advance
};

/// The declared loads of one model. A load differs from what was declared when it has more rows, or
/// as many with another digest; or fewer, and it ended longer than hole_grace ago or has been
/// silent for no_data_after. Somebody should know of it for epoch_expiry. Not thread-safe.
class Loads {
 public:
  /// Of more, the complete ones that were heard of longest ago make room, then the others.
  static constexpr size_t kMaxLoads = 1000;

  /// Rows that arrived in a batch that was not counted before. `newest_micros`: event time of the
  /// newest of them.
  void Arrive(const std::string& name, const manifest::RowSet& rows, int64_t newest_micros,
              const Moment& now);
  /// Errors: FailedPrecondition if a load ends of which nobody said how many rows it has.
  absl::Status Declare(const LoadDeclaration& declaration, const Moment& now);

  /// Brings every state up to `heard`. True if one changed. Cost: O(loads).
  bool Advance(absl::Time heard, const checks::Policy& policy);
  /// Of those that differ; nullopt: there is no load.
  std::optional<checks::LoadSummary> Summary() const;
  /// What is missing of loads whose rows lie in the window that begins at `from_micros`.
  checks::MissingRows Missing(int64_t from_micros) const;
  /// Nullptr: there is no such load.
  const DeclaredLoad* Find(const std::string& name) const;
  /// Those that differ first, then the one heard of last.
  std::vector<DeclaredLoad> List() const;
  bool empty() const { return loads_.empty(); }

  bool dirty() const { return !changed_.empty(); }
  void Commit(const ModelKey& key, storage::Store::Batch* batch);
  absl::Status Restore(const ModelKey& key, const storage::Store& store);

 private:
  struct Entry {
    DeclaredLoad load;
    bool settled = false;  // as of the last Advance: nobody needs to be told any more
  };

  DeclaredLoad& Open(const std::string& name, const Moment& now);
  void MakeRoom();

  std::map<std::string, Entry> loads_;
  std::set<std::string> changed_;  // what the next commit writes or deletes
};

}  // namespace plumbline::engine

#endif  // PLUMBLINE_SERVER_ENGINE_LOADS_H_
