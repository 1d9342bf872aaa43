// The profiles of data sets in the store.
#include "absl/strings/str_cat.h"
#include "server/storage/frame.h"
#include "server/storage/keys.h"
#include "server/storage/store.h"

namespace plumbline::storage {
namespace {

std::string KeyOf(RecordKind kind, const ProfileKey& profile) {
  return KeyBuilder(kind)
      .Text(profile.name)
      .Text(profile.stage)
      .Text(profile.environment)
      .Text(profile.source)
      .Take();
}

}  // namespace

void Store::Batch::PutProfile(const ProfileKey& profile, const v1::ProfileRecord& record,
                              const v1::ProfileHeadRecord& head) {
  Put(KeyOf(RecordKind::kProfile, profile), record.SerializeAsString());
  Put(KeyOf(RecordKind::kProfileHead, profile), head.SerializeAsString());
}

void Store::Batch::DeleteProfile(const ProfileKey& profile) {
  writes_.Delete(KeyOf(RecordKind::kProfile, profile));
  writes_.Delete(KeyOf(RecordKind::kProfileHead, profile));
}

absl::StatusOr<v1::ProfileRecord> Store::GetProfile(const ProfileKey& profile) const {
  const std::string key = KeyOf(RecordKind::kProfile, profile);
  const auto found = Get(key);
  if (!found.ok()) return found.status();
  if (!found->has_value()) {
    return absl::NotFoundError(absl::StrCat(DescribeKey(key), " is not there"));
  }
  v1::ProfileRecord record;
  if (record.ParseFromString(**found)) return record;
  return absl::DataLossError(absl::StrCat(DescribeKey(key), " does not parse"));
}

}  // namespace plumbline::storage
