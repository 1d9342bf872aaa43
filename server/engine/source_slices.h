#ifndef PLUMBLINE_SERVER_ENGINE_SOURCE_SLICES_H_
#define PLUMBLINE_SERVER_ENGINE_SOURCE_SLICES_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "plumbline/storage/v1/records.pb.h"
#include "server/checks/policy.h"
#include "server/engine/slice.h"
#include "server/engine/snapshot.h"
#include "server/storage/store.h"

namespace plumbline::engine {

/// The named sources of a model that are judged by themselves, from when there is more than one.
/// Bounded: a further source takes the place of one whose window is empty and of which no alert is
/// active, or has none. Not thread-safe.
class SourceSlices {
 public:
  struct Source {
    Source(std::shared_ptr<const profile::Baseline> baseline, PaneHome home,
           const checks::Policy& policy, uint64_t number);

    const uint64_t number;
    Slice slice;
    std::shared_ptr<const SourceSnapshot> snapshot;  // of the last evaluation
  };
  using Map = std::map<std::string, std::unique_ptr<Source>, std::less<>>;

  /// `home` is the model's.
  SourceSlices(std::shared_ptr<const profile::Baseline> baseline, PaneHome home, size_t max);

  /// The slice that takes rows of this source; nullptr: there is none. `newest_pane` is the
  /// model's. What `policy` says of panes is the same in every call.
  Source* Open(absl::string_view source, int64_t newest_pane, const checks::Policy& policy);
  Source* Find(absl::string_view source);
  const Map& all() const { return sources_; }
  Map& all() { return sources_; }

  /// Every slice closes this pane if it has it, and reaches the model's newest.
  void ClosePane(int64_t pane_start, int64_t newest_pane, uint64_t min_rows);
  void SetPanes(uint32_t panes);
  void Cool();
  bool dirty() const;

  void Commit(storage::Store::Batch* batch, storage::v1::ModelStateRecord* record);
  /// Errors: DataLoss.
  absl::Status Restore(const storage::v1::ModelStateRecord& record, int64_t closed_until,
                       const checks::Policy& policy);
  /// Deletes every window from the store; alerts stay.
  void Delete(storage::Store::Batch* batch) const;

 private:
  PaneHome HomeOf(uint64_t number) const;
  // Makes room if it can.
  bool HasRoom(int64_t newest_pane);
  uint64_t UnusedNumber() const;
  void DeleteWindow(uint64_t number, storage::Store::Batch* batch) const;

  const std::shared_ptr<const profile::Baseline> baseline_;
  const PaneHome home_;
  const size_t max_;
  Map sources_;
  std::vector<std::pair<std::string, std::unique_ptr<Source>>>
      dropped_;  // what is stored of them is to be deleted
};

}  // namespace plumbline::engine

#endif  // PLUMBLINE_SERVER_ENGINE_SOURCE_SLICES_H_
