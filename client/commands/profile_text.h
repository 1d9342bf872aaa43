#ifndef PLUMBLINE_CLIENT_COMMANDS_PROFILE_TEXT_H_
#define PLUMBLINE_CLIENT_COMMANDS_PROFILE_TEXT_H_

#include <string>

#include "plumbline/v1/profile_service.pb.h"

namespace plumbline::client {

/// One line: which profile, its rows and its digest.
std::string ProfileLine(const v1::ProfileSummary& summary);
/// A table of profiles.
std::string ProfilesText(const v1::ListProfilesResponse& response);
/// A profile with its variables.
std::string ProfileText(const v1::GetProfileResponse& response);
/// The verdict, why, and the measures that differ; or every measure.
std::string ComparisonText(const v1::CompareProfilesResponse& response, bool all);

}  // namespace plumbline::client

#endif  // PLUMBLINE_CLIENT_COMMANDS_PROFILE_TEXT_H_
