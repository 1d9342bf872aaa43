#ifndef PLUMBLINE_SERVER_TRANSPORT_MESSAGE_H_
#define PLUMBLINE_SERVER_TRANSPORT_MESSAGE_H_

#include <google/protobuf/arena.h>
#include <grpcpp/impl/codegen/proto_utils.h>
#include <grpcpp/support/byte_buffer.h>

#include "server/engine/ingest.h"

namespace plumbline::transport {

/// A message on an arena of its own, which halves the cost of columns of strings; keeps a batch's
/// view alive. Not thread-safe.
template <class T>
class Message final : public engine::BatchOwner {
 public:
  Message() : message_(google::protobuf::Arena::CreateMessage<T>(&arena_)) {}

  /// False if the bytes are no such message, for example because a text is not UTF-8. What came
  /// before the broken field is then there.
  [[nodiscard]] bool Parse(const grpc::ByteBuffer& bytes) {
    grpc::ByteBuffer copy = bytes;  // of the references
    return grpc::SerializationTraits<T>::Deserialize(&copy, message_).ok();
  }

  const T& get() const { return *message_; }

 private:
  google::protobuf::Arena arena_;
  T* const message_;
};

/// The message as bytes.
template <class T>
grpc::ByteBuffer ToBytes(const T& message) {
  grpc::ByteBuffer bytes;
  bool own_buffer = false;
  // Fails for messages above 2 GiB only.
  (void)grpc::SerializationTraits<T>::Serialize(message, &bytes, &own_buffer);
  return bytes;
}

}  // namespace plumbline::transport

#endif  // PLUMBLINE_SERVER_TRANSPORT_MESSAGE_H_
