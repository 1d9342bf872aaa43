#include "server/manifest/version_change.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"

namespace plumbline::manifest {
namespace {

struct Version {
  std::string epoch = "0";
  std::vector<std::string> release;  // numbers without leading zeros
  std::string rest;
};

std::string NumberOf(absl::string_view digits) {
  while (digits.size() > 1 && digits[0] == '0') digits.remove_prefix(1);
  return std::string(digits);
}

size_t DigitsOf(absl::string_view text) {
  size_t size = 0;
  while (size < text.size() && absl::ascii_isdigit(static_cast<unsigned char>(text[size]))) ++size;
  return size;
}

Version Parse(absl::string_view text) {
  const std::string lower = absl::AsciiStrToLower(absl::StripAsciiWhitespace(text));
  absl::string_view left = lower;
  if (left.size() > 1 && left[0] == 'v' && DigitsOf(left.substr(1)) > 0) left.remove_prefix(1);
  Version version;
  const size_t epoch = DigitsOf(left);
  if (epoch > 0 && epoch < left.size() && (left[epoch] == ':' || left[epoch] == '!')) {
    version.epoch = NumberOf(left.substr(0, epoch));
    left.remove_prefix(epoch + 1);
  }
  for (size_t digits = DigitsOf(left); digits > 0; digits = DigitsOf(left)) {
    version.release.push_back(NumberOf(left.substr(0, digits)));
    left.remove_prefix(digits);
    // A dot before a word, as in `1.0.dev3`, belongs to the rest.
    if (left.size() < 2 || left[0] != '.' || DigitsOf(left.substr(1)) == 0) break;
    left.remove_prefix(1);
  }
  version.rest = std::string(left);
  if (!version.rest.empty() && version.rest[0] == '.') version.rest.erase(0, 1);
  while (version.release.size() > 1 && version.release.back() == "0") version.release.pop_back();
  return version;
}

// A year, or a date such as 20230311.
bool IsCalendar(const std::string& number) {
  const bool is_year = number.size() == 4 || number.size() == 6 || number.size() == 8;
  return is_year && (number.compare(0, 2, "19") == 0 || number.compare(0, 2, "20") == 0);
}

std::string At(const std::vector<std::string>& release, size_t i) {
  return i < release.size() ? release[i] : "0";
}

}  // namespace

VersionChange CompareVersions(absl::string_view a, absl::string_view b) {
  const Version one = Parse(a);
  const Version other = Parse(b);
  if (one.release.empty() || other.release.empty()) {
    const bool same = one.rest == other.rest && one.epoch == other.epoch &&
                      one.release.empty() == other.release.empty();
    return same ? VersionChange::kSame : VersionChange::kMinor;
  }
  if (one.epoch != other.epoch) return VersionChange::kMajor;
  if (one.release[0] != other.release[0]) {
    return IsCalendar(one.release[0]) && IsCalendar(other.release[0]) ? VersionChange::kMinor
                                                                      : VersionChange::kMajor;
  }
  if (At(one.release, 1) != At(other.release, 1)) return VersionChange::kMinor;
  if (one.release != other.release || one.rest != other.rest) return VersionChange::kPatch;
  return VersionChange::kSame;
}

}  // namespace plumbline::manifest
