#ifndef PLUMBLINE_CLIENT_COMMANDS_ALERT_TEXT_H_
#define PLUMBLINE_CLIENT_COMMANDS_ALERT_TEXT_H_

#include <string>

#include "plumbline/v1/alert.pb.h"
#include "plumbline/v1/report_service.pb.h"

namespace plumbline::client {

/// The source or the slice whose rows a finding is about; empty: all rows.
std::string RowsOf(const v1::Finding& finding);

/// A table of alerts, in the order given; one sentence if there are none.
std::string AlertsText(const v1::ListAlertsResponse& alerts);

/// One change on one line: `2021-06-01 13:30:00  FIRING  critical  housing/v1  age null_rate
/// reason`.
std::string AlertLine(const v1::Alert& alert);

}  // namespace plumbline::client

#endif  // PLUMBLINE_CLIENT_COMMANDS_ALERT_TEXT_H_
