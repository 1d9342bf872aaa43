#ifndef PLUMBLINE_SERVER_ENGINE_PROFILE_COMPARE_H_
#define PLUMBLINE_SERVER_ENGINE_PROFILE_COMPARE_H_

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"
#include "server/engine/engine.h"
#include "server/engine/profile_book.h"
#include "server/profile/profile_comparison.h"

namespace plumbline::engine {

/// The current window of a model.
struct LiveSide {
  std::string model;
  std::string version;
};
/// The name of a data set, or else an environment, or else a stage; or NAME@ENVIRONMENT,
/// NAME/STAGE, NAME/STAGE@ENVIRONMENT, ENVIRONMENT/STAGE.
struct AnySide {
  std::string text;
};
/// A filter of profiles, or one of the above.
using Side = std::variant<storage::ProfileKey, LiveSide, AnySide>;

struct CompareRequest {
  Side a, b;
  std::optional<double> tolerance;  // absent: 0, or kLiveTolerance where a side is live
  std::map<std::string, double> tolerances;
  bool samples = false;
  std::vector<std::string> stages;  // their order
};

inline constexpr double kLiveTolerance = 0.05;

struct StageComparison {
  std::string stage;
  profile::ProfileComparison comparison;
};

/// What a comparison of all stages says.
struct StagesComparison {
  profile::Verdict verdict = profile::Verdict::kIdentical;
  std::string first_difference;  // the stage; empty if none is different, or it has no name
  std::string summary;           // `raw identical, joined identical, features different`
  std::vector<StageComparison> stages;
};

/// Loads the sides and compares them. Two sides of one profile each are compared whatever their
/// stages; others stage by stage (and by name and source, where a side has several): those of one
/// side without a counterpart are different. Errors: NotFound naming the side; FailedPrecondition
/// if a side has several profiles of one stage that the other does not tell apart, or an empty
/// window; InvalidArgument for a tolerance.
absl::StatusOr<StagesComparison> CompareProfiles(Engine* engine, const CompareRequest& request);

}  // namespace plumbline::engine

#endif  // PLUMBLINE_SERVER_ENGINE_PROFILE_COMPARE_H_
