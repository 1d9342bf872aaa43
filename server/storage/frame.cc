#include "server/storage/frame.h"

#include "absl/strings/str_cat.h"
#include "server/stats/hash.h"
#include "server/storage/keys.h"

namespace plumbline::storage {
namespace {

constexpr size_t kHeaderBytes = 10;

uint64_t Checksum(absl::string_view key, uint8_t version, absl::string_view payload) {
  return stats::HashUint64(stats::HashBytes(payload) ^ stats::HashUint64(version) ^
                           stats::HashUint64(stats::HashBytes(key)));
}

}  // namespace

std::string Frame(absl::string_view key, absl::string_view payload) {
  std::string value;
  value.reserve(kHeaderBytes + payload.size());
  value.push_back(key[0]);
  value.push_back(static_cast<char>(kFormatVersion));
  const uint64_t checksum = Checksum(key, kFormatVersion, payload);
  for (int i = 0; i < 8; ++i) value.push_back(static_cast<char>(checksum >> (8 * i)));
  value.append(payload.data(), payload.size());
  return value;
}

absl::StatusOr<absl::string_view> Unframe(absl::string_view key, absl::string_view value) {
  if (key.empty() || value.size() < kHeaderBytes || value[0] != key[0]) {
    return absl::DataLossError(absl::StrCat(DescribeKey(key), " is damaged: not its frame"));
  }
  const auto version = static_cast<uint8_t>(value[1]);
  if (version > kFormatVersion) {
    return absl::FailedPreconditionError(absl::StrCat(DescribeKey(key), " has format version ",
                                                      version, ", this program reads up to ",
                                                      kFormatVersion));
  }
  uint64_t checksum = 0;
  for (int i = 0; i < 8; ++i) {
    checksum |= static_cast<uint64_t>(static_cast<uint8_t>(value[2 + i])) << (8 * i);
  }
  const absl::string_view payload = value.substr(kHeaderBytes);
  if (checksum != Checksum(key, version, payload)) {
    return absl::DataLossError(absl::StrCat(DescribeKey(key), " is damaged: wrong checksum"));
  }
  return payload;
}

}  // namespace plumbline::storage
