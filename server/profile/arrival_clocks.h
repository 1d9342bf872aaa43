#ifndef PLUMBLINE_SERVER_PROFILE_ARRIVAL_CLOCKS_H_
#define PLUMBLINE_SERVER_PROFILE_ARRIVAL_CLOCKS_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "server/profile/baseline.h"
#include "server/profile/pane.h"

namespace plumbline::profile {

/// How long something has not arrived. Both are lower bounds: what came in a pane is taken to have
/// come at its end.
struct Silence {
  uint64_t rows = 0;
  int64_t micros = 0;  // event time
};

/// For each variable, and each of its most frequent categories, how long it has been silent: null,
/// NaN, absent and of a wrong type are silence. Moved by panes as they close. Bounded:
/// kMaxCategories a variable. A value; not thread-safe.
class ArrivalClocks {
 public:
  static constexpr size_t kMaxCategories = 100;

  explicit ArrivalClocks(const Baseline& baseline);

  /// A pane of [start_micros, end_micros) has closed. Cost: O(codes).
  void Close(const Pane& pane, int64_t start_micros, int64_t end_micros);
  Silence OfVariable(size_t variable) const { return Of(first_[variable]); }
  /// Categories of the variable that have a clock; 0 if it is numeric.
  size_t categories(size_t variable) const { return first_[variable + 1] - first_[variable] - 1; }
  Silence OfCategory(size_t variable, size_t code) const { return Of(first_[variable] + 1 + code); }
  /// End of the newest pane, in microseconds.
  int64_t newest_micros() const { return micros_; }
  /// Clocks of all variables.
  size_t size() const { return last_.size(); }

  std::string Encode() const;
  /// Errors: DataLoss if the bytes are not those of this baseline's clocks.
  absl::Status Decode(absl::string_view bytes);

 private:
  struct Sighting {
    uint64_t row = 0;  // rows before the end of the pane
    int64_t micros = 0;
  };
  Silence Of(size_t clock) const;

  std::vector<size_t> first_;  // where a variable's clocks begin: its own, then its categories'
  std::vector<Sighting> last_;
  uint64_t rows_ = 0;
  int64_t micros_ = 0;  // the newest end
  bool started_ = false;
};

}  // namespace plumbline::profile

#endif  // PLUMBLINE_SERVER_PROFILE_ARRIVAL_CLOCKS_H_
