#include "server/engine/sources.h"

#include <algorithm>

namespace plumbline::engine {
namespace {

// No name that a client can send: names are valid UTF-8.
constexpr absl::string_view kOverflow = "\xff(more)";

}  // namespace

void Sources::See(absl::string_view source, std::optional<int64_t> newest_event_micros,
                  uint64_t rows, const Moment& now) {
  auto it = sources_.find(source);
  if (it == sources_.end()) {
    if (sources_.size() >= max_sources_) source = kOverflow;
    it = sources_.try_emplace(std::string(source)).first;
  }
  Source& seen = it->second;
  const bool first = seen.rows == 0;
  seen.last_arrival = now.heard;
  seen.rows += rows;
  seen.uses_arrival_time = !newest_event_micros.has_value();
  const int64_t newest = newest_event_micros.value_or(absl::ToUnixMicros(now.clock));
  seen.newest_event_micros = first ? newest : std::max(seen.newest_event_micros, newest);
}

std::optional<int64_t> Sources::Advance(const Moment& now, absl::Duration lateness,
                                        absl::Duration idle_timeout) {
  std::optional<int64_t> least;
  for (const auto& [name, source] : sources_) {
    if (now.heard - source.last_arrival > idle_timeout) continue;
    const int64_t reached = source.uses_arrival_time
                                ? absl::ToUnixMicros(now.clock)
                                : source.newest_event_micros - absl::ToInt64Microseconds(lateness);
    least = std::min(least.value_or(reached), reached);
  }
  if (least.has_value()) watermark_ = std::max(watermark_.value_or(*least), *least);
  return watermark_;
}

uint64_t Sources::rows_of_further() const {
  const auto further = sources_.find(kOverflow);
  return further == sources_.end() ? 0 : further->second.rows;
}

void Sources::ToRecord(storage::v1::ModelStateRecord* record) const {
  for (const auto& [name, source] : sources_) {
    auto* stored = record->add_sources();
    if (name == kOverflow) {
      stored->set_is_rest(true);
    } else {
      stored->set_source(name);
    }
    stored->set_newest_event_micros(source.newest_event_micros);
    stored->set_last_arrival_micros(absl::ToUnixMicros(source.last_arrival));
    stored->set_uses_arrival_time(source.uses_arrival_time);
    stored->set_rows(source.rows);
  }
  if (watermark_.has_value()) record->set_watermark_micros(*watermark_);
}

void Sources::FromRecord(const storage::v1::ModelStateRecord& record) {
  sources_.clear();
  for (const auto& stored : record.sources()) {
    const absl::string_view name = stored.is_rest() ? kOverflow : stored.source();
    sources_[std::string(name)] = {stored.newest_event_micros(),
                                   absl::FromUnixMicros(stored.last_arrival_micros()),
                                   stored.uses_arrival_time(), stored.rows()};
  }
  watermark_.reset();
  if (record.has_watermark_micros()) watermark_ = record.watermark_micros();
}

}  // namespace plumbline::engine
