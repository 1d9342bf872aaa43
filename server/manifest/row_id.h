#ifndef PLUMBLINE_SERVER_MANIFEST_ROW_ID_H_
#define PLUMBLINE_SERVER_MANIFEST_ROW_ID_H_

#include "absl/strings/string_view.h"

namespace plumbline::manifest {

/// A row id as it is compared: `17.0` is `17`, since libraries that know nulls only in floating
/// point write whole numbers so. An empty one is no id: it is like no other.
absl::string_view NormalId(absl::string_view id);

}  // namespace plumbline::manifest

#endif  // PLUMBLINE_SERVER_MANIFEST_ROW_ID_H_
