#ifndef PLUMBLINE_CLIENT_COMMANDS_IMPACT_TEXT_H_
#define PLUMBLINE_CLIENT_COMMANDS_IMPACT_TEXT_H_

#include <string>

#include "plumbline/v1/report.pb.h"
#include "plumbline/v1/report_service.pb.h"

namespace plumbline::client {

/// A head line, and a table: for each input, what is wrong with it, and each prediction the
/// predictions of such rows beside those of rows with a value. `has_prediction`: the baseline has
/// one; without, nothing could be compared, which says nothing of the inputs.
std::string ImpactText(const v1::GetImpactResponse& impact, bool has_prediction);

/// The same for those of a report that differ; empty if none does.
std::string ImpactLines(const v1::Report& report);

}  // namespace plumbline::client

#endif  // PLUMBLINE_CLIENT_COMMANDS_IMPACT_TEXT_H_
