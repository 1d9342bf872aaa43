#ifndef PLUMBLINE_SERVER_ENGINE_DURABILITY_H_
#define PLUMBLINE_SERVER_ENGINE_DURABILITY_H_

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace plumbline::engine {

/// When a commit reaches the disk, and so what an acknowledged batch survives. All of them survive
/// a killed process.
struct Durability {
  enum class Mode {
    kSync,      // before the acknowledgement: survives power loss
    kOs,        // when the operating system likes: power loss takes what it had not written yet
    kInterval,  // at most `interval` after it: power loss takes the last `interval`, and what came
                // while the disk was busy with a sync
  };
  Mode mode = Mode::kSync;
  absl::Duration interval;  // of kInterval
};

/// Reads `sync`, `os` or `interval:MS`, MS a whole number of milliseconds from 1 to 60,000.
/// Errors: InvalidArgument with the text.
absl::StatusOr<Durability> ParseDurability(absl::string_view text);

}  // namespace plumbline::engine

#endif  // PLUMBLINE_SERVER_ENGINE_DURABILITY_H_
