#ifndef PLUMBLINE_SERVER_ENGINE_SLICE_BOOK_H_
#define PLUMBLINE_SERVER_ENGINE_SLICE_BOOK_H_

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
#include "server/engine/slice_name.h"
#include "server/engine/snapshot.h"
#include "server/profile/slicing.h"
#include "server/storage/store.h"

namespace plumbline::engine {

/// The rows of a model that are judged by themselves, besides all of them:
/// - named sources, from when there is more than one. Bounded: a further source takes the place of
///   one whose window is empty and of which no alert is active, or has none;
/// - the values of slice variables, as Slicing says.
/// Not thread-safe.
class SliceBook {
 public:
  struct Entry {
    uint64_t number = 0;
    std::unique_ptr<Slice> slice;
    /// What its rows are held against, of a value of a slice variable; nullptr: of a source.
    std::shared_ptr<const profile::Baseline> trained;
    std::string label;                               // of the same, see profile::TrainedSlice
    std::shared_ptr<const SourceSnapshot> snapshot;  // of a source, at the last evaluation
  };
  using Map = std::map<SliceName, Entry>;

  /// `home` is the model's.
  SliceBook(std::shared_ptr<const profile::Baseline> baseline, PaneHome home, size_t max_sources);

  /// The slice that takes rows of this source; nullptr: there is none. `newest_pane` is the
  /// model's. What `policy` says of panes is the same in every call.
  Entry* OpenSource(absl::string_view source, int64_t newest_pane, const checks::Policy& policy);
  /// nullptr: it is not judged by itself.
  Entry* Find(const SliceName& name);

  /// Judges the values of slice variables that `slicing` names (nullptr: none) and no others. One
  /// that was judged before goes on. Returns the alerts of those that are given up, which they no
  /// longer have.
  std::vector<checks::Alert> SetSlicing(std::shared_ptr<const profile::Slicing> slicing,
                                        const checks::Policy& policy);
  const std::shared_ptr<const profile::Slicing>& slicing() const { return slicing_; }
  /// Of slicing()->slices[index].
  Slice* OfValue(uint32_t index) { return of_values_[index]; }

  const Map& all() const { return entries_; }
  Map& all() { return entries_; }
  size_t sources() const { return entries_.size() - of_values_.size(); }

  /// Every slice closes this pane if it has it, and reaches the model's newest.
  void ClosePane(int64_t pane_start, int64_t newest_pane, uint64_t min_rows);
  void SetPolicy(const checks::Policy& policy);
  /// Of the sources, those to come too; see Slice::SetSeason.
  void SetSeason(std::shared_ptr<const profile::SeasonalTraining> season);
  void Cool();
  bool dirty() const;

  void Commit(storage::Store::Batch* batch, storage::v1::ModelStateRecord* record);
  /// With SetSlicing. Errors: DataLoss.
  absl::Status Restore(const storage::v1::ModelStateRecord& record, int64_t closed_until,
                       const checks::Policy& policy,
                       std::shared_ptr<const profile::Slicing> slicing);
  /// Deletes every window from the store; alerts stay.
  void Delete(storage::Store::Batch* batch) const;

 private:
  PaneHome HomeOf(uint64_t number) const;
  Entry SourceEntry(const checks::Policy& policy, uint64_t number) const;
  Entry ValueEntry(const profile::TrainedSlice& value, const checks::Policy& policy,
                   uint64_t number) const;
  // Makes room for a source if it can.
  bool HasRoom(int64_t newest_pane);
  Map::iterator Drop(Map::iterator entry);
  uint64_t UnusedNumber() const;
  void DeleteWindow(uint64_t number, storage::Store::Batch* batch) const;

  const std::shared_ptr<const profile::Baseline> baseline_;
  const PaneHome home_;
  const size_t max_sources_;
  std::shared_ptr<const profile::Slicing> slicing_;
  std::shared_ptr<const profile::SeasonalTraining> season_;
  std::vector<Slice*> of_values_;  // by slicing_->slices
  Map entries_;
  std::vector<Entry> dropped_;  // what is stored of them is to be deleted
};

}  // namespace plumbline::engine

#endif  // PLUMBLINE_SERVER_ENGINE_SLICE_BOOK_H_
