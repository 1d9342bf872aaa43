#include "server/profile/chunk_list.h"

#include <algorithm>
#include <utility>

#include "absl/time/time.h"

namespace plumbline::profile {
namespace {

template <class T>
void Widen(const std::optional<T>& other, bool down, std::optional<T>* bound) {
  if (!other.has_value()) return;
  if (!bound->has_value() || (down ? *other < **bound : *other > **bound)) *bound = other;
}

}  // namespace

ChunkList::ChunkList(const Baseline& draft, uint64_t rows, size_t max_chunks, size_t max_bytes)
    : draft_(draft),
      rows_(rows),
      bases_(std::clamp<uint64_t>(rows / kMinChunkRows, 1, std::max<uint64_t>(max_chunks, 1))),
      max_bytes_(max_bytes),
      current_(draft) {}

// Quotient and remainder apart: rows * base might not fit.
uint64_t ChunkList::BaseStart(uint64_t base) const {
  const uint64_t each = rows_ / bases_;
  return each * base + (rows_ % bases_) * base / bases_;
}

uint64_t ChunkList::RowsLeft() const {
  const uint64_t end = std::min(bases_, (chunks_.size() + 1) * width_);
  return BaseStart(end) - counted_ - current_.rows;
}

void ChunkList::See(int64_t oldest_micros, int64_t newest_micros) {
  Widen<absl::Time>(absl::FromUnixMicros(oldest_micros), true, &start_);
  Widen<absl::Time>(absl::FromUnixMicros(newest_micros), false, &end_);
}

absl::Status ChunkList::CloseIfFull() {
  if (RowsLeft() > 0 || current_.rows == 0) return absl::OkStatus();
  BaselineChunk closed = {current_.rows, start_, end_, EncodePane(current_)};
  counted_ += closed.rows;
  bytes_ += closed.pane.size();
  chunks_.push_back(std::move(closed));
  current_.Clear();
  start_.reset();
  end_.reset();
  while (bytes_ > max_bytes_ && chunks_.size() > 1) {
    if (absl::Status joined = JoinNeighbours(); !joined.ok()) return joined;
  }
  return absl::OkStatus();
}

// A chunk without a neighbour yet becomes the one under way.
absl::Status ChunkList::JoinNeighbours() {
  std::vector<BaselineChunk> joined;
  bytes_ = 0;
  for (size_t i = 0; i < chunks_.size(); i += 2) {
    absl::StatusOr<Pane> pane = DecodePane(draft_, chunks_[i].pane);
    if (!pane.ok()) return absl::InternalError(pane.status().message());
    if (i + 1 == chunks_.size()) {
      if (counted_ == rows_) {  // no neighbour will come
        bytes_ += chunks_[i].pane.size();
        joined.push_back(std::move(chunks_[i]));
        break;
      }
      counted_ -= pane->rows;
      current_.Merge(*pane);
      Widen(chunks_[i].start, true, &start_);
      Widen(chunks_[i].end, false, &end_);
      break;
    }
    const absl::StatusOr<Pane> next = DecodePane(draft_, chunks_[i + 1].pane);
    if (!next.ok()) return absl::InternalError(next.status().message());
    pane->Merge(*next);
    BaselineChunk both = {pane->rows, chunks_[i].start, chunks_[i].end, EncodePane(*pane)};
    Widen(chunks_[i + 1].start, true, &both.start);
    Widen(chunks_[i + 1].end, false, &both.end);
    bytes_ += both.pane.size();
    joined.push_back(std::move(both));
  }
  chunks_ = std::move(joined);
  width_ *= 2;
  return absl::OkStatus();
}

absl::StatusOr<Pane> ChunkList::Total() const {
  Pane total(draft_);
  for (const BaselineChunk& chunk : chunks_) {
    const absl::StatusOr<Pane> pane = DecodePane(draft_, chunk.pane);
    if (!pane.ok()) return absl::InternalError(pane.status().message());
    total.Merge(*pane);
  }
  return total;
}

absl::StatusOr<std::vector<BaselineChunk>> ChunkList::Finish(
    const std::vector<std::vector<uint32_t>>& final_codes) && {
  if (bytes_ > max_bytes_) return std::vector<BaselineChunk>();
  for (BaselineChunk& chunk : chunks_) {
    absl::StatusOr<Pane> pane = DecodePane(draft_, chunk.pane);
    if (!pane.ok()) return absl::InternalError(pane.status().message());
    for (size_t i = 0; i < final_codes.size(); ++i) {
      if (final_codes[i].empty()) continue;
      pane->variables[i].codes = RemapCodes(pane->variables[i].codes, final_codes[i]);
    }
    chunk.pane = EncodePane(*pane);
  }
  return std::move(chunks_);
}

CodeCounts RemapCodes(const CodeCounts& codes, const std::vector<uint32_t>& final_codes) {
  CodeCounts sums(final_codes.empty() ? 0 : final_codes.back() + 1);
  for (size_t code = 0; code < codes.size() && code < final_codes.size(); ++code) {
    sums.Add(final_codes[code], codes[code]);
  }
  return sums;
}

}  // namespace plumbline::profile
