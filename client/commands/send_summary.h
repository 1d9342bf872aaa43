#ifndef PLUMBLINE_CLIENT_COMMANDS_SEND_SUMMARY_H_
#define PLUMBLINE_CLIENT_COMMANDS_SEND_SUMMARY_H_

#include <google/protobuf/struct.pb.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "client/sender.h"
#include "plumbline/v1/batch.pb.h"

namespace plumbline::client {

/// Between which event times rows lie.
class TimeRange {
 public:
  void Add(const v1::Batch& batch);
  /// ` with times from 2020-10-01 00:00:00 to 2020-12-31 23:00:00 UTC`; empty without times.
  [[nodiscard]] std::string ToString() const;

 private:
  std::optional<std::pair<int64_t, int64_t>> micros_;
};

/// How many rows were too late for a pane; empty if none was. `sent`: the times of all rows: the
/// server does not say which are late.
std::string LateText(const SenderStats& stats, const TimeRange& sent);

/// What `send` prints at its end: the figures, and the reasons of refusals with how often each
/// came. Keeps the first 20 reasons; the rest are counted together. Thread-safe.
class SendSummary {
 public:
  void AddRefusal(const Refusal& refusal);

  [[nodiscard]] std::string ToText(const SenderOptions& options, const SenderStats& stats) const;
  [[nodiscard]] google::protobuf::Struct ToStruct(const SenderOptions& options,
                                                  const SenderStats& stats) const;

 private:
  struct Count {
    uint64_t batches = 0;
    uint64_t rows = 0;
  };
  mutable absl::Mutex mutex_;
  std::map<std::string, Count> reasons_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace plumbline::client

#endif  // PLUMBLINE_CLIENT_COMMANDS_SEND_SUMMARY_H_
