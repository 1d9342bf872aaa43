#include "server/logging.h"

#include <algorithm>
#include <cstdio>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"

namespace plumbline {
namespace {

absl::string_view LevelName(LogLevel level) {
  switch (level) {
    case LogLevel::kInfo:
      return "info";
    case LogLevel::kWarn:
      return "warn";
    case LogLevel::kError:
      return "error";
  }
  return "info";
}

std::string Quoted(absl::string_view text) {
  const bool plain = !text.empty() && std::all_of(text.begin(), text.end(), [](unsigned char c) {
    return c > ' ' && c != 0x7f && c != '"' && c != '=' && c != '\\';
  });
  return plain ? std::string(text) : absl::StrCat("\"", absl::Utf8SafeCEscape(text), "\"");
}

}  // namespace

LogLevel ParseLogLevel(absl::string_view name) {
  return name == "error" ? LogLevel::kError : name == "warn" ? LogLevel::kWarn : LogLevel::kInfo;
}

std::string LogLine(absl::Time time, LogLevel level, absl::string_view message, LogFields fields) {
  std::string line =
      absl::StrCat("ts=", absl::FormatTime("%Y-%m-%dT%H:%M:%E3SZ", time, absl::UTCTimeZone()),
                   " level=", LevelName(level), " msg=", Quoted(message));
  for (const auto& [name, value] : fields) absl::StrAppend(&line, " ", name, "=", Quoted(value));
  line.push_back('\n');
  return line;
}

void Logger::Write(LogLevel level, absl::string_view message, LogFields fields) const {
  if (level < least_) return;
  const std::string line = LogLine(clock_->Now(), level, message, fields);
  std::fwrite(line.data(), 1, line.size(), stderr);
}

}  // namespace plumbline
