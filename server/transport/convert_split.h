#ifndef PLUMBLINE_SERVER_TRANSPORT_CONVERT_SPLIT_H_
#define PLUMBLINE_SERVER_TRANSPORT_CONVERT_SPLIT_H_

#include "absl/status/statusor.h"
#include "plumbline/storage/v1/records.pb.h"
#include "plumbline/v1/split.pb.h"

namespace plumbline::transport {

/// Errors: InvalidArgument naming the part: names, digests, rows that do not add up, bounds.
absl::StatusOr<storage::v1::SplitRecord> ToRecord(const v1::SplitManifest& split);
v1::SplitManifest ToWire(const storage::v1::SplitRecord& record);

}  // namespace plumbline::transport

#endif  // PLUMBLINE_SERVER_TRANSPORT_CONVERT_SPLIT_H_
