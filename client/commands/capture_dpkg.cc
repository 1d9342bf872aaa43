#include <algorithm>
#include <filesystem>
#include <string>
#include <system_error>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "client/commands/capture.h"
#include "client/commands/file_io.h"

namespace plumbline::client {
namespace {

constexpr size_t kMaxStatusBytes = 256 << 20;
constexpr size_t kMaxReleaseBytes = 1 << 20;

// One stanza of a status file.
struct Stanza {
  std::string package, version, architecture, status;
};

void Add(const Stanza& stanza, v1::Environment* environment) {
  if (stanza.package.empty() || stanza.version.empty()) return;
  // A status file without states lists what is installed.
  if (!stanza.status.empty() && !absl::EndsWith(stanza.status, " installed")) return;
  auto* packages = environment->mutable_system_packages();
  const bool is_first = !packages->contains(stanza.package);
  const std::string name =
      is_first ? stanza.package : absl::StrCat(stanza.package, ":", stanza.architecture);
  (*packages)[name] = stanza.version;
}

// Returns how many stanzas the file has.
absl::StatusOr<size_t> ReadStatus(const std::string& path, v1::Environment* environment) {
  const absl::StatusOr<std::string> content = ReadFile(path, kMaxStatusBytes);
  if (!content.ok()) return content.status();
  Stanza stanza;
  size_t stanzas = 0;
  const auto finish = [&] {
    if (!stanza.package.empty()) ++stanzas;
    Add(stanza, environment);
    stanza = Stanza();
  };
  for (absl::string_view line : absl::StrSplit(*content, '\n')) {
    if (absl::StripAsciiWhitespace(line).empty()) {
      finish();
      continue;
    }
    const auto take = [&](absl::string_view field, std::string* value) {
      if (absl::ConsumePrefix(&line, field)) *value = std::string(absl::StripAsciiWhitespace(line));
    };
    take("Package:", &stanza.package);
    take("Version:", &stanza.version);
    take("Architecture:", &stanza.architecture);
    take("Status:", &stanza.status);
  }
  finish();
  return stanzas;
}

// Empty if there is no such folder.
std::vector<std::string> FilesOf(const std::string& folder) {
  std::vector<std::string> files;
  std::error_code error;
  for (std::filesystem::directory_iterator it(folder, error), end; !error && it != end;
       it.increment(error)) {
    const std::string path = it->path().string();
    if (it->is_regular_file(error) && !absl::EndsWith(path, ".md5sums")) files.push_back(path);
  }
  std::sort(files.begin(), files.end());
  return files;
}

void AddRelease(const std::string& root, v1::Environment* environment) {
  const auto content = ReadFile(absl::StrCat(root, "/etc/os-release"), kMaxReleaseBytes);
  if (!content.ok()) return;  // an image need not have one
  std::string id, version;
  for (absl::string_view line : absl::StrSplit(*content, '\n')) {
    const auto take = [&](absl::string_view field, std::string* value) {
      if (!absl::ConsumePrefix(&line, field)) return;
      absl::ConsumePrefix(&line, "\"");
      absl::ConsumeSuffix(&line, "\"");
      *value = std::string(line);
    };
    take("ID=", &id);
    take("VERSION_ID=", &version);
  }
  if (!id.empty()) (*environment->mutable_keys())["os"] = absl::StrCat(id, " ", version);
}

}  // namespace

absl::Status CaptureDpkg(const std::string& root, v1::Environment* environment) {
  std::vector<std::string> files = FilesOf(absl::StrCat(root, "/var/lib/dpkg/status.d"));
  const std::string status = absl::StrCat(root, "/var/lib/dpkg/status");
  std::error_code error;
  if (files.empty() || std::filesystem::exists(status, error)) files.push_back(status);
  size_t stanzas = 0;
  for (const std::string& file : files) {
    const auto read = ReadStatus(file, environment);
    if (!read.ok()) return read.status();
    stanzas += *read;
  }
  if (stanzas == 0) {
    return absl::InvalidArgumentError(absl::StrCat(files.back(), ": it lists no packages"));
  }
  AddRelease(root, environment);
  return absl::OkStatus();
}

}  // namespace plumbline::client
