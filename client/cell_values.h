#ifndef PLUMBLINE_CLIENT_CELL_VALUES_H_
#define PLUMBLINE_CLIENT_CELL_VALUES_H_

#include <cstdint>
#include <optional>

#include "absl/strings/string_view.h"

namespace plumbline::client {

/// The number that a cell holds; nullopt if it holds none (an empty cell too). Decimal, with or
/// without an exponent; `nan`, `inf`, `infinity` with or without a sign, in any case. Spaces around
/// it are ignored. A number too large for double is infinite, as IEEE 754 converts it; an integer
/// beyond 2^53 is rounded.
std::optional<double> ParseNumber(absl::string_view cell);

/// How a cell is an integer: decimal digits behind an optional sign, spaces around it ignored.
enum class Integer { kNone, kExactAsDouble, kFitsInt64, kLarger };
Integer IntegerIn(absl::string_view cell);

/// True if digits begin with a zero that the number does not need, as in codes: `01005`, `-007`;
/// not `0`, `0.5` or `0e3`. Spaces around it are ignored.
bool HasLeadingZero(absl::string_view cell);

/// The time that a cell holds, as microseconds since the Unix epoch; nullopt if it holds none.
/// ISO 8601: `2020-10-01`, `2020-10-01 06:30`, `2020-10-01T06:30:00.25Z`, `...+02:00`; UTC where no
/// zone is given. Or a number since the Unix epoch whose unit its magnitude tells: below 1e11
/// seconds, below 1e14 milliseconds, below 1e17 microseconds, above nanoseconds.
std::optional<int64_t> ParseUnixMicros(absl::string_view cell);

}  // namespace plumbline::client

#endif  // PLUMBLINE_CLIENT_CELL_VALUES_H_
