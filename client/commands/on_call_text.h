#ifndef PLUMBLINE_CLIENT_COMMANDS_ON_CALL_TEXT_H_
#define PLUMBLINE_CLIENT_COMMANDS_ON_CALL_TEXT_H_

#include <string>

#include "plumbline/v1/on_call_service.pb.h"
#include "plumbline/v1/report.pb.h"

namespace plumbline::client {

/// A table, or that there are none.
std::string MutesText(const v1::ListMutesResponse& mutes);
std::string ChangesText(const v1::ListChangesResponse& changes);
/// Each incident: its head line, what may lie behind it and its alerts; or that there are none.
std::string IncidentsText(const google::protobuf::RepeatedPtrField<v1::Incident>& incidents);
/// The head lines alone, the first first; empty if there are none.
std::string IncidentLines(const google::protobuf::RepeatedPtrField<v1::Incident>& incidents);
/// What of a report is muted and expected; empty if nothing is.
std::string OnCallText(const v1::Report& report);

}  // namespace plumbline::client

#endif  // PLUMBLINE_CLIENT_COMMANDS_ON_CALL_TEXT_H_
