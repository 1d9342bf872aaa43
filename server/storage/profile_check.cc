// Whether the profiles of data sets in a folder are whole; a head can be made anew.
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/storage/folder_check.h"
#include "server/storage/profile_record.h"

namespace plumbline::storage {
namespace {

std::string KeyOf(RecordKind kind, absl::string_view rest) {
  return absl::StrCat(absl::string_view(KeyBuilder(kind).Take()), rest);
}

}  // namespace

// Profiles come before their heads in the order of the keys.
void RecordCheck::AddProfile(absl::string_view key, absl::string_view payload) {
  KeyReader parts(key, 1);
  for (int i = 0; i < 4; ++i) parts.Text();
  if (!parts.ok()) return Bad(key, "a malformed key");
  const std::string rest(key.substr(1));
  if (static_cast<RecordKind>(key[0]) == RecordKind::kProfile) {
    v1::ProfileRecord record;
    if (!record.ParseFromArray(payload.data(), static_cast<int>(payload.size()))) {
      return Bad(key, "it does not parse");
    }
    const auto profile = FromRecord(record);
    if (!profile.ok()) return Bad(key, profile.status().message());
    profiles_[rest] = HeadOf(*profile);
    return;
  }
  v1::ProfileHeadRecord head;
  if (!head.ParseFromArray(payload.data(), static_cast<int>(payload.size()))) {
    return Bad(key, "it does not parse");
  }
  if (!profiles_.contains(rest)) return Bad(key, "the profile that it is of is not there");
  profile_heads_.insert(rest);
}

void RecordCheck::CheckProfiles() {
  for (const auto& [rest, head] : profiles_) {
    if (profile_heads_.contains(rest)) continue;
    const std::string key = KeyOf(RecordKind::kProfileHead, rest);
    problems_.push_back(
        {absl::StrCat(DescribeKey(KeyOf(RecordKind::kProfile, rest)), " has lost its head"),
         {},
         {{key, head.SerializeAsString()}}});
  }
}

}  // namespace plumbline::storage
