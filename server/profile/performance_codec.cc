#include <cmath>
#include <optional>

#include "absl/status/status.h"
#include "server/profile/byte_io.h"
#include "server/profile/performance.h"

// Layout: version byte; predictions; labelled; the score tables, of a binary task one, of several
// classes as many as there are or none, behind their number; the confusion; losses; errors; label
// codes; delays. A score table: its grid (0: exact, else 1 + 2000 + grid), the number of cells, and
// of each its score, a byte that says which of its six counts are not 0, and these.
namespace plumbline::profile {
namespace {

constexpr uint8_t kPerformanceVersion = 1;
constexpr int kGridOffset = 2000;

void WriteTable(const stats::ScoreTable& table, ByteWriter* out) {
  out->Varint(table.grid().has_value() ? static_cast<uint64_t>(1 + kGridOffset + *table.grid())
                                       : 0);
  out->Varint(table.cells().size());
  for (const auto& [score, cell] : table.cells()) {
    out->Double(score);
    uint8_t has = 0;
    for (size_t i = 0; i < 6; ++i) has |= cell.rows[i / 3][i % 3] > 0 ? 1 << i : 0;
    out->Byte(has);
    for (size_t i = 0; i < 6; ++i) {
      if (cell.rows[i / 3][i % 3] > 0) out->Varint(cell.rows[i / 3][i % 3]);
    }
  }
}

// False if the bytes are none.
bool ReadTable(ByteReader* in, stats::ScoreTable* table) {
  const uint64_t grid = in->Varint();
  const uint64_t size = in->Varint();
  if (!in->ok() || grid > 2 * kGridOffset || size > stats::ScoreTable::kMaxCells) return false;
  stats::ScoreTable::Cells cells;
  for (uint64_t at = 0; at < size; ++at) {
    const double score = in->Double();
    if (std::isnan(score)) return false;
    stats::ScoreCell& cell = cells[score];
    const uint8_t has = in->Byte();
    for (size_t i = 0; i < 6; ++i) {
      if ((has >> i & 1) != 0) cell.rows[i / 3][i % 3] = in->Varint();
    }
    if (!in->ok()) return false;
  }
  return table->Restore(
      std::move(cells),
      grid == 0 ? std::nullopt : std::make_optional(static_cast<int>(grid) - 1 - kGridOffset));
}

template <size_t kFigures>
void WriteSums(const stats::FigureSums<kFigures>& sums, ByteWriter* out) {
  out->Varint(sums.rows());
  if (sums.rows() == 0) return;
  for (const stats::CompensatedSum& sum : sums.sums()) {
    out->Double(sum.sum());
    out->Double(sum.compensation());
  }
}

template <size_t kFigures>
bool ReadSums(ByteReader* in, stats::FigureSums<kFigures>* sums) {
  const uint64_t rows = in->Varint();
  if (rows == 0) return in->ok();
  std::array<stats::CompensatedSum, kFigures> parts;
  for (stats::CompensatedSum& part : parts) {
    const double sum = in->Double();
    const double compensation = in->Double();
    if (!std::isfinite(sum) || !std::isfinite(compensation)) return false;
    part = stats::CompensatedSum::FromParts(sum, compensation);
  }
  *sums = stats::FigureSums<kFigures>::FromParts(rows, parts);
  return in->ok();
}

template <class Counts>
void WriteSparse(const Counts& counts, ByteWriter* out) {
  uint64_t used = 0;
  for (const uint64_t count : counts) used += count > 0 ? 1 : 0;
  out->Varint(used);
  for (size_t i = 0; i < counts.size(); ++i) {
    if (counts[i] == 0) continue;
    out->Varint(i);
    out->Varint(counts[i]);
  }
}

template <class Counts>
bool ReadSparse(ByteReader* in, Counts* counts) {
  const uint64_t used = in->Varint();
  if (!in->ok() || used > counts->size()) return false;
  for (uint64_t i = 0; i < used; ++i) {
    const uint64_t at = in->Varint();
    const uint64_t count = in->Varint();
    if (!in->ok() || at >= counts->size()) return false;
    (*counts)[at] = count;
  }
  return true;
}

bool Read(const Baseline& baseline, const PerformanceTask& task, ByteReader* in,
          PerformanceCounts* counts) {
  if (in->Byte() != kPerformanceVersion) return false;
  counts->predictions = in->Varint();
  counts->labelled = in->Varint();
  const uint64_t tables = in->Varint();
  const bool binary = task.kind == TaskKind::kBinary;
  if (!in->ok() || tables > task.classes.size()) return false;
  if (binary && tables > 1) return false;
  if (!binary) counts->class_scores.resize(tables);
  for (uint64_t i = 0; i < tables; ++i) {
    if (!ReadTable(in, binary ? &counts->scores : &counts->class_scores[i])) return false;
  }
  const uint64_t cells = in->Varint();
  const uint64_t most = task.classes.size() + 1;
  if (!in->ok() || cells > most * most) return false;
  for (uint64_t i = 0; i < cells; ++i) {
    const uint64_t label = in->Varint(), prediction = in->Varint();
    if (!in->ok() || label >= most || prediction >= most) return false;
    counts->confusion[{static_cast<uint32_t>(label), static_cast<uint32_t>(prediction)}] =
        in->Varint();
  }
  if (!ReadSums(in, &counts->losses) || !ReadSums(in, &counts->errors)) return false;
  counts->label_codes.resize(baseline.variables[task.label].counts.codes.size());
  if (!ReadSparse(in, &counts->label_codes)) return false;
  return ReadSparse(in, &counts->delays.buckets());
}

}  // namespace

std::string EncodePerformance(const PerformanceCounts& counts) {
  ByteWriter out;
  out.Byte(kPerformanceVersion);
  out.Varint(counts.predictions);
  out.Varint(counts.labelled);
  const bool binary = !counts.scores.cells().empty();
  out.Varint(binary ? 1 : counts.class_scores.size());
  if (binary) WriteTable(counts.scores, &out);
  for (const stats::ScoreTable& table : counts.class_scores) WriteTable(table, &out);
  out.Varint(counts.confusion.size());
  for (const auto& [cell, rows] : counts.confusion) {
    out.Varint(cell.first);
    out.Varint(cell.second);
    out.Varint(rows);
  }
  WriteSums(counts.losses, &out);
  WriteSums(counts.errors, &out);
  WriteSparse(counts.label_codes, &out);
  WriteSparse(counts.delays.buckets(), &out);
  return out.Take();
}

absl::StatusOr<PerformanceCounts> DecodePerformance(const Baseline& baseline,
                                                    const PerformanceTask& task,
                                                    absl::string_view bytes) {
  ByteReader in(bytes);
  PerformanceCounts counts;
  if (!Read(baseline, task, &in, &counts) || !in.ok() || !in.AtEnd()) {
    return absl::DataLossError("not counts of performance for this task");
  }
  return counts;
}

}  // namespace plumbline::profile
