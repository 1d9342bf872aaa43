#include "server/transport/portable_baseline.h"

#include "absl/strings/str_cat.h"
#include "server/stats/hash.h"
#include "server/storage/baseline_record.h"

namespace plumbline::transport {
namespace {

constexpr uint32_t kPortableVersion = 1;

}  // namespace

v1::PortableBaseline ToPortable(const profile::Baseline& baseline) {
  v1::PortableBaseline portable;
  portable.set_format_version(kPortableVersion);
  portable.set_content(storage::ToRecord(baseline).SerializeAsString());
  portable.set_checksum(stats::HashBytes(portable.content()));
  return portable;
}

absl::StatusOr<profile::Baseline> FromPortable(const v1::PortableBaseline& portable) {
  if (portable.format_version() != kPortableVersion) {
    return absl::InvalidArgumentError(
        absl::StrCat("the exported baseline has format ", portable.format_version(),
                     "; this server reads format ", kPortableVersion));
  }
  storage::v1::BaselineRecord record;
  if (stats::HashBytes(portable.content()) != portable.checksum() ||
      !record.ParseFromString(portable.content())) {
    return absl::InvalidArgumentError("the exported baseline is damaged");
  }
  auto baseline = storage::FromRecord(record);
  if (!baseline.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat("the exported baseline is not sound: ", baseline.status().message()));
  }
  return baseline;
}

}  // namespace plumbline::transport
