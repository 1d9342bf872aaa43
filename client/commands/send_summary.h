#ifndef PLUMBLINE_CLIENT_COMMANDS_SEND_SUMMARY_H_
#define PLUMBLINE_CLIENT_COMMANDS_SEND_SUMMARY_H_

#include <google/protobuf/struct.pb.h>

#include <cstdint>
#include <map>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "client/sender.h"

namespace plumbline::client {

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
