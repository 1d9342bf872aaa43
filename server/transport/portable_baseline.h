#ifndef PLUMBLINE_SERVER_TRANSPORT_PORTABLE_BASELINE_H_
#define PLUMBLINE_SERVER_TRANSPORT_PORTABLE_BASELINE_H_

#include "absl/status/statusor.h"
#include "plumbline/v1/baseline.pb.h"
#include "server/profile/baseline.h"

namespace plumbline::transport {

/// The form in which a baseline goes from one server to another.
v1::PortableBaseline ToPortable(const profile::Baseline& baseline);

/// The baseline of a message that may come from a stranger: nothing in it is trusted. Errors:
/// InvalidArgument for another format, damage, or a baseline that is not sound, naming the
/// variable.
absl::StatusOr<profile::Baseline> FromPortable(const v1::PortableBaseline& portable);

}  // namespace plumbline::transport

#endif  // PLUMBLINE_SERVER_TRANSPORT_PORTABLE_BASELINE_H_
