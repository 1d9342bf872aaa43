#ifndef PLUMBLINE_SERVER_ENGINE_LIST_IN_WORDS_H_
#define PLUMBLINE_SERVER_ENGINE_LIST_IN_WORDS_H_

#include <algorithm>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace plumbline::engine {

/// `a, b, c and 2 more`: `at_most` of them by name. Empty for none.
inline std::string ListInWords(std::vector<std::string> names, size_t at_most) {
  const size_t more = names.size() - std::min(names.size(), at_most);
  names.resize(names.size() - more);
  return absl::StrCat(absl::StrJoin(names, ", "),
                      more > 0 ? absl::StrCat(" and ", more, " more") : "");
}

/// `; these are: a, b, c and 2 more`, or `; none is`, behind what is not there.
inline std::string WhatThereIs(std::vector<std::string> names) {
  constexpr size_t kNamed = 5;
  if (names.empty()) return "; none is";
  return absl::StrCat("; these are: ", ListInWords(std::move(names), kNamed));
}

}  // namespace plumbline::engine

#endif  // PLUMBLINE_SERVER_ENGINE_LIST_IN_WORDS_H_
