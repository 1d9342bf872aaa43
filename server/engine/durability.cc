#include "server/engine/durability.h"

#include <cstdint>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace plumbline::engine {

absl::StatusOr<Durability> ParseDurability(absl::string_view text) {
  constexpr uint32_t kMaxMilliseconds = 60'000;
  if (text == "sync") return Durability{};
  if (text == "os") return Durability{Durability::Mode::kOs, absl::ZeroDuration()};
  absl::string_view rest = text;
  uint32_t milliseconds = 0;
  if (absl::ConsumePrefix(&rest, "interval:") && absl::SimpleAtoi(rest, &milliseconds) &&
      milliseconds >= 1 && milliseconds <= kMaxMilliseconds) {
    return Durability{Durability::Mode::kInterval, absl::Milliseconds(milliseconds)};
  }
  return absl::InvalidArgumentError(absl::StrCat("durability \"", text,
                                                 "\" is none of sync, os and interval:MS (1 to ",
                                                 kMaxMilliseconds, " milliseconds)"));
}

}  // namespace plumbline::engine
