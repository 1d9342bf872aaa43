#ifndef PLUMBLINE_SERVER_LOGGING_H_
#define PLUMBLINE_SERVER_LOGGING_H_

#include <initializer_list>
#include <string>
#include <utility>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "server/base/clock.h"

namespace plumbline {

enum class LogLevel { kInfo, kWarn, kError };

/// `info`, `warn`, `error`; anything else is kInfo.
LogLevel ParseLogLevel(absl::string_view name);

using LogFields = std::initializer_list<std::pair<absl::string_view, std::string>>;

/// One line of logfmt, with its newline: ts=2026-11-24T00:00:00.000Z level=info msg=ready
/// grpc=127.0.0.1:7700. A value that is not one plain word is quoted and escaped as in C.
std::string LogLine(absl::Time time, LogLevel level, absl::string_view message, LogFields fields);

/// Writes lines to stderr, those of `least` and above. Thread-safe: one write a line.
class Logger {
 public:
  Logger(const base::Clock* clock, LogLevel least) : clock_(clock), least_(least) {}

  void Info(absl::string_view message, LogFields fields = {}) const {
    Write(LogLevel::kInfo, message, fields);
  }
  void Warn(absl::string_view message, LogFields fields = {}) const {
    Write(LogLevel::kWarn, message, fields);
  }
  void Error(absl::string_view message, LogFields fields = {}) const {
    Write(LogLevel::kError, message, fields);
  }

 private:
  void Write(LogLevel level, absl::string_view message, LogFields fields) const;

  const base::Clock* const clock_;
  const LogLevel least_;
};

}  // namespace plumbline

#endif  // PLUMBLINE_SERVER_LOGGING_H_
