#ifndef PLUMBLINE_CLIENT_COMMANDS_PROGRESS_H_
#define PLUMBLINE_CLIENT_COMMANDS_PROGRESS_H_

#include <ostream>
#include <string>

namespace plumbline::client {

/// A progress bar on one line of a terminal: `reading ███████▌      52%`. Erased when destroyed.
/// Not thread-safe.
class Progress {
 public:
  /// Writes nothing at all if `enabled` is false (no terminal).
  Progress(std::ostream& out, bool enabled, std::string label);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  /// `share` in [0, 1]. Redraws only when the shown percentage changes.
  void Update(double share);

 private:
  std::ostream& out_;
  const bool enabled_;
  const std::string label_;
  int shown_percent_ = -1;
};

}  // namespace plumbline::client

#endif  // PLUMBLINE_CLIENT_COMMANDS_PROGRESS_H_
