#ifndef PLUMBLINE_CLIENT_COMMANDS_LOAD_TEXT_H_
#define PLUMBLINE_CLIENT_COMMANDS_LOAD_TEXT_H_

#include <string>

#include "google/protobuf/repeated_field.h"
#include "plumbline/v1/load.pb.h"

namespace plumbline::client {

/// One load in a line.
std::string LoadText(const v1::Load& load);

/// A table of the first `limit` of them; empty if there is none.
std::string LoadsText(const google::protobuf::RepeatedPtrField<v1::Load>& loads, int limit);

}  // namespace plumbline::client

#endif  // PLUMBLINE_CLIENT_COMMANDS_LOAD_TEXT_H_
