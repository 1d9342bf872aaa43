#include "client/commands/duration_flag.h"

#include "absl/strings/numbers.h"

namespace plumbline::client {

std::optional<absl::Duration> DurationOf(const std::string& text) {
  absl::Duration duration;
  if (!text.empty() && (text.back() == 'd' || text.back() == 'w')) {
    double count = 0;
    if (!absl::SimpleAtod(text.substr(0, text.size() - 1), &count)) return std::nullopt;
    duration = count * absl::Hours(text.back() == 'd' ? 24 : 7 * 24);
  } else if (!absl::ParseDuration(text, &duration)) {
    return std::nullopt;
  }
  const bool fits = duration >= absl::Seconds(1) && duration <= absl::Hours(24 * 36600);
  return fits ? std::optional<absl::Duration>(duration) : std::nullopt;
}

google::protobuf::Duration ToWire(absl::Duration duration) {
  google::protobuf::Duration out;
  const int64_t seconds = absl::ToInt64Seconds(duration);
  out.set_seconds(seconds);
  out.set_nanos(static_cast<int32_t>(absl::ToInt64Nanoseconds(duration - absl::Seconds(seconds))));
  return out;
}

}  // namespace plumbline::client
