#ifndef PLUMBLINE_TESTS_FUZZ_FUZZ_H_
#define PLUMBLINE_TESTS_FUZZ_FUZZ_H_

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

// What every *_fuzz.cc defines: one run over one input, and inputs to begin with.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace plumbline::fuzz {

/// Valid inputs, made by the code under test. The same at every call.
std::vector<std::string> Seeds();

/// Ends the process where `condition` does not hold: the fuzzer keeps the input.
inline void Check(bool condition, const char* what) {
  if (condition) return;
  std::fprintf(stderr, "does not hold: %s\n", what);
  std::abort();
}

}  // namespace plumbline::fuzz

#endif  // PLUMBLINE_TESTS_FUZZ_FUZZ_H_
