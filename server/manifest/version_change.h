#ifndef PLUMBLINE_MANIFEST_VERSION_CHANGE_H_
#define PLUMBLINE_MANIFEST_VERSION_CHANGE_H_

#include "absl/strings/string_view.h"

namespace plumbline::manifest {

/// How far apart two versions are, the largest last.
enum class VersionChange { kSame, kPatch, kMinor, kMajor };

/// Compares two versions of one package, as PEP 440 or Debian writes them: an epoch before `!` or
/// `:`, numbers between dots, then whatever follows (rc1, .post1, +cpu, a Debian revision).
/// kMajor: the epoch or the first number differs; kMinor: the second; kPatch: a later one, or what
/// follows. Numbers are compared as numbers, and a missing one is 0: 1.26 is 1.26.0, and 1.26.4 to
/// 1.26.10 is a patch. A first number that is a year or a date is no promise about what changed:
/// then kMinor, and so where either version does not begin with a number. Case, a leading `v` and
/// spaces around do not matter.
VersionChange CompareVersions(absl::string_view a, absl::string_view b);

}  // namespace plumbline::manifest

#endif  // PLUMBLINE_MANIFEST_VERSION_CHANGE_H_
