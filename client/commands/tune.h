#ifndef PLUMBLINE_CLIENT_COMMANDS_TUNE_H_
#define PLUMBLINE_CLIENT_COMMANDS_TUNE_H_

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "google/protobuf/struct.pb.h"
#include "plumbline/v1/policy.pb.h"
#include "plumbline/v1/report.pb.h"

namespace plumbline::client {

/// A threshold that keeps a check on a variable silent where it should be.
struct ProposedThreshold {
  std::string variable;
  std::string check;
  uint64_t pages = 0;    // that it would have been silent for
  double peak = 0;       // the largest effect of these
  double threshold = 0;  // now
  double proposed = 0;
};

/// Proposes thresholds from a backtest of rows in which nothing was wrong. A page is a run of
/// chunks in a row in which a check fires on a variable, of all rows, a source or a slice: there is
/// one threshold for all of these, and what begins on one variable at once is one incident. The
/// pages that pass their thresholds by the largest factor stay, as many as the budget has; each
/// other one gets a threshold a twentieth above its peak, rounded up to two digits. Effects in
/// units of thresholds: the statistic of drift, the odds ratio of rates. What no such threshold
/// decides (rows lost, absent variables, a rate that was 0 in training) is counted, and takes its
/// part of the budget.
class Tuner {
 public:
  void Add(const v1::BacktestChunk& chunk);

  struct Result {
    uint64_t chunks = 0;
    uint64_t pages = 0;                         // as things are
    uint64_t left = 0;                          // with what is proposed
    std::map<std::string, uint64_t> untunable;  // pages by check
    std::vector<ProposedThreshold> thresholds;  // by variable and check
  };
  [[nodiscard]] Result Propose(uint64_t budget) const;

 private:
  struct Page {
    uint32_t last_chunk = 0;
    double peak = 0;
  };
  struct Series {
    bool tunable = true;
    double threshold = 0;
    std::vector<Page> pages;
  };

  uint64_t chunks_ = 0;
  std::map<std::pair<std::string, std::string>, Series> series_;  // by variable and check
};

/// A table and what to do with it.
std::string TuneText(const Tuner::Result& result, uint64_t budget);
google::protobuf::Struct TuneStruct(const Tuner::Result& result, uint64_t budget);

/// Adds the thresholds to a policy.
void Apply(const Tuner::Result& result, v1::Policy* policy);

}  // namespace plumbline::client

#endif  // PLUMBLINE_CLIENT_COMMANDS_TUNE_H_
