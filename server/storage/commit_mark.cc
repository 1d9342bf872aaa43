#include "server/storage/commit_mark.h"

#include <array>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/stats/hash.h"
#include "server/storage/durable_file.h"
#include "server/storage/status.h"

namespace plumbline::storage {
namespace {

constexpr char kMarkFile[] = "COMMITTED";
constexpr size_t kSlots = 2;
constexpr size_t kSlotBytes = 512;  // a sector: written whole or not at all
// Write number, commits, twice the synced commits and 1 if closed, checksum of these.
constexpr size_t kFields = 4;

using Fields = std::array<uint64_t, kFields>;

uint64_t Checksum(const Fields& fields) {
  return stats::HashUint64(fields[0] ^
                           stats::HashUint64(fields[1] ^ stats::HashUint64(fields[2] + 1)));
}

std::string Encode(Fields fields) {
  fields[kFields - 1] = Checksum(fields);
  std::string bytes;
  for (const uint64_t field : fields) {
    for (int i = 0; i < 8; ++i) bytes.push_back(static_cast<char>(field >> (8 * i)));
  }
  bytes.resize(kSlotBytes);
  return bytes;
}

// False if it is not whole.
bool Decode(absl::string_view bytes, Fields* fields) {
  if (bytes.size() < kFields * 8) return false;
  for (size_t field = 0; field < kFields; ++field) {
    (*fields)[field] = 0;
    for (size_t i = 0; i < 8; ++i) {
      (*fields)[field] |= static_cast<uint64_t>(static_cast<uint8_t>(bytes[field * 8 + i]))
                          << (8 * i);
    }
  }
  return (*fields)[kFields - 1] == Checksum(*fields);
}

}  // namespace

CommitMark::CommitMark(std::string path, std::unique_ptr<rocksdb::RandomRWFile> file)
    : path_(std::move(path)), file_(std::move(file)) {}

absl::StatusOr<std::unique_ptr<CommitMark>> CommitMark::Open(rocksdb::Env* env,
                                                             const std::string& dir) {
  const std::string path = absl::StrCat(dir, "/", kMarkFile);
  if (env->FileExists(path).IsNotFound()) {
    std::string empty = Encode({});
    empty.resize(kSlots * kSlotBytes);
    if (absl::Status made = PutFile(env, dir, kMarkFile, empty); !made.ok()) return made;
  }
  std::unique_ptr<rocksdb::RandomRWFile> file;
  const rocksdb::Status opened = env->NewRandomRWFile(path, &file, rocksdb::EnvOptions());
  if (!opened.ok()) return FromRocksDb(opened, absl::StrCat("opening ", path));
  std::unique_ptr<CommitMark> mark(new CommitMark(path, std::move(file)));
  bool whole = false;
  for (size_t slot = 0; slot < kSlots; ++slot) {
    std::string scratch(kSlotBytes, '\0');
    rocksdb::Slice bytes;
    const rocksdb::Status read =
        mark->file_->Read(slot * kSlotBytes, kSlotBytes, &bytes, scratch.data());
    if (!read.ok()) return FromRocksDb(read, absl::StrCat("reading ", path));
    Fields fields{};
    if (!Decode(absl::string_view(bytes.data(), bytes.size()), &fields)) continue;
    if (whole && fields[0] < mark->writes_) continue;
    whole = true;
    mark->writes_ = fields[0];
    mark->commits_ = fields[1];
    mark->synced_ = fields[2] / 2;
    mark->closed_ = fields[2] % 2 != 0;
  }
  if (!whole) return absl::DataLossError(absl::StrCat(path, " is damaged: wrong checksum"));
  return mark;
}

bool CommitMark::IsThere(rocksdb::Env* env, const std::string& dir) {
  return env->FileExists(absl::StrCat(dir, "/", kMarkFile)).ok();
}

absl::Status CommitMark::Write(uint64_t commits, bool closed, bool sync) {
  const uint64_t number = writes_ + 1;
  const uint64_t synced = sync ? commits : synced_;
  rocksdb::Status written = file_->Write(
      (number % kSlots) * kSlotBytes, Encode({number, commits, 2 * synced + (closed ? 1 : 0), 0}));
  if (written.ok() && sync) written = file_->Sync();
  if (!written.ok()) return FromRocksDb(written, absl::StrCat("writing ", path_));
  writes_ = number;
  commits_ = commits;
  synced_ = synced;
  closed_ = closed;
  return absl::OkStatus();
}

}  // namespace plumbline::storage
