#ifndef PLUMBLINE_SERVER_TRANSPORT_REPORT_IMPACT_H_
#define PLUMBLINE_SERVER_TRANSPORT_REPORT_IMPACT_H_

#include <vector>

#include "plumbline/v1/alert.pb.h"
#include "plumbline/v1/report.pb.h"
#include "server/checks/finding.h"
#include "server/engine/engine.h"

namespace plumbline::transport {

v1::PredictionImpact ToWire(const checks::Impact& impact);
/// At most 100, and how many more there are.
void AddImpacts(const std::vector<checks::Impact>& impacts, v1::Report* report);

/// Beside each category that is silent: how predictions are since, which the baseline on the disk
/// is needed for.
void NameSilentCategories(engine::Engine* engine, v1::Report* report);

}  // namespace plumbline::transport

#endif  // PLUMBLINE_SERVER_TRANSPORT_REPORT_IMPACT_H_
