#include "server/engine/baseline_session.h"

#include <utility>

#include "absl/strings/str_cat.h"

namespace plumbline::engine {

BaselineSession::BaselineSession(BaselineRequest request, std::unique_ptr<storage::Spool> spool)
    : request_(std::move(request)), spool_(std::move(spool)), builder_(request_.hints) {}

absl::Status BaselineSession::Add(const profile::BatchView& batch) {
  if (absl::Status sketched = builder_.Sketch(batch); !sketched.ok()) return sketched;
  return spool_->Append(batch);
}

absl::StatusOr<profile::Baseline> BaselineSession::Build(uint64_t expected_rows) {
  if (expected_rows != 0 && expected_rows != builder_.rows()) {
    return absl::InvalidArgumentError(absl::StrCat("the commit declares ", expected_rows,
                                                   " rows, but ", builder_.rows(), " arrived"));
  }
  if (absl::Status sketched = builder_.FinishSketch(); !sketched.ok()) return sketched;
  if (absl::Status rewound = spool_->Rewind(); !rewound.ok()) return rewound;
  while (true) {
    const absl::StatusOr<const profile::BatchView*> batch = spool_->Next();
    if (!batch.ok()) return batch.status();
    if (*batch == nullptr) break;
    if (absl::Status counted = builder_.Count(**batch); !counted.ok()) return counted;
  }
  spool_.reset();
  return builder_.Finish();
}

}  // namespace plumbline::engine
