#include "client/commands/format.h"

#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/time.h"

namespace plumbline::client {

std::string FormatCount(uint64_t count) {
  std::string digits = absl::StrCat(count);
  for (size_t at = digits.size(); at > 3;) {
    at -= 3;
    digits.insert(at, ",");
  }
  return digits;
}

std::string FormatCount(uint64_t count, absl::string_view one, absl::string_view many) {
  return absl::StrCat(FormatCount(count), " ", count == 1 ? one : many);
}

std::string FormatNumber(double value) {
  const double size = std::fabs(value);
  if (size >= 1000 && size < 1e9) return absl::StrFormat("%.0f", value);
  return absl::StrFormat("%.3g", value);
}

std::string FormatShare(double share) {
  if (share == 0) return "0";
  if (share > 0 && share < 0.001) return "<0.1%";
  if (share < 1 && share > 0.999) return ">99.9%";
  if (share == 1) return "100%";
  return absl::StrFormat("%.1f%%", 100 * share);
}

std::string FormatTime(const google::protobuf::Timestamp& time, bool present) {
  if (!present) return "-";
  return absl::FormatTime("%Y-%m-%d %H:%M:%S", absl::FromUnixSeconds(time.seconds()),
                          absl::UTCTimeZone());
}

size_t DisplayWidth(absl::string_view text) {
  size_t width = 0;
  for (char c : text) width += (static_cast<unsigned char>(c) & 0xC0) != 0x80 ? 1 : 0;
  return width;
}

std::string Printable(absl::string_view text, size_t max_width) {
  std::string out;
  size_t width = 0;
  const bool cut = DisplayWidth(text) > max_width;
  for (size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const bool starts = (byte & 0xC0) != 0x80;
    if (starts && cut && width + 1 == max_width) return out + "…";
    width += starts ? 1 : 0;
    const bool is_c1 =
        byte == 0xC2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xA0;
    if (is_c1) ++i;
    out += byte < 0x20 || byte == 0x7F || is_c1 ? '?' : text[i];
  }
  return out;
}

std::string FormatRole(v1::Role role) {
  switch (role) {
    case v1::ROLE_FEATURE:
      return "feature";
    case v1::ROLE_PREDICTION:
      return "prediction";
    case v1::ROLE_LABEL:
      return "label";
    default:
      return "";
  }
}

std::string FormatKind(v1::Kind kind) {
  switch (kind) {
    case v1::KIND_NUMERIC:
      return "numeric";
    case v1::KIND_CATEGORICAL:
      return "categorical";
    default:
      return "";
  }
}

std::string FormatModel(absl::string_view model, absl::string_view version) {
  return Printable(version.empty() ? std::string(model) : absl::StrCat(model, "/", version));
}

}  // namespace plumbline::client
