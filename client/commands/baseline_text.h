#ifndef PLUMBLINE_CLIENT_COMMANDS_BASELINE_TEXT_H_
#define PLUMBLINE_CLIENT_COMMANDS_BASELINE_TEXT_H_

#include <string>

#include "plumbline/v1/baseline.pb.h"
#include "plumbline/v1/baseline_service.pb.h"

namespace plumbline::client {

/// One line: `baseline 1 of housing/v1: 5,832 rows, 12 variables, active`.
std::string BaselineLine(const v1::BaselineSummary& summary);

/// A table of baselines; one sentence if there are none.
std::string BaselinesText(const v1::ListBaselinesResponse& baselines);

/// The line above and a table of the variables: role, kind, rates, moments, quantiles, shape.
std::string BaselineText(const v1::Baseline& baseline);

/// What is to be known of how much training varies by itself: a line that says why it was not
/// learnt, and one that names the variables in which drift is hard to find, since training itself
/// varies as much. Empty if neither is so.
std::string NaturalVariationCaveats(
    bool unknown, bool in_time_order,
    const google::protobuf::RepeatedPtrField<v1::VariableReport>& variables);

}  // namespace plumbline::client

#endif  // PLUMBLINE_CLIENT_COMMANDS_BASELINE_TEXT_H_
