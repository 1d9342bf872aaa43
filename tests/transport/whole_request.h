#ifndef PLUMBLINE_TESTS_TRANSPORT_WHOLE_REQUEST_H_
#define PLUMBLINE_TESTS_TRANSPORT_WHOLE_REQUEST_H_

#include <grpcpp/support/byte_buffer.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "plumbline/v1/ingest_service.pb.h"
#include "server/transport/ingest_message.h"

namespace plumbline::testing {

/// `bytes` in slices of so many each.
inline grpc::ByteBuffer InSlices(absl::string_view bytes, size_t slice) {
  std::vector<grpc::Slice> slices;
  for (size_t at = 0; at < bytes.size(); at += slice) {
    const absl::string_view part = bytes.substr(at, slice);
    slices.emplace_back(part.data(), part.size());
  }
  return grpc::ByteBuffer(slices.data(), slices.size());
}

/// The request with the values that its message was left without.
inline v1::IngestRequest WholeOf(const transport::IngestMessage& message) {
  v1::IngestRequest whole = message.get();
  const auto fill = [](absl::string_view bytes, auto* values) {
    values->Resize(static_cast<int>(bytes.size() / sizeof(*values->data())), 0);
    std::memcpy(values->mutable_data(), bytes.data(), bytes.size());
  };
  for (const transport::ColumnBytes& left : message.values()) {
    v1::Column* const column =
        whole.mutable_batch()->mutable_batch()->mutable_columns(static_cast<int>(left.column));
    if (column->has_double_values()) {
      fill(left.bytes, column->mutable_double_values()->mutable_values());
    } else if (column->has_float_values()) {
      fill(left.bytes, column->mutable_float_values()->mutable_values());
    } else {
      fill(left.bytes, column->mutable_int64_values()->mutable_values());
    }
  }
  return whole;
}

}  // namespace plumbline::testing

#endif  // PLUMBLINE_TESTS_TRANSPORT_WHOLE_REQUEST_H_
