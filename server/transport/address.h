#ifndef PLUMBLINE_SERVER_TRANSPORT_ADDRESS_H_
#define PLUMBLINE_SERVER_TRANSPORT_ADDRESS_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace plumbline::transport {

/// Where a server listens.
struct Address {
  std::string host;  // without brackets
  int port = 0;      // 0: any free one

  /// True for hosts that only this machine reaches: localhost, 127.0.0.0/8 and ::1. A name that
  /// merely begins like one (`127.example.com`) is not.
  bool IsLoopback() const;
  /// `host:port`, with brackets around an IPv6 host.
  std::string Text() const;
};

/// Parses `host:port` or `[ipv6]:port`. Errors: InvalidArgument naming `setting` and the text.
absl::StatusOr<Address> ParseAddress(absl::string_view setting, absl::string_view text);

}  // namespace plumbline::transport

#endif  // PLUMBLINE_SERVER_TRANSPORT_ADDRESS_H_
