#ifndef PLUMBLINE_SERVER_PROFILE_PREDICTION_DOMAIN_H_
#define PLUMBLINE_SERVER_PROFILE_PREDICTION_DOMAIN_H_

#include <cstdint>
#include <vector>

namespace plumbline::profile {

struct Baseline;
struct VariableBaseline;

/// What values a numeric prediction can have, as its training shows.
enum class PredictionDomain : uint8_t {
  kAny,          // any finite number; also of everything that is no numeric prediction
  kProbability,  // [0, 1], by kUnitTolerance
  kClasses       // the whole numbers that training had, no others
};

/// Softmax in float32 ends this far outside [0, 1].
inline constexpr double kUnitTolerance = 1e-6;
/// How far from 1 the sum of a row's probabilities may be.
inline constexpr double kSumTolerance = 1e-3;

/// kClasses: at most 100 whole numbers, each in 10 rows or more: a count would have rarer ones.
/// Else kProbability if all of training is in [0, 1]. Cost: O(codes).
PredictionDomain DomainOf(const VariableBaseline& variable);

/// The predictions that are probabilities and sum up to 1 in every row of the baseline's sample,
/// at least two to a group: all of them, or else those whose names begin alike up to the last `_`,
/// `.`, `-` or `[`.
std::vector<std::vector<uint32_t>> FindProbabilityGroups(const Baseline& baseline);

}  // namespace plumbline::profile

#endif  // PLUMBLINE_SERVER_PROFILE_PREDICTION_DOMAIN_H_
