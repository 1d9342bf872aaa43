#ifndef PLUMBLINE_SERVER_PROFILE_CATEGORIES_H_
#define PLUMBLINE_SERVER_PROFILE_CATEGORIES_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
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

  size_t size() const { return names_.size(); }
  const std::vector<std::string>& names() const { return names_; }
  const stats::MembershipFilter& rest() const { return rest_; }
  uint32_t rare_code() const { return static_cast<uint32_t>(names_.size()); }
  uint32_t unseen_code() const { return static_cast<uint32_t>(names_.size()) + 1; }

  /// Index of a kept category, rare_code() or unseen_code(). Cost: one hash, at most one filter
  /// look-up.
  uint32_t Code(absl::string_view category) const;
  /// Code() of the number's decimal text, without making the text of a kept one.
  uint32_t CodeOfInt(int64_t number) const;

 private:
  std::vector<std::string> names_;
  absl::flat_hash_map<std::string, uint32_t> index_;
  absl::flat_hash_map<int64_t, uint32_t> int_index_;  // of the names that are decimal numbers
  stats::MembershipFilter rest_{0, 0.01, 8};
};

}  // namespace plumbline::profile

#endif  // PLUMBLINE_SERVER_PROFILE_CATEGORIES_H_
