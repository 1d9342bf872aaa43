#ifndef PLUMBLINE_CLIENT_ID_DIGEST_H_
#define PLUMBLINE_CLIENT_ID_DIGEST_H_

#include <cstdint>

#include "absl/numeric/int128.h"
#include "absl/strings/string_view.h"

namespace plumbline::client {

/// XXH3 (128 bits, seed 0) of an id, the same on every machine. Not cryptographic.
absl::uint128 HashId(absl::string_view id);

/// Digests of a list of ids. The unordered one is the sum of their hashes, so an id that comes
/// twice counts twice; the ordered one hashes each hash onto the digest before.
class IdDigest {
 public:
  void Add(absl::uint128 hash);
  uint64_t rows() const { return rows_; }
  absl::uint128 unordered() const { return sum_; }
  absl::uint128 ordered() const { return chain_; }

 private:
  uint64_t rows_ = 0;
  absl::uint128 sum_ = 0;
  absl::uint128 chain_ = 0;
};

}  // namespace plumbline::client

#endif  // PLUMBLINE_CLIENT_ID_DIGEST_H_
