#ifndef PLUMBLINE_CLIENT_COMMANDS_FORMAT_H_
#define PLUMBLINE_CLIENT_COMMANDS_FORMAT_H_

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "google/protobuf/timestamp.pb.h"
#include "plumbline/v1/batch.pb.h"

namespace plumbline::client {

/// `1,234,567`.
std::string FormatCount(uint64_t count);
/// `1,234 rows`, `1 row`.
std::string FormatCount(uint64_t count, absl::string_view one, absl::string_view many);
/// Three digits that matter, more for whole numbers: `0.0312`, `12.3`, `15832`, `1.2e+09`.
std::string FormatNumber(double value);
/// A share in percent: `0`, `<0.1%`, `12.3%`, `100%`.
std::string FormatShare(double share);
/// `2021-06-01 13:30:00` in UTC; `-` if there is none.
std::string FormatTime(const google::protobuf::Timestamp& time, bool present);
/// `text` with control characters replaced, so that a name cannot move the cursor, and cut to
/// `max_width` characters.
std::string Printable(absl::string_view text, size_t max_width = 10'000);
/// Characters of UTF-8 text, taken as one column each.
size_t DisplayWidth(absl::string_view text);
/// `feature`, `prediction`, `label`; empty for none.
std::string FormatRole(v1::Role role);
/// `numeric`, `categorical`; empty for none.
std::string FormatKind(v1::Kind kind);
/// `model` or `model/version`.
std::string FormatModel(absl::string_view model, absl::string_view version);

}  // namespace plumbline::client

#endif  // PLUMBLINE_CLIENT_COMMANDS_FORMAT_H_
