#ifndef PLUMBLINE_SERVER_PROFILE_CHUNK_LIST_H_
#define PLUMBLINE_SERVER_PROFILE_CHUNK_LIST_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/profile/baseline.h"
#include "server/profile/pane.h"

namespace plumbline::profile {

/// Cuts the rows of the second pass into consecutive chunks of nearly equal length: as many as
/// `max_chunks`, but of at least kMinChunkRows rows; neighbours are joined two by two whenever the
/// encoded chunks exceed `max_bytes` (a single chunk that does is dropped). Not thread-safe.
class ChunkList {
 public:
  static constexpr uint64_t kMinChunkRows = 100;

  /// `rows` >= 1 are to come. `draft` says how many codes each variable has, and must outlive the
  /// list.
  ChunkList(const Baseline& draft, uint64_t rows, size_t max_chunks, size_t max_bytes);

  /// The chunk under way; count into it no more rows than RowsLeft().
  Pane* current() { return &current_; }
  uint64_t RowsLeft() const;
  /// The first of the finest pieces of the chunk under way. Of a chunk in the end those from its
  /// own place times width() on, width() of them.
  uint64_t piece() const { return chunks_.size() * width_; }
  uint64_t width() const { return width_; }
  /// Event times, in microseconds, of the rows just counted.
  void See(int64_t oldest_micros, int64_t newest_micros);
  /// Closes the chunk under way if it is full. Errors: Internal (a pane that cannot be read back).
  absl::Status CloseIfFull();

  /// Counts of all closed chunks. Errors: as CloseIfFull.
  absl::StatusOr<Pane> Total() const;

  /// The chunks, once all rows came. `final_codes`, by variable, as in RemapCodes; a variable whose
  /// entry is empty keeps its codes. Errors: as CloseIfFull.
  absl::StatusOr<std::vector<BaselineChunk>> Finish(
      const std::vector<std::vector<uint32_t>>& final_codes) &&;

 private:
  uint64_t BaseStart(uint64_t base) const;
  absl::Status JoinNeighbours();

  const Baseline& draft_;
  uint64_t rows_;
  uint64_t bases_;      // the finest cut: base i starts at row BaseStart(i)
  uint64_t width_ = 1;  // bases of a chunk
  size_t max_bytes_;
  size_t bytes_ = 0;      // of closed chunks
  uint64_t counted_ = 0;  // rows of closed chunks
  Pane current_;
  std::optional<absl::Time> start_, end_;
  std::vector<BaselineChunk> chunks_;
};

/// Counts by final code: code i becomes final_codes[i], and counts of one final code are added. The
/// last entry of final_codes is the largest.
CodeCounts RemapCodes(const CodeCounts& codes, const std::vector<uint32_t>& final_codes);

}  // namespace plumbline::profile

#endif  // PLUMBLINE_SERVER_PROFILE_CHUNK_LIST_H_
