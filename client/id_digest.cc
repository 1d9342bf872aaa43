#include "client/id_digest.h"

#include "absl/strings/ascii.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace plumbline::client {
namespace {

absl::uint128 HashBytes(const void* bytes, size_t size) {
  const XXH128_hash_t hash = XXH3_128bits(bytes, size);
  return absl::MakeUint128(hash.high64, hash.low64);
}

void PutLittleEndian(absl::uint128 value, unsigned char* bytes) {
  for (int i = 0; i < 16; ++i) bytes[i] = static_cast<unsigned char>(value >> (8 * i));
}

}  // namespace

absl::uint128 HashId(absl::string_view id) { return HashBytes(id.data(), id.size()); }

absl::string_view NormalId(absl::string_view id) {
  const size_t dot = id.find('.');
  if (dot == absl::string_view::npos || dot + 1 == id.size()) return id;
  const absl::string_view whole = id.substr(0, dot);
  const absl::string_view digits = whole.empty() || whole[0] != '-' ? whole : whole.substr(1);
  if (digits.empty()) return id;
  for (const char c : digits) {
    if (!absl::ascii_isdigit(static_cast<unsigned char>(c))) return id;
  }
  return id.find_first_not_of('0', dot + 1) == absl::string_view::npos ? whole : id;
}

void IdDigest::Add(absl::uint128 hash) {
  ++rows_;
  sum_ += hash;
  unsigned char bytes[32];
  PutLittleEndian(chain_, bytes);
  PutLittleEndian(hash, bytes + 16);
  chain_ = HashBytes(bytes, sizeof(bytes));
}

}  // namespace plumbline::client
