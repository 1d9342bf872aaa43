#ifndef PLUMBLINE_CLIENT_COMMANDS_PERFORMANCE_TEXT_H_
#define PLUMBLINE_CLIENT_COMMANDS_PERFORMANCE_TEXT_H_

#include <string>

#include "absl/status/statusor.h"
#include "plumbline/v1/performance.pb.h"

namespace plumbline::client {

/// How many labels have come, each measure of the window beside training's and the estimate, and a
/// line a chunk with `metric` (empty: roc_auc, else accuracy or mae). Errors: InvalidArgument for a
/// metric that the task does not have.
absl::StatusOr<std::string> PerformanceText(const v1::PerformanceReport& report,
                                            const std::string& metric);

/// One line for a model's report; empty if there are neither labels nor an estimate.
std::string PerformanceLine(const v1::PerformanceReport& report);

/// The deciding measure of a chunk in words, such as `roc_auc 0.884 (training 0.908, estimated
/// 0.859)`; empty if it has none.
std::string PerformanceWords(const v1::PerformanceChunk& chunk);

}  // namespace plumbline::client

#endif  // PLUMBLINE_CLIENT_COMMANDS_PERFORMANCE_TEXT_H_
