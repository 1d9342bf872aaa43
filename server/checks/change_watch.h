#ifndef PLUMBLINE_SERVER_CHECKS_CHANGE_WATCH_H_
#define PLUMBLINE_SERVER_CHECKS_CHANGE_WATCH_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "server/checks/policy.h"
#include "server/profile/baseline.h"
#include "server/profile/natural_variation.h"
#include "server/profile/pane.h"
#include "server/stats/change_evidence.h"

namespace plumbline::checks {

/// What evidence there is on one thing that is asked of a variable.
struct ChangeEvidence {
  double log_evidence = 0;  // ln M, see ChangeDetector
  bool enough = false;      // M is so large that the budget of false pages allows to tell
};

/// The rate checks that have evidence of their own.
inline constexpr CheckId kWatchedRates[] = {CheckId::kNullRate, CheckId::kNanRate,
                                            CheckId::kInfRate, CheckId::kOutOfRange,
                                            CheckId::kUnseenCategory};

/// k of n rows, live and in training.
struct RateCounts {
  uint64_t k_live = 0, n_live = 0, k_base = 0, n_base = 0;
};
/// What `check`, one of kWatchedRates, compares. Out of range: the next value is beyond an extreme
/// of N values with chance 1 / (N + 1) on each side. Unseen: the upper Good-Turing bound.
RateCounts CountsOfRate(CheckId check, const profile::VariableBaseline& baseline,
                        const profile::VariableCounts& live);

/// Of one variable, after a block.
struct VariableEvidence {
  ChangeEvidence drift;
  std::array<ChangeEvidence, std::size(kWatchedRates)> rates;
  /// Since the change of the distribution is thought to have begun: rows, and psi less what chance
  /// gives; absent if there is none. And the psi that training has itself over so many rows.
  double rows_since = 0;
  std::optional<double> psi_since;
  double natural_psi = 0;
  /// The same of the rates: k of n rows.
  std::array<std::pair<uint64_t, uint64_t>, std::size(kWatchedRates)> rates_since;
};

/// What live blocks are weighed against: made once for a baseline, and shared. Any thread.
class ChangeReferences {
 public:
  /// `natural`: one a variable, or empty if none is known.
  ChangeReferences(std::shared_ptr<const profile::Baseline> baseline,
                   std::vector<profile::NaturalVariation> natural);

  const profile::Baseline& baseline() const { return *baseline_; }
  /// The psi that training has itself over so many rows; 0 if that is not known.
  double NaturalPsi(size_t variable, double rows) const {
    return variables_[variable].natural.PsiLimit(rows);
  }

 private:
  friend class ChangeWatch;
  struct Variable {
    profile::EvidenceGroups groups;
    stats::ShareReference shares;
    profile::NaturalVariation natural;
  };

  std::shared_ptr<const profile::Baseline> baseline_;
  std::vector<Variable> variables_;
};

/// The evidence that the rows of one slice are no longer those of training, for every variable.
/// One budget for all that is asked of the model: half of it for the distributions, half for the
/// rates. Not thread-safe. About 350 bytes a numeric variable, 130 a rate that is not 0.
class ChangeWatch {
 public:
  explicit ChangeWatch(std::shared_ptr<const ChangeReferences> references);

  /// One more closed block; none is given twice.
  void Observe(const profile::Pane& block);
  /// One a variable; what it says of psi is computed where there is enough evidence alone.
  /// `log_alarm`: ln of the blocks that a false alarm may come in once, see
  /// LeastAlarm.
  std::vector<VariableEvidence> Weigh(double log_alarm) const;
  /// The evidence on this begins anew: its alert is over.
  void Reset(CheckId check, size_t variable);
  /// All does.
  void Reset();

  std::string Encode() const;
  /// Errors: DataLoss if it is not of this baseline.
  absl::Status Decode(absl::string_view bytes);

 private:
  using Detector = std::unique_ptr<stats::ChangeDetector>;
  struct Variable {
    Detector drift;                                        // nullptr: nothing can drift
    std::array<Detector, std::size(kWatchedRates)> rates;  // nullptr: nothing to see so far
  };

  stats::ShareReference RateReference(size_t variable, size_t rate, const RateCounts& counts) const;
  void ObserveRates(size_t variable, const profile::VariableCounts& block);

  std::shared_ptr<const ChangeReferences> references_;
  std::vector<Variable> variables_;
};

}  // namespace plumbline::checks

#endif  // PLUMBLINE_SERVER_CHECKS_CHANGE_WATCH_H_
