#ifndef PLUMBLINE_SERVER_PROFILE_ALIASES_H_
#define PLUMBLINE_SERVER_PROFILE_ALIASES_H_

#include <cstddef>
#include <string>

#include "absl/container/flat_hash_map.h"

namespace plumbline::profile {

/// Other names of a baseline's variables: the name in live batches, and the variable's index. A
/// name that is a variable's own is never another's.
using Aliases = absl::flat_hash_map<std::string, size_t>;

}  // namespace plumbline::profile

#endif  // PLUMBLINE_SERVER_PROFILE_ALIASES_H_
