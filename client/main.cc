// The `plumbline` command.
#include <unistd.h>

#include <iostream>

#include "client/commands/command_line.h"

int main(int argc, char** argv) {
  return plumbline::client::RunCommandLine(argc, argv, std::cout, std::cerr,
                                           isatty(STDERR_FILENO) != 0);
}
