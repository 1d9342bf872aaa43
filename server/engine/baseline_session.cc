#include "server/engine/baseline_session.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "server/profile/performance.h"
#include "server/profile/season_counter.h"
#include "server/storage/spool_sort.h"

namespace plumbline::engine {

BaselineSession::BaselineSession(BaselineRequest request, std::unique_ptr<storage::Spool> spool,
                                 const Quotas& quotas, QuotaBook* quota_book)
    : quotas_(quotas),
      quota_book_(quota_book),
      request_(std::move(request)),
      spool_(std::move(spool)),
      builder_(request_.hints, {.max_categories = quotas.max_categories}) {}

BaselineSession::~BaselineSession() { quota_book_->EndSession(); }

absl::Status BaselineSession::Add(const profile::BatchView& batch) {
  if (batch.columns.size() > quotas_.max_variables) {
    return quota_book_->Refuse(
        Quota::kVariables, quotas_.max_variables,
        absl::StrCat("the baseline has ", batch.columns.size(), " variables"));
  }
  if (absl::Status sketched = builder_.Sketch(batch); !sketched.ok()) return sketched;
  absl::Status spooled = spool_->Append(batch);
  if (!absl::IsResourceExhausted(spooled)) return spooled;
  return quota_book_->Refuse(Quota::kSpool, quotas_.max_spool_bytes >> 30, spooled.message());
}

absl::StatusOr<profile::Baseline> BaselineSession::Build(uint64_t expected_rows) {
  if (expected_rows != 0 && expected_rows != builder_.rows()) {
    return absl::InvalidArgumentError(absl::StrCat("the commit declares ", expected_rows,
                                                   " rows, but ", builder_.rows(), " arrived"));
  }
  if (absl::Status sketched = builder_.FinishSketch(); !sketched.ok()) return sketched;
  if (!builder_.InTimeOrder()) {
    if (absl::Status sorted = SortSpool(); !sorted.ok()) return sorted;
  }
  absl::Status counted =
      ReadSpool([this](const profile::BatchView& batch) { return builder_.Count(batch); });
  if (!counted.ok()) return counted;
  auto baseline = builder_.Finish();
  if (!baseline.ok()) return baseline;
  baseline->task = profile::FindTask(*baseline);
  if (baseline->task.has_value()) {
    profile::PerformanceCounts performance;
    counted = ReadSpool([&](const profile::BatchView& batch) {
      profile::CountPerformance(*baseline, *baseline->task, /*aliases=*/{}, batch, 0, batch.rows,
                                &performance);
      return absl::OkStatus();
    });
    if (!counted.ok()) return counted;
    // The label's own counts are the baseline's; without these the rest outlives other bins.
    performance.label_codes.clear();
    baseline->performance = profile::EncodePerformance(performance);
  }
  if (profile::SeasonCounter seasons(*baseline); seasons.wanted()) {
    counted = ReadSpool([&](const profile::BatchView& batch) {
      seasons.Add(batch);
      return absl::OkStatus();
    });
    if (!counted.ok()) return counted;
    baseline->seasons = seasons.Finish();
  }
  spool_.reset();
  return baseline;
}

absl::Status BaselineSession::SortSpool() {
  auto sorted = storage::SortByTime(std::move(spool_));
  if (absl::IsResourceExhausted(sorted.status())) {
    return quota_book_->Refuse(
        Quota::kSpool, quotas_.max_spool_bytes >> 30,
        absl::StrCat("put in the order of their times, ", sorted.status().message()));
  }
  if (!sorted.ok()) return sorted.status();
  spool_ = *std::move(sorted);
  return absl::OkStatus();
}

absl::Status BaselineSession::ReadSpool(
    absl::FunctionRef<absl::Status(const profile::BatchView&)> use) {
  if (absl::Status rewound = spool_->Rewind(); !rewound.ok()) return rewound;
  while (true) {
    const absl::StatusOr<const profile::BatchView*> batch = spool_->Next();
    if (!batch.ok()) return batch.status();
    if (*batch == nullptr) return absl::OkStatus();
    if (absl::Status used = use(**batch); !used.ok()) return used;
  }
}

}  // namespace plumbline::engine
