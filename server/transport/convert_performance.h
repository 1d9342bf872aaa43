#ifndef PLUMBLINE_SERVER_TRANSPORT_CONVERT_PERFORMANCE_H_
#define PLUMBLINE_SERVER_TRANSPORT_CONVERT_PERFORMANCE_H_

#include "plumbline/v1/performance.pb.h"
#include "server/engine/performance_report.h"

namespace plumbline::transport {

v1::PerformanceChunk ToWire(const engine::PerformanceChunk& chunk);
v1::PerformanceReport ToWire(const engine::PerformanceReport& report);

}  // namespace plumbline::transport

#endif  // PLUMBLINE_SERVER_TRANSPORT_CONVERT_PERFORMANCE_H_
