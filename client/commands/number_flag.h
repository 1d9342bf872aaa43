#ifndef PLUMBLINE_CLIENT_COMMANDS_NUMBER_FLAG_H_
#define PLUMBLINE_CLIENT_COMMANDS_NUMBER_FLAG_H_

#include <CLI/App.hpp>
#include <cstdint>
#include <limits>

namespace plumbline::client {

/// For Option::transform: a whole number in decimal digits, from `min` to `max`. CLI11 by itself
/// takes -1 for 2^64 - 1, what is too large for the largest number there is, and 010 for eight.
CLI::Validator WholeNumber(uint64_t min = 0, uint64_t max = std::numeric_limits<uint64_t>::max());

/// For Option::check: a finite number of 0 or more, or above 0.
CLI::Validator NumberFromZero();
CLI::Validator NumberAboveZero();

}  // namespace plumbline::client

#endif  // PLUMBLINE_CLIENT_COMMANDS_NUMBER_FLAG_H_
