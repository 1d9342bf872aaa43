#include "server/storage/salvage.h"

#include <memory>
#include <optional>

#include "absl/strings/str_cat.h"
#include "server/storage/frame.h"
#include "server/storage/keys.h"

namespace plumbline::storage {
namespace {

// Bytes of precision behind the last key that could not be read.
constexpr int kSearchDepth = 24;

std::unique_ptr<rocksdb::Iterator> NewIterator(rocksdb::DB* db) {
  rocksdb::ReadOptions read;
  read.total_order_seek = true;  // whole folders
  return std::unique_ptr<rocksdb::Iterator>(db->NewIterator(read));
}

// Whether what lies at or behind `target` can be read; at the end of the store too.
bool CanSeek(rocksdb::DB* db, const std::string& target) {
  const auto it = NewIterator(db);
  it->Seek(target);
  return it->status().ok();
}

// The smallest of prefix + first, prefix + (first + 1), ... that can be sought. `*unreadable`
// becomes the last one that cannot.
std::optional<std::string> FirstReadable(rocksdb::DB* db, const std::string& prefix, int first,
                                         std::string* unreadable) {
  for (int byte = first; byte < 256; ++byte) {
    std::string target = prefix + static_cast<char>(byte);
    if (CanSeek(db, target)) return target;
    *unreadable = std::move(target);
  }
  return std::nullopt;
}

// A place behind `last` that can be sought, as near to it as kSearchDepth bytes can say; nullopt if
// there is none. The damage is a block, that is a range of keys: keys in it cannot be sought, the
// next one behind it can.
std::optional<std::string> FindBehind(rocksdb::DB* db, const std::string& last) {
  std::string unreadable = last;
  std::optional<std::string> found = FirstReadable(db, last, 0, &unreadable);
  for (size_t size = last.size(); size-- > 0 && !found.has_value();) {
    found =
        FirstReadable(db, last.substr(0, size), static_cast<uint8_t>(last[size]) + 1, &unreadable);
  }
  if (!found.has_value()) return found;
  for (int depth = 0; depth < kSearchDepth; ++depth) {
    const std::string prefix = unreadable;
    if (auto nearer = FirstReadable(db, prefix, 0, &unreadable)) {
      if (unreadable == prefix) return nearer;
      found = std::move(nearer);
    }
  }
  return found;
}

std::string DescribeRun(const std::optional<std::string>& before,
                        const std::optional<std::string>& behind) {
  return absl::StrCat("what lies between ",
                      before.has_value() ? DescribeKey(*before) : "the beginning", " and ",
                      behind.has_value() ? DescribeKey(*behind) : "the end", " cannot be read");
}

}  // namespace

ReadAroundResult ReadAround(rocksdb::DB* db,
                            const std::function<void(absl::string_view, absl::string_view)>& use) {
  ReadAroundResult result;
  std::optional<std::string> last;
  auto it = NewIterator(db);
  it->SeekToFirst();
  while (true) {
    for (; it->Valid(); it->Next()) {
      last = it->key().ToString();
      const absl::string_view value(it->value().data(), it->value().size());
      if (const auto payload = Unframe(*last, value); !payload.ok()) {
        result.lost.emplace_back(payload.status().message());
        continue;
      }
      ++result.records;
      use(*last, value);
    }
    if (it->status().ok()) return result;
    const std::string reason = it->status().ToString();
    const std::optional<std::string> target = FindBehind(db, last.value_or(""));
    it = NewIterator(db);
    std::optional<std::string> next;
    if (target.has_value()) {
      it->Seek(*target);
      if (it->Valid()) next = it->key().ToString();
    }
    result.lost.push_back(absl::StrCat(DescribeRun(last, next), " (", reason, ")"));
    if (!next.has_value()) return result;
  }
}

}  // namespace plumbline::storage
