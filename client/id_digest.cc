#include "client/id_digest.h"

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

void IdDigest::Add(absl::uint128 hash) {
  ++rows_;
  sum_ += hash;
  unsigned char bytes[32];
  PutLittleEndian(chain_, bytes);
  PutLittleEndian(hash, bytes + 16);
  chain_ = HashBytes(bytes, sizeof(bytes));
}

}  // namespace plumbline::client
