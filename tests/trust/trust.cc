#include <cstdio>
#include <cstring>

#include "tests/trust/tables.h"

// trust [--quick | --test] [no_drift | drift | real]...: what is promised of false pages and
// delays, simulated; exit code 1 if it does not hold. See tests/trust/run.sh.
int main(int argc, char** argv) {
  using namespace plumbline::trust;
  Size size = Size::kFull;
  bool tables[] = {false, false, false};
  static constexpr const char* kNames[] = {"no_drift", "drift", "real"};
  for (int i = 1; i < argc; ++i) {
    if (std::strcmp(argv[i], "--quick") == 0) size = Size::kQuick;
    if (std::strcmp(argv[i], "--test") == 0) size = Size::kTest;
    for (size_t t = 0; t < 3; ++t) tables[t] |= std::strcmp(argv[i], kNames[t]) == 0;
  }
  const bool all = !tables[0] && !tables[1] && !tables[2];
  bool kept = true;
  if (all || tables[0]) kept &= NoDrift(size);
  if (all || tables[1]) kept &= Drift(size);
  if (all || tables[2]) kept &= RealData();
  std::printf("\n%s\n", kept ? "All of it holds." : "NOT all of it holds.");
  return kept ? 0 : 1;
}
