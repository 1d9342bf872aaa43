#include "client/commands/policy_file.h"

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
  if (parsed.ok()) return policy;
  return absl::InvalidArgumentError(absl::StrCat(path, ": not a policy: ", parsed.message()));
}

}  // namespace plumbline::client
