#include "server/engine/profile_book.h"

#include <algorithm>
#include <optional>
#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "server/storage/profile_record.h"

namespace plumbline::engine {
namespace {

// A record is read and written whole.
constexpr size_t kMaxProfileBytes = 64u << 20;

bool Matches(const storage::ProfileKey& filter, const storage::ProfileKey& key) {
  const auto fits = [](const std::string& wanted, const std::string& found) {
    return wanted.empty() || wanted == found;
  };
  return fits(filter.name, key.name) && fits(filter.stage, key.stage) &&
         fits(filter.environment, key.environment) && fits(filter.source, key.source);
}

}  // namespace

std::string InWords(const storage::ProfileKey& key) {
  std::vector<std::string> parts;
  if (!key.name.empty()) parts.push_back(key.name);
  for (const auto& [what, text] :
       {std::make_pair("stage ", key.stage), std::make_pair("environment ", key.environment),
        std::make_pair("source ", key.source)}) {
    if (!text.empty()) parts.push_back(absl::StrCat(what, text));
  }
  return parts.empty() ? "any" : absl::StrJoin(parts, ", ");
}

ProfileSession::ProfileSession(ProfileRequest request, const Quotas& quotas, QuotaBook* quota_book)
    : quotas_(quotas),
      quota_book_(quota_book),
      request_(std::move(request)),
      profiler_(request_.hints, request_.group_by) {}

ProfileSession::~ProfileSession() { quota_book_->EndSession(); }

absl::Status ProfileSession::Add(const profile::BatchView& batch) {
  if (batch.columns.size() > quotas_.max_variables) {
    return quota_book_->Refuse(
        Quota::kVariables, quotas_.max_variables,
        absl::StrCat("the profile has ", batch.columns.size(), " variables"));
  }
  return profiler_.Add(batch);
}

absl::StatusOr<std::unique_ptr<ProfileSession>> ProfileBook::Begin(ProfileRequest request) {
  if (absl::Status room = CheckRoom(request); !room.ok()) return room;
  if (!quota_book_->BeginSession(quotas_.max_baseline_sessions)) {
    return quota_book_->Refuse(Quota::kBaselineSessions, quotas_.max_baseline_sessions,
                               absl::StrCat(quotas_.max_baseline_sessions,
                                            " baselines and profiles are being made already"));
  }
  return std::make_unique<ProfileSession>(std::move(request), quotas_, quota_book_);
}

absl::Status ProfileBook::CheckRoom(const ProfileRequest& request) const {
  const auto all = List({});
  if (!all.ok()) return all.status();
  for (const ProfileInfo& info : *all) {
    if (info.key != request.key) continue;
    if (request.replace) return absl::OkStatus();
    return absl::AlreadyExistsError(
        absl::StrCat("there is a profile ", InWords(request.key),
                     " already: delete it, say replace, or choose another name"));
  }
  if (all->size() < quotas_.max_models) return absl::OkStatus();
  return quota_book_->Refuse(Quota::kModels, quotas_.max_models,
                             absl::StrCat("there are ", all->size(), " profiles already"));
}

absl::StatusOr<ProfileInfo> ProfileBook::Commit(std::unique_ptr<ProfileSession> session,
                                                uint64_t expected_rows) {
  const uint64_t rows = session->profiler_.rows();
  if (expected_rows != 0 && expected_rows != rows) {
    return absl::InvalidArgumentError(
        absl::StrCat("the commit declares ", expected_rows, " rows, but ", rows, " arrived"));
  }
  auto profile = session->profiler_.Finish();
  if (!profile.ok()) return profile.status();
  return Put(*std::move(profile), session->request_);
}

absl::StatusOr<ProfileInfo> ProfileBook::Merge(const std::vector<storage::ProfileKey>& parts,
                                               const ProfileRequest& request) {
  if (parts.empty()) return absl::InvalidArgumentError("a merge of no profiles");
  std::optional<profile::DataSetProfile> whole;
  std::vector<storage::ProfileKey> taken;
  for (const storage::ProfileKey& part : parts) {
    const auto info = Find(part);
    if (!info.ok()) return info.status();
    if (std::find(taken.begin(), taken.end(), info->key) != taken.end()) {
      return absl::InvalidArgumentError(
          absl::StrCat("the profile ", InWords(info->key), " would be merged twice"));
    }
    taken.push_back(info->key);
    auto profile = Load(*info);
    if (!profile.ok()) return profile.status();
    if (!whole.has_value()) {
      whole = *std::move(profile);
      continue;
    }
    if (absl::Status merged = whole->Merge(*profile); !merged.ok()) {
      return absl::InvalidArgumentError(
          absl::StrCat("the profile ", InWords(info->key), ": ", merged.message()));
    }
  }
  return Put(*std::move(whole), request);
}

absl::StatusOr<ProfileInfo> ProfileBook::Put(profile::DataSetProfile profile,
                                             const ProfileRequest& request) {
  profile.description = request.description;
  profile.created_at = clock_->Now();
  const storage::v1::ProfileRecord record = storage::ToRecord(profile);
  if (record.ByteSizeLong() > kMaxProfileBytes) {
    return absl::InvalidArgumentError(absl::StrCat("the profile takes ", record.ByteSizeLong(),
                                                   " bytes; at most ", kMaxProfileBytes,
                                                   ": leave out variables, or groups"));
  }
  ProfileInfo info{request.key, storage::HeadOf(profile)};
  base::MutexLock lock(&mutex_);
  if (absl::Status room = CheckRoom(request); !room.ok()) return room;
  storage::Store::Batch batch;
  batch.PutProfile(info.key, record, info.head);
  if (absl::Status written = committer_->Write(std::move(batch)); !written.ok()) return written;
  return info;
}

absl::StatusOr<std::vector<ProfileInfo>> ProfileBook::List(
    const storage::ProfileKey& filter) const {
  auto heads = store_->ListProfileHeads();
  if (!heads.ok()) return heads.status();
  std::vector<ProfileInfo> infos;
  for (auto& [key, head] : *heads) {
    if (Matches(filter, key)) infos.push_back({std::move(key), std::move(head)});
  }
  std::sort(infos.begin(), infos.end(), [](const ProfileInfo& a, const ProfileInfo& b) {
    return std::make_tuple(a.head.created_at_micros(), a.key) <
           std::make_tuple(b.head.created_at_micros(), b.key);
  });
  return infos;
}

absl::StatusOr<ProfileInfo> ProfileBook::Find(const storage::ProfileKey& filter) const {
  auto infos = List(filter);
  if (!infos.ok()) return infos.status();
  if (infos->empty()) {
    return absl::NotFoundError(absl::StrCat("there is no profile ", InWords(filter)));
  }
  if (infos->size() == 1) return infos->front();
  // All fields given, or those left empty are empty.
  for (const ProfileInfo& info : *infos) {
    if (info.key == filter) return info;
  }
  constexpr size_t kShown = 5;
  std::vector<std::string> words;
  for (size_t i = 0; i < infos->size() && i < kShown; ++i)
    words.push_back(InWords((*infos)[i].key));
  return absl::FailedPreconditionError(
      absl::StrCat(infos->size(), " profiles match ", InWords(filter), ": ",
                   absl::StrJoin(words, "; "), infos->size() > kShown ? "; and others" : ""));
}

absl::StatusOr<profile::DataSetProfile> ProfileBook::Load(const ProfileInfo& info) const {
  const auto record = store_->GetProfile(info.key);
  if (!record.ok()) return record.status();
  auto profile = storage::FromRecord(*record);
  if (!profile.ok()) {
    return absl::DataLossError(
        absl::StrCat("the profile ", InWords(info.key), ": ", profile.status().message()));
  }
  profile->name = info.key.name;
  profile->stage = info.key.stage;
  profile->environment = info.key.environment;
  profile->source = info.key.source;
  profile->description = info.head.description();
  profile->created_at = absl::FromUnixMicros(info.head.created_at_micros());
  return profile;
}

absl::StatusOr<ProfileInfo> ProfileBook::Delete(const storage::ProfileKey& filter) {
  base::MutexLock lock(&mutex_);
  auto info = Find(filter);
  if (!info.ok()) return info.status();
  storage::Store::Batch batch;
  batch.DeleteProfile(info->key);
  if (absl::Status written = committer_->Write(std::move(batch)); !written.ok()) return written;
  return info;
}

}  // namespace plumbline::engine
