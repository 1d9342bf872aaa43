#ifndef PLUMBLINE_SERVER_PROFILE_BYTE_IO_H_
#define PLUMBLINE_SERVER_PROFILE_BYTE_IO_H_

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <utility>

#include "absl/strings/string_view.h"

namespace plumbline::profile {

/// Appends to bytes for the store: integers as LEB128 varints, doubles as 8 bytes little-endian.
class ByteWriter {
 public:
  void Byte(uint8_t byte) { bytes_.push_back(static_cast<char>(byte)); }
  /// The lowest `size` bytes of it, at most 8, the lowest first.
  void Bytes(uint64_t bytes, size_t size) {
    char text[8];
    for (int i = 0; i < 8; ++i) text[i] = static_cast<char>(bytes >> (8 * i));
    bytes_.append(text, size);
  }
  void Varint(uint64_t value) {
    while (value >= 0x80) {
      bytes_.push_back(static_cast<char>(value | 0x80));
      value >>= 7;
    }
    bytes_.push_back(static_cast<char>(value));
  }
  void Double(double value) {
    uint64_t bits;
    std::memcpy(&bits, &value, sizeof(bits));
    Bytes(bits, sizeof(bits));
  }
  void Text(absl::string_view text) {
    Varint(text.size());
    bytes_.append(text.data(), text.size());
  }
  /// They take no more memory than they are long: many are kept.
  std::string Take() {
    bytes_.shrink_to_fit();
    return std::move(bytes_);
  }

 private:
  std::string bytes_;
};

/// Reads what ByteWriter wrote; after a short or overlong read ok() is false and every read gives
/// 0.
class ByteReader {
 public:
  explicit ByteReader(absl::string_view bytes) : bytes_(bytes) {}

  bool ok() const { return ok_; }
  bool AtEnd() const { return bytes_.empty(); }
  /// What has not been read.
  absl::string_view rest() const { return bytes_; }
  void Skip(size_t bytes) {
    if (bytes > bytes_.size()) {
      Fail();
    } else {
      bytes_.remove_prefix(bytes);
    }
  }

  uint8_t Byte() {
    if (bytes_.empty()) return Fail();
    const auto byte = static_cast<uint8_t>(bytes_.front());
    bytes_.remove_prefix(1);
    return byte;
  }
  uint64_t Varint() {
    uint64_t value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      const uint8_t byte = Byte();
      if (!ok_) return 0;
      if (shift == 63 && byte > 1) return Fail();
      value |= uint64_t{byte & 0x7fu} << shift;
      if (byte < 0x80) return value;
    }
    return Fail();
  }
  double Double() {
    if (bytes_.size() < 8) return Fail();
    uint64_t bits = 0;
    for (int i = 0; i < 8; ++i) bits |= uint64_t{static_cast<uint8_t>(bytes_[i])} << (8 * i);
    bytes_.remove_prefix(8);
    double value;
    std::memcpy(&value, &bits, sizeof(value));
    return value;
  }
  absl::string_view Text() {
    const uint64_t size = Varint();
    if (!ok_ || size > bytes_.size()) {
      Fail();
      return {};
    }
    const absl::string_view text = bytes_.substr(0, size);
    bytes_.remove_prefix(size);
    return text;
  }

 private:
  uint8_t Fail() {
    ok_ = false;
    bytes_ = {};
    return 0;
  }

  absl::string_view bytes_;
  bool ok_ = true;
};

}  // namespace plumbline::profile

#endif  // PLUMBLINE_SERVER_PROFILE_BYTE_IO_H_
