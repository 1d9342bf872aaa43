#include "client/commands/policy_file.h"

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "client/commands/file_io.h"
#include "client/commands/json_line.h"

namespace plumbline::client {

absl::StatusOr<v1::Policy> ReadPolicy(const std::string& path) {
  constexpr size_t kMaxBytes = 16 << 20;
  const absl::StatusOr<std::string> content = ReadFile(path, kMaxBytes);
  if (!content.ok()) return content.status();
  v1::Policy policy;
  const absl::Status parsed = ParseJsonOrText(*content, &policy);
  if (!parsed.ok()) {
    return absl::InvalidArgumentError(absl::StrCat(path, ": not a policy: ", parsed.message()));
  }
  if (policy.ByteSizeLong() == 0 && !absl::StartsWith(absl::StripAsciiWhitespace(*content), "{")) {
    return absl::InvalidArgumentError(
        absl::StrCat(path, ": no policy: the file says nothing (`{}` is the policy of defaults)"));
  }
  return policy;
}

}  // namespace plumbline::client
