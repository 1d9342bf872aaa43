#ifndef PLUMBLINE_SERVER_PROFILE_SUBSET_H_
#define PLUMBLINE_SERVER_PROFILE_SUBSET_H_

#include <cstdint>

#include "server/profile/data_set_profile.h"
#include "server/stats/distinct_sample.h"

namespace plumbline::profile {

/// How many of the distinct rows, or values, of one side are on the other, by a sample of their
/// hashes that is the same on both.
struct Overlap {
  uint64_t sampled = 0;
  uint64_t found = 0;
  uint64_t rows = 0;     // of those sampled, with their duplicates
  uint64_t missing = 0;  // rows that the other side has not, or not so often
  uint64_t gone = 0;     // of the missing ones, those that it has not at all
};

Overlap OverlapOf(const stats::DistinctSample& of, const stats::DistinctSample& in);

/// False if a variable of `part` shows that some of its rows are not in `whole`: by an extreme, or
/// a value that is not there; or, if they are `counted`, not so often. Variables of one kind.
bool MayBeIn(const VariableProfile& part, const VariableProfile& whole, bool counted);
/// Of all variables that both have.
bool MayBeIn(const DataSetProfile& part, const DataSetProfile& whole, bool counted);

}  // namespace plumbline::profile

#endif  // PLUMBLINE_SERVER_PROFILE_SUBSET_H_
