#ifndef PLUMBLINE_TESTS_TRUST_MONITOR_H_
#define PLUMBLINE_TESTS_TRUST_MONITOR_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "server/checks/alert.h"
#include "server/checks/change_watch.h"
#include "server/checks/policy.h"
#include "server/profile/baseline.h"
#include "server/profile/batch.h"
#include "server/profile/pane.h"

namespace plumbline::trust {

/// A baseline of these rows. Ends the program where there is none.
std::shared_ptr<const profile::Baseline> Learn(const profile::BatchView& rows);

/// A model's life, pane by pane: what evidence alone would tell, and what pages, by the checks that
/// the service asks.
class Monitor {
 public:
  struct Told {
    std::set<std::string> by_evidence;  // such as `drift x`
    std::set<std::string> pages;
  };

  /// `panes`: a false page may come once in so many.
  Monitor(std::shared_ptr<const profile::Baseline> baseline, double panes);

  /// The next rows are a pane. What evidence alone tells is forgotten at once, and may be told
  /// anew; a page comes when an alert begins to fire.
  Told Close(const profile::BatchView& rows);

 private:
  // What is asked of rows; no prediction has a label here.
  std::vector<checks::Finding> Judge() const;

  const std::shared_ptr<const profile::Baseline> baseline_;
  const checks::Policy policy_;
  const double log_alarm_;
  checks::ChangeWatch watch_, alone_;  // of pages, of evidence alone
  checks::AlertBook alerts_;
  uint64_t blocks_ = 0, panes_ = 0;
  std::deque<profile::Pane> window_;
  profile::Pane gathering_;
};

}  // namespace plumbline::trust

#endif  // PLUMBLINE_TESTS_TRUST_MONITOR_H_
