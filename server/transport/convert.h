#ifndef PLUMBLINE_SERVER_TRANSPORT_CONVERT_H_
#define PLUMBLINE_SERVER_TRANSPORT_CONVERT_H_

#include <cmath>
#include <optional>

#include "google/protobuf/timestamp.pb.h"
#include "plumbline/v1/alert.pb.h"
#include "plumbline/v1/baseline.pb.h"
#include "plumbline/v1/model_service.pb.h"
#include "plumbline/v1/report.pb.h"
#include "server/engine/backtest.h"
#include "server/engine/engine.h"
#include "server/engine/report.h"
#include "server/profile/baseline.h"
#include "server/profile/similarity.h"
#include "server/profile/statistics.h"

namespace plumbline::transport {

// From the core's types to the wire's. What is absent in the core, or not finite, is absent on the
// wire.

/// Calls `set` with the value if there is a finite one.
template <class Set>
void SetIf(const std::optional<double>& value, const Set& set) {
  if (value.has_value() && std::isfinite(*value)) set(*value);
}

google::protobuf::Timestamp ToWire(absl::Time time);
v1::Finding ToWire(const checks::Finding& finding);
v1::Alert ToWire(const engine::ModelAlert& alert);
v1::VariableStatistics ToWire(const std::string& variable,
                              const profile::VariableStatistics& statistics);
v1::SimilarVariable ToWire(absl::string_view variable, const profile::Similarity& similar);
v1::ProducerLoss ToWire(const engine::ProducerLoss& loss);
v1::Load ToWire(const engine::DeclaredLoad& load);
v1::Report ToWire(const engine::Report& report);
v1::BacktestChunk ToWire(const engine::BacktestChunk& chunk);
v1::Model ToWire(const engine::ModelInfo& model);
v1::BaselineSummary ToWire(const engine::BaselineInfo& info);
/// With every variable's statistics and distribution.
v1::Baseline ToWire(const engine::BaselineInfo& info, const profile::Baseline& baseline);

v1::Role ToWire(profile::Role role);
v1::Kind ToWire(profile::Kind kind);
std::optional<profile::Role> FromWire(v1::Role role);
std::optional<profile::Kind> FromWire(v1::Kind kind);

}  // namespace plumbline::transport

#endif  // PLUMBLINE_SERVER_TRANSPORT_CONVERT_H_
