#include "client/cell_values.h"

#include <cmath>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/time/time.h"

namespace plumbline::client {
namespace {

std::optional<int64_t> NumberToMicros(double value) {
  const double size = std::fabs(value);
  const double micros = size < 1e11   ? value * 1e6
                        : size < 1e14 ? value * 1e3
                        : size < 1e17 ? value
                                      : value / 1e3;
  if (!(std::fabs(micros) < 9e18)) return std::nullopt;
  return static_cast<int64_t>(std::llround(micros));
}

// Exact where double is not: nanoseconds, and microseconds of far years.
std::optional<int64_t> IntegerToMicros(int64_t value) {
  const double size = std::fabs(static_cast<double>(value));
  if (size < 1e11) return value * 1'000'000;
  if (size < 1e14) return value * 1'000;
  if (size < 1e17) return value;
  return value / 1'000;
}

std::optional<int64_t> DateToMicros(absl::string_view cell) {
  std::string text(cell);
  constexpr size_t kDateSize = 10;
  if (text.size() > kDateSize && (text[kDateSize] == ' ' || text[kDateSize] == 't')) {
    text[kDateSize] = 'T';
  }
  const bool has_time = text.size() > kDateSize;
  static constexpr const char* kWithTime[] = {"%Y-%m-%dT%H:%M:%E*S%Ez", "%Y-%m-%dT%H:%M:%E*S",
                                              "%Y-%m-%dT%H:%M%Ez", "%Y-%m-%dT%H:%M"};
  absl::Time time;
  std::string error;
  if (!has_time) {
    if (!absl::ParseTime("%Y-%m-%d", text, &time, &error)) return std::nullopt;
    return absl::ToUnixMicros(time);
  }
  for (const char* format : kWithTime) {
    if (absl::ParseTime(format, text, &time, &error)) return absl::ToUnixMicros(time);
  }
  return std::nullopt;
}

}  // namespace

std::optional<double> ParseNumber(absl::string_view cell) {
  // SimpleAtod also takes hexadecimal numbers and NaNs with a payload: not what a CSV file means.
  if (cell.find_first_of("xX(") != absl::string_view::npos) return std::nullopt;
  double value = 0;
  if (!absl::SimpleAtod(cell, &value)) return std::nullopt;
  return value;
}

Integer IntegerIn(absl::string_view cell) {
  cell = absl::StripAsciiWhitespace(cell);
  absl::string_view digits = cell;
  if (!digits.empty() && (digits[0] == '-' || digits[0] == '+')) digits.remove_prefix(1);
  if (digits.empty()) return Integer::kNone;
  for (const char c : digits) {
    if (!absl::ascii_isdigit(static_cast<unsigned char>(c))) return Integer::kNone;
  }
  int64_t value = 0;
  if (!absl::SimpleAtoi(cell, &value)) return Integer::kLarger;
  constexpr int64_t kExact = int64_t{1} << 53;
  return value >= -kExact && value <= kExact ? Integer::kExactAsDouble : Integer::kFitsInt64;
}

bool HasLeadingZero(absl::string_view cell) {
  cell = absl::StripAsciiWhitespace(cell);
  if (!cell.empty() && (cell[0] == '-' || cell[0] == '+')) cell.remove_prefix(1);
  return cell.size() > 1 && cell[0] == '0' &&
         absl::ascii_isdigit(static_cast<unsigned char>(cell[1]));
}

std::optional<int64_t> ParseUnixMicros(absl::string_view cell) {
  const absl::string_view text = absl::StripAsciiWhitespace(cell);
  if (text.size() >= 10 && text[4] == '-' && absl::ascii_isdigit(text[0])) {
    return DateToMicros(text);
  }
  int64_t integer = 0;
  if (absl::SimpleAtoi(text, &integer)) return IntegerToMicros(integer);
  const std::optional<double> number = ParseNumber(text);
  if (!number.has_value() || !std::isfinite(*number)) return std::nullopt;
  return NumberToMicros(*number);
}

}  // namespace plumbline::client
