#ifndef PLUMBLINE_CLIENT_COMMANDS_REPORT_TEXT_H_
#define PLUMBLINE_CLIENT_COMMANDS_REPORT_TEXT_H_

#include <string>

#include "plumbline/v1/report.pb.h"
#include "plumbline/v1/report_service.pb.h"

namespace plumbline::client {

/// The report of a model: a head line, what fires with its reason (the worst first), then a table
/// of the variables by psi with the shapes of training and live side by side.
std::string ReportText(const v1::Report& report);

/// All there is about one variable: every statistic, training beside live, and a bar chart. The
/// report is one asked for this variable.
std::string VariableText(const v1::Report& report);

/// A table of the features most similar to a variable.
std::string SimilarText(const v1::ListSimilarVariablesResponse& similar);

}  // namespace plumbline::client

#endif  // PLUMBLINE_CLIENT_COMMANDS_REPORT_TEXT_H_
