#ifndef PLUMBLINE_TESTS_BENCH_MODELS_H_
#define PLUMBLINE_TESTS_BENCH_MODELS_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "tests/bench/shapes.h"

namespace plumbline::bench {

/// bench-0, bench-1, ...
std::vector<std::string> ModelNames(size_t count);

/// Sends a baseline of `rows` random rows for one model. Errors: what the server says.
absl::Status CreateModel(const std::string& server, const std::string& model, const Shape& shape,
                         uint64_t rows);

/// Copies the baseline of the first model to all others. Errors: what the server says.
absl::Status CopyModel(const std::string& server, const std::vector<std::string>& models);

/// Sets each model's policy to allow rows to be this late. Errors: what the server says.
absl::Status SetLateness(const std::string& server, const std::vector<std::string>& models,
                         absl::Duration lateness);

}  // namespace plumbline::bench

#endif  // PLUMBLINE_TESTS_BENCH_MODELS_H_
