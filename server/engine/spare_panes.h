#ifndef PLUMBLINE_SERVER_ENGINE_SPARE_PANES_H_
#define PLUMBLINE_SERVER_ENGINE_SPARE_PANES_H_

#include <cstddef>
#include <memory>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "server/base/mutex.h"
#include "server/profile/baseline.h"
#include "server/profile/pane.h"

namespace plumbline::engine {

/// Panes that batches were counted into, kept for the next ones. Each is as many allocations as a
/// model has variables, made by the thread that counts and freed by the one that adds: what the
/// allocator does worst. Keeps at most kMostPanes, of kMostVariables in all, about 1 KB each.
/// Thread-safe; must outlive the panes that it lends.
class SparePanes {
 public:
  static constexpr size_t kMostPanes = 512;
  static constexpr size_t kMostVariables = 16'384;

  /// Gives a pane back, or deletes it if nobody lent it.
  struct GiveBack {
    SparePanes* lender = nullptr;
    std::shared_ptr<const profile::Baseline> baseline = nullptr;

    void operator()(profile::Pane* pane) const;
  };
  using LentPane = std::unique_ptr<profile::Pane, GiveBack>;

  SparePanes() = default;
  SparePanes(const SparePanes&) = delete;
  SparePanes& operator=(const SparePanes&) = delete;

  /// An empty pane of `baseline`. Cost: a look at what is kept; where none is of this baseline, as
  /// many allocations as it has variables.
  [[nodiscard]] LentPane Lend(const std::shared_ptr<const profile::Baseline>& baseline);

  /// Panes kept now.
  [[nodiscard]] size_t size() const;

 private:
  struct Spare {
    std::weak_ptr<const profile::Baseline> baseline;
    std::unique_ptr<profile::Pane> pane;
  };

  void Keep(std::unique_ptr<profile::Pane> pane,
            const std::shared_ptr<const profile::Baseline>& baseline);
  // Takes out one, by its place.
  std::unique_ptr<profile::Pane> Remove(size_t place) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  mutable base::Mutex mutex_;
  std::vector<Spare> spares_ ABSL_GUARDED_BY(mutex_);  // those given back last at the end
  size_t variables_ ABSL_GUARDED_BY(mutex_) = 0;       // of all spares
  size_t next_to_go_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace plumbline::engine

#endif  // PLUMBLINE_SERVER_ENGINE_SPARE_PANES_H_
