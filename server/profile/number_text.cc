#include "server/profile/number_text.h"

#include <charconv>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace plumbline::profile {

std::string NumberText(double number) {
  if (std::isnan(number)) return "nan";
  if (std::abs(number) < 1e15 && std::trunc(number) == number) {
    return absl::StrFormat("%.0f", number + 0.0);
  }
  char text[32];
  const auto end = std::to_chars(text, text + sizeof(text), number).ptr;
  return std::string(text, end);
}

std::string RoundedText(double number) {
  if (std::abs(number) < 1e15 && std::trunc(number) == number) return NumberText(number);
  if (std::abs(number) >= 1000 && std::abs(number) < 1e9) return absl::StrFormat("%.1f", number);
  return absl::StrFormat("%.4g", number);
}

std::string PercentText(double share) {
  const double percent = 100 * share;
  if (percent == 0 || percent >= 99.95) return absl::StrFormat("%.0f%%", percent);
  if (percent >= 1) return absl::StrFormat("%.1f%%", percent);
  return absl::StrFormat("%.2g%%", percent);
}

std::pair<std::string, std::string> RoundedTexts(double a, double b) {
  std::pair<std::string, std::string> texts(RoundedText(a), RoundedText(b));
  for (int digits = 6; texts.first == texts.second && a != b && digits <= 17; ++digits) {
    texts = {absl::StrFormat("%.*g", digits, a), absl::StrFormat("%.*g", digits, b)};
  }
  return texts;
}

std::pair<std::string, std::string> PercentTexts(double a, double b) {
  std::pair<std::string, std::string> texts(PercentText(a), PercentText(b));
  for (int digits = 3; texts.first == texts.second && a != b && digits <= 17; ++digits) {
    texts = {absl::StrFormat("%.*g%%", digits, 100 * a),
             absl::StrFormat("%.*g%%", digits, 100 * b)};
  }
  return texts;
}

std::string CountText(uint64_t count) {
  std::string digits = absl::StrCat(count);
  for (size_t at = digits.size(); at > 3;) {
    at -= 3;
    digits.insert(at, ",");
  }
  return digits;
}

}  // namespace plumbline::profile
