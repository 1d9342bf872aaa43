#ifndef PLUMBLINE_SERVER_PROFILE_DATA_SET_PROFILER_H_
#define PLUMBLINE_SERVER_PROFILE_DATA_SET_PROFILER_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/profile/baseline_builder.h"
#include "server/profile/batch.h"
#include "server/profile/data_set_profile.h"

namespace plumbline::profile {

/// No profile is grouped by more variables.
inline constexpr size_t kMaxGroupings = 4;

/// Makes the profile of a data set in one pass and bounded memory. Batches must have passed
/// ValidateBatch, and all have the variables of the first, of which a hint may say the kind (int64
/// may be categorical: its decimal text). Row ids and event times are not part of the content.
/// Cost: about 250 ns a number, 15 ns a dictionary-coded category. Not thread-safe.
class DataSetProfiler {
 public:
  /// `group_by`: categorical variables whose values the numeric ones are added up by; at most
  /// kMaxGroupings.
  DataSetProfiler(std::vector<VariableHint> hints, std::vector<std::string> group_by);
  ~DataSetProfiler();

  /// Errors: InvalidArgument if the columns or types differ from the first batch's, a hint
  /// contradicts a type, or a grouping is not by a categorical variable. Then it is of no use.
  absl::Status Add(const BatchView& batch);
  /// Name, stage and the like are the caller's to fill. Errors: InvalidArgument if there were no
  /// rows, or a hint names no column.
  absl::StatusOr<DataSetProfile> Finish();

  uint64_t rows() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace plumbline::profile

#endif  // PLUMBLINE_SERVER_PROFILE_DATA_SET_PROFILER_H_
