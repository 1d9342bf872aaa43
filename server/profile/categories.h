#ifndef PLUMBLINE_SERVER_PROFILE_CATEGORIES_H_
#define PLUMBLINE_SERVER_PROFILE_CATEGORIES_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "server/profile/text_key.h"
#include "server/stats/membership_filter.h"

namespace plumbline::profile {

inline constexpr size_t kMaxKeptCategories = 1000;

/// The categories of a variable: up to kMaxKeptCategories by name, the most frequent first, and a
/// membership filter for the others that training had (it may take an unseen category for a rare
/// one, at its false positive rate, but never a rare one for unseen). The empty string is a
/// category like any other. Immutable; any thread.
class CategoryTable {
 public:
  CategoryTable() = default;
  /// Errors: InvalidArgument for too many or repeated names.
  static absl::StatusOr<CategoryTable> Create(std::vector<std::string> names,
                                              stats::MembershipFilter rest);

  size_t size() const { return ends_.size(); }
  absl::string_view name(size_t code) const {
    const size_t begin = code == 0 ? 0 : ends_[code - 1];
    return absl::string_view(bytes_).substr(begin, ends_[code] - begin);
  }
  /// All of them, in order; views of this table's bytes.
  std::vector<absl::string_view> names() const;
  const stats::MembershipFilter& rest() const { return rest_; }
  uint32_t rare_code() const { return static_cast<uint32_t>(size()); }
  uint32_t unseen_code() const { return static_cast<uint32_t>(size()) + 1; }

  /// Index of a kept category, rare_code() or unseen_code(). Cost: one hash, at most one filter
  /// look-up.
  uint32_t Code(absl::string_view category) const;
  /// The same in two parts, for who has the key and its HashOfText already: the index of a kept
  /// category, or size() for any other; and which other one it is.
  uint32_t KeptCode(absl::string_view category, const TextKey& key, uint64_t hash) const;
  uint32_t OtherCode(absl::string_view category) const;
  /// Code() of the number's decimal text, without making the text of a kept one.
  uint32_t CodeOfInt(int64_t number) const;

 private:
  // An entry of the index: 22 bits of a name's hash and 10 of its code + 1; 0 if it is free.
  using Slot = uint32_t;
  static constexpr int kCodeBits = 10;
  static constexpr Slot kCodeMask = (1 << kCodeBits) - 1;
  static_assert(kMaxKeptCategories < kCodeMask);

  std::string bytes_;                                 // of the names, one behind the other
  std::vector<uint32_t> ends_;                        // where each ends
  std::vector<Slot> slots_{0};                        // a power of two, at most half of them taken
  absl::flat_hash_map<int64_t, uint32_t> int_index_;  // of the names that are decimal numbers
  stats::MembershipFilter rest_{0, 0.01, 8};
};

inline uint32_t CategoryTable::KeptCode(absl::string_view category, const TextKey& key,
                                        uint64_t hash) const {
  const size_t mask = slots_.size() - 1;
  for (size_t i = hash & mask;; i = (i + 1) & mask) {
    const Slot slot = slots_[i];
    if (slot == 0) return static_cast<uint32_t>(size());
    if ((slot ^ static_cast<Slot>(hash >> 32)) > kCodeMask) continue;
    const uint32_t code = (slot & kCodeMask) - 1;
    const absl::string_view found = name(code);
    if (TextKey(found) == key && SameText(found, category, key)) return code;
  }
}

}  // namespace plumbline::profile

#endif  // PLUMBLINE_SERVER_PROFILE_CATEGORIES_H_
