#include "server/engine/quotas.h"

#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"

namespace plumbline::engine {
namespace {

constexpr char kPayload[] = "plumbline/quota";

}  // namespace

absl::string_view QuotaName(Quota quota) {
  switch (quota) {
    case Quota::kModels:
      return "max_models";
    case Quota::kVariables:
      return "max_variables";
    case Quota::kBaselineSessions:
      return "max_baseline_sessions";
    case Quota::kSpool:
      return "max_spool_gib";
    case Quota::kWatchers:
      return "max_watchers";
  }
  return "";
}

bool IsQuotaError(const absl::Status& status) { return status.GetPayload(kPayload).has_value(); }

absl::Status QuotaBook::Refuse(Quota quota, uint64_t value, absl::string_view what) {
  refused_[static_cast<size_t>(quota)].fetch_add(1, std::memory_order_relaxed);
  absl::Status error = absl::ResourceExhaustedError(
      absl::StrCat(what, " (the setting ", QuotaName(quota), " is ", value, ")"));
  error.SetPayload(kPayload, absl::Cord(QuotaName(quota)));
  return error;
}

std::array<uint64_t, kRefusingQuotas> QuotaBook::refused() const {
  std::array<uint64_t, kRefusingQuotas> refused{};
  for (size_t i = 0; i < refused.size(); ++i) refused[i] = refused_[i].load();
  return refused;
}

bool QuotaBook::BeginSession(size_t limit) {
  if (sessions_.fetch_add(1) < limit) return true;
  sessions_.fetch_sub(1);
  return false;
}

}  // namespace plumbline::engine
