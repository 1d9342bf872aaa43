#include "server/profile/arrival_clocks.h"

#include <algorithm>

#include "server/profile/byte_io.h"

namespace plumbline::profile {

ArrivalClocks::ArrivalClocks(const Baseline& baseline) {
  size_t clocks = 0;
  for (const VariableBaseline& variable : baseline.variables) {
    first_.push_back(clocks);
    clocks += 1;
    if (!variable.is_numeric()) clocks += std::min(kMaxCategories, variable.categories.size());
  }
  first_.push_back(clocks);
  last_.resize(clocks);
}

void ArrivalClocks::Close(const Pane& pane, int64_t start_micros, int64_t end_micros) {
  if (!started_) {
    started_ = true;
    micros_ = start_micros;
    for (Sighting& sighting : last_) sighting.micros = start_micros;
  }
  rows_ += pane.rows;
  micros_ = std::max(micros_, end_micros);
  for (size_t i = 0; i + 1 < first_.size(); ++i) {
    const VariableCounts& counts = pane.variables[i];
    const uint64_t infinite = counts.positive_infinities + counts.negative_infinities;
    if (counts.Coded() + infinite == 0) continue;
    last_[first_[i]] = {rows_, micros_};
    for (size_t code = 0; code < categories(i); ++code) {
      if (counts.codes[code] > 0) last_[first_[i] + 1 + code] = {rows_, micros_};
    }
  }
}

Silence ArrivalClocks::Of(size_t clock) const {
  // Times out of a damaged folder may lie at both ends of what 64 bits hold.
  const uint64_t micros =
      static_cast<uint64_t>(micros_) - static_cast<uint64_t>(last_[clock].micros);
  return {rows_ - last_[clock].row, static_cast<int64_t>(micros)};
}

std::string ArrivalClocks::Encode() const {
  ByteWriter out;
  out.Varint(started_ ? 1 : 0);
  out.Varint(rows_);
  out.Bytes(static_cast<uint64_t>(micros_), 8);
  out.Varint(last_.size());
  // Most are silent for nothing at all.
  for (size_t clock = 0; clock < last_.size(); ++clock) {
    const Silence silence = Of(clock);
    out.Varint(silence.rows);
    if (silence.rows > 0) out.Varint(static_cast<uint64_t>(silence.micros));
  }
  return out.Take();
}

absl::Status ArrivalClocks::Decode(absl::string_view bytes) {
  ByteReader in(bytes);
  ArrivalClocks read = *this;
  read.started_ = in.Varint() != 0;
  read.rows_ = in.Varint();
  uint64_t micros = 0;
  for (int i = 0; i < 8; ++i) micros |= uint64_t{in.Byte()} << (8 * i);
  read.micros_ = static_cast<int64_t>(micros);
  bool sound = in.Varint() == read.last_.size();
  for (Sighting& sighting : read.last_) {
    const uint64_t rows = in.Varint();
    const uint64_t silent_micros = rows > 0 ? in.Varint() : 0;
    sound = sound && rows <= read.rows_ && silent_micros <= (uint64_t{1} << 62);
    sighting = {read.rows_ - rows,
                static_cast<int64_t>(micros - silent_micros)};  // wraps rather than overflows
  }
  if (!in.ok() || !in.AtEnd() || !sound) {
    return absl::DataLossError("the arrival clocks are not those of this baseline");
  }
  *this = std::move(read);
  return absl::OkStatus();
}

}  // namespace plumbline::profile
