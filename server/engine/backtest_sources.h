#ifndef PLUMBLINE_SERVER_ENGINE_BACKTEST_SOURCES_H_
#define PLUMBLINE_SERVER_ENGINE_BACKTEST_SOURCES_H_

#include <cstdint>
#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "server/profile/aliases.h"
#include "server/profile/baseline.h"
#include "server/profile/batch.h"
#include "server/profile/gathered_rows.h"
#include "server/profile/pane.h"

namespace plumbline::engine {

/// The source of each row of a batch, by the column of this name: the empty one where it is null.
/// They point into the batch, which must have passed ValidateBatch. Errors: InvalidArgument if
/// there is no such column, it is not text, or a source is longer than a batch's may be.
absl::StatusOr<std::vector<absl::string_view>> SourcesByColumn(const profile::BatchView& batch,
                                                               absl::string_view column);

/// The rows of a batch that are from one source, in their order. The batch outlives it.
class SourceRows {
 public:
  explicit SourceRows(absl::string_view source) : source_(source) {}

  absl::string_view source() const { return source_; }
  void Add(uint32_t row) { rows_.push_back(row); }
  /// Those in [begin, end).
  absl::Span<const uint32_t> In(uint32_t begin, uint32_t end) const;
  /// Counts those; after the last Add, with the same baseline and batch in every call. Cost: the
  /// first call copies the source's rows, unless all rows are.
  void Count(const profile::Baseline& baseline, const profile::BatchView& batch,
             const profile::Aliases& aliases, uint32_t begin, uint32_t end, profile::Pane* pane);

 private:
  absl::string_view source_;
  std::vector<uint32_t> rows_;
  std::unique_ptr<profile::GatheredRows> gathered_;
  std::unique_ptr<profile::PreparedBatch> prepared_;
};

}  // namespace plumbline::engine

#endif  // PLUMBLINE_SERVER_ENGINE_BACKTEST_SOURCES_H_
