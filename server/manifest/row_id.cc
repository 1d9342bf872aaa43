#include "server/manifest/row_id.h"

#include "absl/strings/ascii.h"

namespace plumbline::manifest {

absl::string_view NormalId(absl::string_view id) {
  const size_t dot = id.find('.');
  if (dot == absl::string_view::npos || dot + 1 == id.size()) return id;
  const absl::string_view whole = id.substr(0, dot);
  const absl::string_view digits = whole.empty() || whole[0] != '-' ? whole : whole.substr(1);
  if (digits.empty()) return id;
  for (const char c : digits) {
    if (!absl::ascii_isdigit(static_cast<unsigned char>(c))) return id;
  }
  return id.find_first_not_of('0', dot + 1) == absl::string_view::npos ? whole : id;
}

}  // namespace plumbline::manifest
