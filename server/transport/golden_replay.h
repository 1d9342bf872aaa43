#ifndef PLUMBLINE_SERVER_TRANSPORT_GOLDEN_REPLAY_H_
#define PLUMBLINE_SERVER_TRANSPORT_GOLDEN_REPLAY_H_

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "plumbline/v1/golden.pb.h"
#include "server/profile/batch.h"
#include "server/profile/golden_rows.h"

namespace plumbline::transport {

/// Rows that are compared with golden rows for somebody who asks. Not thread-safe.
class GoldenReplay {
 public:
  explicit GoldenReplay(std::shared_ptr<const profile::GoldenBook> book);

  /// The batch must have passed ValidateBatch.
  void Add(const profile::BatchView& batch);
  /// `environment`: what differs in what the replay ran in, in words. At most `limit` differences.
  v1::GoldenCheck Finish(absl::string_view environment, size_t limit) const;

 private:
  struct Row {
    uint64_t order = 0;  // of its coming
    std::vector<profile::GoldenPrediction> predictions;
    std::vector<std::string> actual;  // of those that differ; empty otherwise
  };

  void ByPrediction(v1::GoldenCheck* out) const;
  void Differences(size_t limit, v1::GoldenCheck* out) const;

  const std::shared_ptr<const profile::GoldenBook> book_;
  profile::GoldenResults results_;
  std::map<uint32_t, Row> rows_;  // by golden row: as it came worst
  uint64_t came_ = 0, hits_ = 0;
};

}  // namespace plumbline::transport

#endif  // PLUMBLINE_SERVER_TRANSPORT_GOLDEN_REPLAY_H_
