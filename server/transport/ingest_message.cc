#include "server/transport/ingest_message.h"

#include <grpcpp/impl/codegen/proto_utils.h>

#include "server/transport/message.h"

namespace plumbline::transport {
namespace {

// None if there is nothing to split.
std::vector<grpc::Slice> SlicesOf(const grpc::ByteBuffer& bytes,
                                  const RequestSplit::Limits& limits) {
  std::vector<grpc::Slice> slices;
  if (bytes.Length() < limits.least_bytes) return slices;
  // Fails for a buffer without slices only.
  if (!bytes.Dump(&slices).ok()) slices.clear();
  return slices;
}

size_t BlockFor(const RequestSplit& split, size_t length) {
  if (split.empty()) return ExpectedFootprint(length);
  // The rest twice: as bytes, and parsed.
  return split.rest_size() + split.joined_size() + ExpectedFootprint(split.rest_size());
}

}  // namespace

IngestMessage::IngestMessage(const grpc::ByteBuffer& bytes, const RequestSplit::Limits& limits)
    : slices_(SlicesOf(bytes, limits)),
      split_(slices_, limits),
      block_(BlockPool::Global()->Take(BlockFor(split_, bytes.Length()))),
      arena_(block_.data(), block_.size()),
      message_(google::protobuf::Arena::CreateMessage<v1::IngestRequest>(&arena_)) {
  if (!split_.empty()) {
    const auto size = static_cast<int>(split_.rest_size());
    char* const rest = google::protobuf::Arena::CreateArray<char>(&arena_, split_.rest_size());
    char* const joined = google::protobuf::Arena::CreateArray<char>(&arena_, split_.joined_size());
    values_ = split_.Write(rest, joined);
    sound_ = message_->ParseFromArray(rest, size);
    bytes_ = bytes.Length();
    if (sound_) return;
    // What of a broken message is there is for protobuf to say.
    message_->Clear();
    values_.clear();
    bytes_ = 0;
  }
  slices_.clear();
  grpc::ByteBuffer copy = bytes;  // of the references
  sound_ = grpc::SerializationTraits<v1::IngestRequest>::Deserialize(&copy, message_).ok();
}

}  // namespace plumbline::transport
