#include "server/profile/categories.h"

#include <utility>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "server/stats/hash.h"

namespace plumbline::profile {

absl::StatusOr<CategoryTable> CategoryTable::Create(std::vector<std::string> names,
                                                    stats::MembershipFilter rest) {
  if (names.size() > kMaxKeptCategories) {
    return absl::InvalidArgumentError(
        absl::StrCat(names.size(), " categories by name; at most ", kMaxKeptCategories));
  }
  CategoryTable table;
  table.index_.reserve(names.size());
  for (size_t i = 0; i < names.size(); ++i) {
    const auto code = static_cast<uint32_t>(i);
    if (!table.index_.emplace(names[i], code).second) {
      return absl::InvalidArgumentError(absl::StrCat("category \"", names[i], "\" occurs twice"));
    }
    int64_t number = 0;
    // "01" and "+1" are text: only what the number itself would print as.
    if (absl::SimpleAtoi(names[i], &number) && absl::AlphaNum(number).Piece() == names[i]) {
      table.int_index_.emplace(number, code);
    }
  }
  table.names_ = std::move(names);
  table.rest_ = std::move(rest);
  return table;
}

uint32_t CategoryTable::Code(absl::string_view category) const {
  const auto it = index_.find(category);
  if (it != index_.end()) return it->second;
  return rest_.MayContain(stats::HashBytes(category)) ? rare_code() : unseen_code();
}

uint32_t CategoryTable::CodeOfInt(int64_t number) const {
  const auto it = int_index_.find(number);
  if (it != int_index_.end()) return it->second;
  const absl::AlphaNum text(number);  // in its own buffer, not on the heap
  return rest_.MayContain(stats::HashBytes(text.Piece())) ? rare_code() : unseen_code();
}

}  // namespace plumbline::profile
