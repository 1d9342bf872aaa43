#ifndef PLUMBLINE_CLIENT_COMMANDS_BACKTEST_TEXT_H_
#define PLUMBLINE_CLIENT_COMMANDS_BACKTEST_TEXT_H_

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "plumbline/v1/report.pb.h"

namespace plumbline::client {

/// One chunk on one line: `#3  2021-06-01 00:00:00 to 2021-06-30 23:00:00  720 rows  drift:
/// Latitude, Longitude of source eu; null_rate: age`.
std::string ChunkLine(const v1::BacktestChunk& chunk);

/// Counts, over the chunks of a backtest, in how many each variable fired, of all rows and of each
/// source and slice.
class BacktestSummary {
 public:
  /// Returns a line for each incident of the chunk that none before it had.
  std::string Add(const v1::BacktestChunk& chunk);

  /// A table of the variables that fired, the most often firing first, or one sentence; and what is
  /// not judged by itself.
  [[nodiscard]] std::string ToString() const;

 private:
  using Name = std::pair<std::string, std::string>;  // variable, source or slice
  struct Variable {
    uint64_t chunks = 0;
    std::map<std::string, uint64_t> checks;
    double largest_psi = 0;
    bool has_psi = false;

    void AddPsi(double psi);
  };
  uint64_t chunks_ = 0;
  uint64_t rows_ = 0;
  uint64_t rows_of_other_sources_ = 0;
  uint64_t categories_left_out_ = 0;
  std::set<std::string> incidents_;
  std::map<Name, Variable> variables_;
};

}  // namespace plumbline::client

#endif  // PLUMBLINE_CLIENT_COMMANDS_BACKTEST_TEXT_H_
