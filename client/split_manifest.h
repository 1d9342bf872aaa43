#ifndef PLUMBLINE_CLIENT_SPLIT_MANIFEST_H_
#define PLUMBLINE_CLIENT_SPLIT_MANIFEST_H_

#include "absl/status/statusor.h"
#include "client/split_rows.h"
#include "plumbline/v1/split.pb.h"

namespace plumbline::client {

/// Reads all rows once, in memory that grows with parts and labels only, and says what is in which
/// part. Name, method and seed are the caller's. Errors: those of SplitRows::ForEach;
/// InvalidArgument if there is no row.
absl::StatusOr<v1::SplitManifest> MakeSplitManifest(const SplitSource& source);

/// What differs. Where the parts hold the same rows in the same order the verdict is `same`,
/// whatever method and seed say; those are then named as causes all the same.
v1::SplitComparison CompareSplits(const v1::SplitManifest& first, const v1::SplitManifest& second);

}  // namespace plumbline::client

#endif  // PLUMBLINE_CLIENT_SPLIT_MANIFEST_H_
