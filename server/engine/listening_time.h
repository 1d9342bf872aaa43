#ifndef PLUMBLINE_SERVER_ENGINE_LISTENING_TIME_H_
#define PLUMBLINE_SERVER_ENGINE_LISTENING_TIME_H_

#include <algorithm>
#include <optional>

#include "absl/time/time.h"

namespace plumbline::engine {

/// One moment by two clocks.
struct Moment {
  absl::Time clock;  // the server's clock: what people are told, and when rows without times came
  absl::Time heard;  // listening time: what silence and missing numbers are measured by
};

/// Time during which somebody could have been heard. It goes as the server's clock does, but never
/// back, and by kLongestStep at most from one look at the clock to the next: while the service was
/// down or frozen nobody was silent, and a clock that is set makes nobody silent either. Somebody
/// must look at least every kLongestStep, or it falls behind. A plain value.
class ListeningTime {
 public:
  /// Well above the pause between two looks, well below any time that is measured.
  static constexpr absl::Duration kLongestStep = absl::Seconds(10);

  ListeningTime() = default;
  /// As it was at `last`.
  explicit ListeningTime(const Moment& last) : last_(last) {}

  /// The first look of all starts it at `clock`.
  Moment Look(absl::Time clock) {
    if (!last_.has_value()) return last_.emplace(Moment{clock, clock});
    last_->heard += std::clamp(clock - last_->clock, absl::ZeroDuration(), kLongestStep);
    last_->clock = clock;
    return *last_;
  }
  /// The last look; nullopt before the first.
  const std::optional<Moment>& last() const { return last_; }

 private:
  std::optional<Moment> last_;
};

}  // namespace plumbline::engine

#endif  // PLUMBLINE_SERVER_ENGINE_LISTENING_TIME_H_
