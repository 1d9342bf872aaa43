#ifndef PLUMBLINE_SERVER_TRANSPORT_INGEST_MESSAGE_H_
#define PLUMBLINE_SERVER_TRANSPORT_INGEST_MESSAGE_H_

#include <google/protobuf/arena.h>
#include <grpcpp/support/byte_buffer.h>

#include <cstddef>
#include <vector>

#include "absl/types/span.h"
#include "plumbline/v1/ingest_service.pb.h"
#include "server/engine/ingest.h"
#include "server/transport/block_pool.h"
#include "server/transport/request_split.h"

namespace plumbline::transport {

/// An IngestRequest on an arena of its own; the values of its long columns of numbers stay in the
/// bytes that came. Keeps a batch's view alive. Not thread-safe.
class IngestMessage final : public engine::BatchOwner {
 public:
  /// Parses `bytes`.
  explicit IngestMessage(const grpc::ByteBuffer& bytes, const RequestSplit::Limits& limits = {});

  /// False if the bytes are no such message, for example because a text is not UTF-8. What came
  /// before the broken field is then there.
  bool sound() const { return sound_; }

  /// Columns that are in values() are empty here.
  const v1::IngestRequest& get() const { return *message_; }

  /// Of the batch, by column.
  absl::Span<const ColumnBytes> values() const { return values_; }

  /// Bytes of memory that it takes, with those that came.
  size_t footprint() const { return bytes_ + arena_.SpaceAllocated(); }

 private:
  std::vector<grpc::Slice> slices_;
  const RequestSplit split_;
  const BlockPool::Block block_;
  google::protobuf::Arena arena_;
  v1::IngestRequest* const message_;
  size_t bytes_ = 0;
  std::vector<ColumnBytes> values_;
  bool sound_ = false;
};

}  // namespace plumbline::transport

#endif  // PLUMBLINE_SERVER_TRANSPORT_INGEST_MESSAGE_H_
