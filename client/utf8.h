#ifndef PLUMBLINE_CLIENT_UTF8_H_
#define PLUMBLINE_CLIENT_UTF8_H_

#include <cstddef>

#include "absl/strings/string_view.h"

namespace plumbline::client {

/// True if `text` is well-formed UTF-8 (RFC 3629: no overlong forms, no surrogates, nothing above
/// U+10FFFF). Empty text is. Cost: O(size), eight bytes a step while the text is ASCII.
bool IsValidUtf8(absl::string_view text);

/// As much of the beginning, or the end, of a well-formed `text` as `max_bytes` hold without
/// cutting a character.
absl::string_view Utf8Beginning(absl::string_view text, size_t max_bytes);
absl::string_view Utf8End(absl::string_view text, size_t max_bytes);

}  // namespace plumbline::client

#endif  // PLUMBLINE_CLIENT_UTF8_H_
