#ifndef PLUMBLINE_CLIENT_COMMANDS_COMMAND_LINE_H_
#define PLUMBLINE_CLIENT_COMMANDS_COMMAND_LINE_H_

#include <ostream>

namespace plumbline::client {

/// Runs the `plumbline` command. Results go to `out`; an error is one line on `err`, starting with
/// `plumbline: `. Returns the exit code: 0 fine, 1 an error, 2 wrong usage. `shows_progress`: draw
/// progress bars on `err`. Blocks until the command is done; may be called from several threads.
int RunCommandLine(int argc, const char* const* argv, std::ostream& out, std::ostream& err,
                   bool shows_progress);

}  // namespace plumbline::client

#endif  // PLUMBLINE_CLIENT_COMMANDS_COMMAND_LINE_H_
