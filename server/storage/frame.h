#ifndef PLUMBLINE_SERVER_STORAGE_FRAME_H_
#define PLUMBLINE_SERVER_STORAGE_FRAME_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace plumbline::storage {

/// Format version of the folder and of every value.
inline constexpr uint8_t kFormatVersion = 1;

/// The stored value of `key`: kind (the key's first byte), format version, XXH3-64 of the rest of
/// the frame and the key (a value under a wrong key is damage too), payload.
std::string Frame(absl::string_view key, absl::string_view payload);

/// The payload, pointing into `value`. Errors: DataLoss for a damaged frame, FailedPrecondition for
/// a newer format, both naming the key in words.
absl::StatusOr<absl::string_view> Unframe(absl::string_view key, absl::string_view value);

}  // namespace plumbline::storage

#endif  // PLUMBLINE_SERVER_STORAGE_FRAME_H_
