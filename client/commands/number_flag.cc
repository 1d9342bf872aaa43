#include "client/commands/number_flag.h"

#include <cmath>
#include <optional>
#include <string>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace plumbline::client {
namespace {

std::optional<double> FiniteNumber(const std::string& text) {
  double number = 0;
  if (!absl::SimpleAtod(text, &number) || !std::isfinite(number)) return std::nullopt;
  return number;
}

}  // namespace

CLI::Validator WholeNumber(uint64_t min, uint64_t max) {
  return CLI::Validator(
      [min, max](std::string& text) -> std::string {
        uint64_t number = 0;
        if (!absl::SimpleAtoi(text, &number) || number < min || number > max) {
          return absl::StrCat("`", text, "` is not a whole number from ", min, " to ", max);
        }
        text = absl::StrCat(number);
        return "";
      },
      "");
}

CLI::Validator NumberFromZero() {
  return CLI::Validator(
      [](std::string& text) -> std::string {
        const std::optional<double> number = FiniteNumber(text);
        if (number.has_value() && *number >= 0) return "";
        return absl::StrCat("`", text, "` is not a number of 0 or more");
      },
      "");
}

CLI::Validator NumberAboveZero() {
  return CLI::Validator(
      [](std::string& text) -> std::string {
        const std::optional<double> number = FiniteNumber(text);
        if (number.has_value() && *number > 0) return "";
        return absl::StrCat("`", text, "` is not a number above 0");
      },
      "");
}

}  // namespace plumbline::client
