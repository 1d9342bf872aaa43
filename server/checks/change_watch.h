#ifndef PLUMBLINE_SERVER_CHECKS_CHANGE_WATCH_H_
#define PLUMBLINE_SERVER_CHECKS_CHANGE_WATCH_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "server/checks/alert.h"
#include "server/checks/policy.h"
#include "server/profile/baseline.h"
#include "server/profile/natural_variation.h"
#include "server/profile/pane.h"
#include "server/profile/seasonal_training.h"
#include "server/profile/statistics.h"
#include "server/stats/change_evidence.h"

namespace plumbline::checks {

/// The rate checks that have evidence of their own.
inline constexpr CheckId kWatchedRates[] = {CheckId::kNullRate, CheckId::kNanRate,
                                            CheckId::kInfRate, CheckId::kOutOfRange,
                                            CheckId::kUnseenCategory};

/// k of n rows that can have it, live and in training, and all rows. A rate is told over these.
struct RateCounts {
  uint64_t k_live = 0, n_live = 0, k_base = 0, n_base = 0;
  uint64_t rows_live = 0, rows_base = 0;
  /// Training has none itself: k_base is the most that it lets expect, of as many rows as have a
  /// value live.
  bool is_bound = false;
  /// The bound is not that of independent rows: runs of training's rows had as much that no other
  /// had.
  bool of_runs = false;
};
/// What `check`, one of kWatchedRates, compares. Out of range: the next value is beyond an extreme
/// of N independent values with chance 1 / (N + 1) on each side. Unseen: the upper Good-Turing
/// bound, or NaturalVariation::outside_share, whichever is larger.
RateCounts CountsOfRate(CheckId check, const profile::VariableBaseline& baseline,
                        const profile::VariableCounts& live);
/// How much more `check`, one of kWatchedRates, varies in training than of independent rows: what
/// it counts may come in runs. See stats::DesignEffect.
double DesignEffectOfRate(CheckId check, const profile::NaturalVariation& natural);

/// What evidence there is on one thing that is asked of a variable.
struct ChangeEvidence {
  double log_evidence = 0;  // ln M, see ChangeDetector
  bool enough = false;      // M is so large that the budget of false pages allows to tell
  // Since the change is thought to have begun; of distributions `rows` alone. Older ones fade.
  uint64_t blocks = 0;
  uint64_t marked = 0, rows = 0;  // k of n
};

/// The latest panes in which a drift is large enough.
struct DriftLook {
  uint32_t panes = 0;
  profile::VariableCounts counts;
  profile::VariableStatistics statistics;
  /// With a season: training at the times of these panes.
  std::shared_ptr<const profile::VariableBaseline> trained = nullptr;
};

/// Of a variable of which there is enough evidence of some change.
struct VariableEvidence {
  size_t variable = 0;
  ChangeEvidence drift;
  std::array<ChangeEvidence, std::size(kWatchedRates)> rates;
  std::optional<DriftLook> look;

  const ChangeEvidence& Of(CheckId check) const;  // kDrift or one of kWatchedRates
};

/// That on a variable; nullptr: none. `all`, by variable, may be nullptr as well.
const VariableEvidence* EvidenceOn(const std::vector<VariableEvidence>* all, size_t variable);

/// True if the policy's statistic passes its threshold, and psi what training, or runs of so many
/// rows of it, have by themselves.
bool IsLargeDrift(const Policy& policy, const profile::VariableBaseline& baseline,
                  const profile::VariableStatistics& statistics, uint64_t rows);

/// Of what there is evidence of, only what an alert is active on.
void KeepActive(const profile::Baseline& baseline, const AlertBook& alerts,
                std::vector<VariableEvidence>* evidence);

/// Looks back over the latest 1, 2, 4 .. panes, fewer than the window's, where there is enough
/// evidence of drift: those of at least min_rows_drift rows that are not shorter than half of what
/// the change has lasted, for they would show more of chance. Of the looks in which the drift is
/// large that in which it is largest is kept. `latest` sums up so many panes.
void LookBack(const profile::Baseline& baseline, const Policy& policy,
              absl::FunctionRef<profile::Pane(uint32_t panes)> latest,
              std::vector<VariableEvidence>* evidence);

/// The same with a season: `trained` is training at the times of so many panes, good until the next
/// call.
void LookBack(const Policy& policy, absl::FunctionRef<profile::Pane(uint32_t panes)> latest,
              absl::FunctionRef<const profile::Baseline&(uint32_t panes)> trained,
              std::vector<VariableEvidence>* evidence);

/// The evidence that the rows of one slice are no longer those of training, for every variable. One
/// budget for all that is asked of the slice: half of it for the distributions, half for the rates.
/// Not thread-safe. About 350 bytes a numeric variable, 130 a rate that is not 0.
class ChangeWatch {
 public:
  /// `baseline` is not owned and outlives it. With a `season` distributions are weighed by ranks
  /// within training at the same times.
  explicit ChangeWatch(const profile::Baseline* baseline,
                       std::shared_ptr<const profile::SeasonalTraining> season = nullptr);

  /// One more closed block; none is given twice. `times`, with a season: its rows by bucket.
  void Observe(const profile::Pane& block, const profile::BucketRows& times = {});
  /// By variable; only those with enough of any. `log_alarm`: ln of the blocks that a false alarm
  /// may come in once, see LeastAlarm.
  std::vector<VariableEvidence> Weigh(double log_alarm) const;
  /// The evidence on this, kDrift or one of kWatchedRates, begins anew: its alert is over. False if
  /// there was none.
  bool Reset(CheckId check, size_t variable);

  std::string Encode() const;
  /// Errors: DataLoss if it is not of this baseline.
  absl::Status Decode(absl::string_view bytes);

 private:
  using Detector = std::unique_ptr<stats::ChangeDetector>;
  struct Variable {
    Detector drift;                                        // nullptr: nothing can drift
    std::array<Detector, std::size(kWatchedRates)> rates;  // nullptr: nothing to see so far
  };

  void ObserveDrift(size_t variable, const profile::VariableCounts& block,
                    const profile::BucketRows& times);
  void ObserveRates(size_t variable, const profile::VariableCounts& block);

  const profile::Baseline* baseline_;
  std::shared_ptr<const profile::SeasonalTraining> season_;  // nullptr: none
  std::vector<Variable> variables_;
};

}  // namespace plumbline::checks

#endif  // PLUMBLINE_SERVER_CHECKS_CHANGE_WATCH_H_
