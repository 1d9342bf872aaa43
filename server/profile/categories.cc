#include "server/profile/categories.h"

#include <bit>
#include <limits>
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
  table.slots_.assign(std::bit_ceil(2 * names.size() + 1), 0);
  size_t bytes = 0;
  for (const std::string& name : names) bytes += name.size();
  if (bytes > std::numeric_limits<uint32_t>::max()) {
    return absl::InvalidArgumentError("the names of the categories take more than 4 GB");
  }
  table.bytes_.reserve(bytes);
  table.ends_.reserve(names.size());
  for (const std::string& name : names) {
    const TextKey key(name);
    const uint64_t hash = HashOfText(name, key);
    const auto code = static_cast<uint32_t>(table.size());
    if (table.KeptCode(name, key, hash) != code) {
      return absl::InvalidArgumentError(absl::StrCat("category \"", name, "\" occurs twice"));
    }
    table.bytes_ += name;
    table.ends_.push_back(static_cast<uint32_t>(table.bytes_.size()));
    const size_t mask = table.slots_.size() - 1;
    size_t i = hash & mask;
    while (table.slots_[i] != 0) i = (i + 1) & mask;
    table.slots_[i] = (static_cast<Slot>(hash >> 32) & ~kCodeMask) | (code + 1);
    int64_t number = 0;
    // "01" and "+1" are text: only what the number itself would print as.
    if (absl::SimpleAtoi(name, &number) && absl::AlphaNum(number).Piece() == name) {
      table.int_index_.emplace(number, code);
    }
  }
  table.rest_ = std::move(rest);
  return table;
}

std::vector<absl::string_view> CategoryTable::names() const {
  std::vector<absl::string_view> names;
  for (size_t code = 0; code < size(); ++code) names.push_back(name(code));
  return names;
}

uint32_t CategoryTable::Code(absl::string_view category) const {
  const TextKey key(category);
  const uint32_t kept = KeptCode(category, key, HashOfText(category, key));
  return kept < size() ? kept : OtherCode(category);
}

uint32_t CategoryTable::OtherCode(absl::string_view category) const {
  return rest_.MayContain(stats::HashBytes(category)) ? rare_code() : unseen_code();
}

uint32_t CategoryTable::CodeOfInt(int64_t number) const {
  const auto it = int_index_.find(number);
  if (it != int_index_.end()) return it->second;
  return OtherCode(absl::AlphaNum(number).Piece());  // in its own buffer, not on the heap
}

}  // namespace plumbline::profile
