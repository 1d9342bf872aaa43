#ifndef PLUMBLINE_SERVER_TRANSPORT_CONVERT_ON_CALL_H_
#define PLUMBLINE_SERVER_TRANSPORT_CONVERT_ON_CALL_H_

#include "plumbline/v1/alert.pb.h"
#include "plumbline/v1/incident.pb.h"
#include "plumbline/v1/on_call.pb.h"
#include "plumbline/v1/report.pb.h"
#include "server/checks/alert.h"
#include "server/checks/on_call.h"
#include "server/engine/model_key.h"
#include "server/engine/report.h"

namespace plumbline::transport {

// What people say of alerts, from the core's types to the wire's.

v1::Mute ToWire(const engine::ModelKey& key, const checks::Mute& mute);
v1::ExpectedChange ToWire(const engine::ModelKey& key, const checks::ExpectedChange& change);
v1::Incident ToWire(const engine::ModelIncident& incident);

/// Adds to a finding what people say of its alert, to its reason too.
void AddOnCall(const checks::Alert& alert, v1::Finding* finding);
/// The same for all findings of a report, and what is in force.
void AddOnCall(const engine::Report& report, v1::Report* out);

}  // namespace plumbline::transport

#endif  // PLUMBLINE_SERVER_TRANSPORT_CONVERT_ON_CALL_H_
