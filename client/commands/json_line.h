#ifndef PLUMBLINE_CLIENT_COMMANDS_JSON_LINE_H_
#define PLUMBLINE_CLIENT_COMMANDS_JSON_LINE_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/message.h"

namespace plumbline::client {

/// `message` as proto JSON on one line, without a newline: field names as in the .proto, zeros and
/// empty lists printed, absent `optional` and message fields left out.
absl::StatusOr<std::string> JsonLine(const google::protobuf::Message& message);

/// The same on many lines, for a file that people read too; without zeros and empty lists.
absl::StatusOr<std::string> JsonText(const google::protobuf::Message& message);

/// Reads `message` from proto JSON (if the text starts with a brace) or from the protobuf text
/// format. InvalidArgument, with the place where the parser knows it.
absl::Status ParseJsonOrText(const std::string& text, google::protobuf::Message* message);

}  // namespace plumbline::client

#endif  // PLUMBLINE_CLIENT_COMMANDS_JSON_LINE_H_
