#ifndef PLUMBLINE_TESTS_TRUST_MONITOR_H_
#define PLUMBLINE_TESTS_TRUST_MONITOR_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <set>
#include <string>

#include "server/checks/change_watch.h"
#include "server/checks/policy.h"
#include "server/profile/baseline.h"
#include "server/profile/batch.h"
#include "server/profile/pane.h"

namespace plumbline::trust {

/// A baseline of these rows, and how much it varies by itself. Ends the program where there is
/// none.
std::shared_ptr<const checks::ChangeReferences> Learn(const profile::BatchView& rows);

/// A model's life, pane by pane: what evidence alone would tell, and what pages, where the change
/// is large enough for the policy and larger than what training does by itself.
class Monitor {
 public:
  struct Told {
    std::set<std::string> by_evidence;  // such as `drift x`
    std::set<std::string> pages;
  };

  /// `panes`: a false page may come once in so many.
  Monitor(std::shared_ptr<const checks::ChangeReferences> references, double panes);

  /// The next rows are a pane. What is told is forgotten at once, and may be told anew; what does
  /// not page goes on until it does.
  Told Close(const profile::BatchView& rows);

 private:
  // What there is enough evidence of.
  template <class Use>
  void ForEach(const checks::ChangeWatch& watch, Use use) const;
  bool IsDrift(size_t variable, const checks::VariableEvidence& evidence) const;
  bool IsRate(size_t variable, size_t rate, const checks::VariableEvidence& evidence) const;

  const std::shared_ptr<const checks::ChangeReferences> references_;
  const double log_alarm_;
  const checks::Policy policy_ = checks::DefaultPolicy();
  checks::ChangeWatch watch_, alone_;  // of pages, of evidence alone
  std::deque<profile::Pane> window_;
  profile::Pane gathering_;
};

}  // namespace plumbline::trust

#endif  // PLUMBLINE_TESTS_TRUST_MONITOR_H_
