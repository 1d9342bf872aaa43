#include "server/profile/season_counts.h"

#include <cmath>
#include <utility>

#include "server/profile/byte_io.h"

namespace plumbline::profile {
namespace {

constexpr uint8_t kFormat = 1;
constexpr size_t kMaxLimits = 64;

absl::Status Damaged() {
  return absl::DataLossError("the baseline's counts by time of the week are damaged");
}

void Put(const NaturalVariation& natural, ByteWriter* writer) {
  writer->Double(natural.groups);
  writer->Double(natural.chunk_rows);
  writer->Varint(natural.psi_limits.size());
  for (const float limit : natural.psi_limits) writer->Double(limit);
}

bool Take(ByteReader* reader, NaturalVariation* natural) {
  natural->groups = reader->Double();
  natural->chunk_rows = reader->Double();
  const uint64_t limits = reader->Varint();
  if (!reader->ok() || limits > kMaxLimits) return false;
  for (uint64_t i = 0; i < limits; ++i) {
    natural->psi_limits.push_back(static_cast<float>(reader->Double()));
    if (!(natural->psi_limits.back() >= 0 && std::isfinite(natural->psi_limits.back()))) {
      return false;
    }
  }
  return reader->ok() && natural->groups >= 1 && std::isfinite(natural->groups) &&
         natural->chunk_rows >= 0 && std::isfinite(natural->chunk_rows);
}

}  // namespace

bool CoversSeason(const Baseline& baseline, Season season) {
  return baseline.data_start.has_value() && baseline.data_end.has_value() &&
         *baseline.data_end - *baseline.data_start + absl::Hours(1) >= 2 * SeasonPeriod(season);
}

std::string EncodeSeasons(const SeasonCounts& counts) {
  ByteWriter writer;
  writer.Byte(kFormat);
  writer.Byte(static_cast<uint8_t>(counts.kept));
  for (const Pane& bucket : counts.buckets) writer.Text(EncodePane(bucket));
  for (const std::vector<NaturalVariation>& of_season : counts.natural) {
    writer.Byte(of_season.empty() ? 0 : 1);
    for (const NaturalVariation& natural : of_season) Put(natural, &writer);
  }
  return writer.Take();
}

absl::StatusOr<SeasonCounts> DecodeSeasons(const Baseline& baseline, absl::string_view bytes) {
  ByteReader reader(bytes);
  SeasonCounts counts;
  if (reader.Byte() != kFormat) return Damaged();
  counts.kept = static_cast<Season>(reader.Byte());
  if (counts.kept != Season::kHourOfDay && counts.kept != Season::kHourOfWeek) return Damaged();
  uint64_t rows = 0;
  for (size_t bucket = 0; bucket < SeasonBuckets(counts.kept); ++bucket) {
    const absl::string_view text = reader.Text();
    if (!reader.ok()) return Damaged();
    absl::StatusOr<Pane> pane = DecodePane(baseline, text);
    if (!pane.ok()) return pane.status();
    if (pane->rows > baseline.rows - rows) return Damaged();
    rows += pane->rows;
    counts.buckets.push_back(*std::move(pane));
  }
  if (rows != baseline.rows) return Damaged();
  for (const Season season : kSeasons) {
    if (reader.Byte() == 0) continue;
    if (counts.kept == Season::kHourOfDay && season != Season::kHourOfDay) return Damaged();
    std::vector<NaturalVariation>& of_season = counts.natural[static_cast<size_t>(season) - 1];
    of_season.resize(baseline.variables.size());
    for (NaturalVariation& natural : of_season) {
      if (!Take(&reader, &natural)) return Damaged();
    }
  }
  if (!reader.ok() || !reader.AtEnd()) return Damaged();
  return counts;
}

}  // namespace plumbline::profile
