#ifndef PLUMBLINE_SERVER_STORAGE_KEYS_H_
#define PLUMBLINE_SERVER_STORAGE_KEYS_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

#include "absl/strings/string_view.h"

namespace plumbline::storage {

struct LabelHome;

/// First byte of every key, and kind byte of every value. On disk: never renumber.
enum class RecordKind : uint8_t {
  kFormat = 1,
  kModel = 2,
  kBaseline = 3,
  kBaselineHead = 4,
  kPolicy = 5,
  kState = 6,
  kPane = 7,
  kPaneDelta = 8,
  kProducer = 9,
  kAlert = 10,
  kCommits = 11,
  kBaselineDetail = 12,
  kPaneBlock = 13,
  kWindow = 14,
  kProfile = 20,
  kProfileHead = 21,
  kEnvironment = 40,
  kSplit = 41,
  kGoldenRows = 42,
  kGoldenResult = 43,
  kLoad = 44,
  kJoinRow = 30,           // a row that waits for its label, or a label for its row
  kJoinTime = 31,          // the same by time
  kPerformanceSlice = 32,  // of an hour of event time
  kLabelState = 33,
  kOnCall = 80,  // what people said of alerts
};

absl::string_view RecordKindName(RecordKind kind);

/// Builds a key: the kind's byte, then strings behind their length and big-endian integers, so that
/// every prefix of parts is a prefix of bytes and no string runs into the next.
class KeyBuilder {
 public:
  explicit KeyBuilder(RecordKind kind) : key_(1, static_cast<char>(kind)) {}
  KeyBuilder& Text(absl::string_view text);
  KeyBuilder& Number(uint64_t number);
  /// Sorts negative numbers first.
  KeyBuilder& Signed(int64_t number);
  std::string Take() { return std::move(key_); }

 private:
  std::string key_;
};

/// Begins the key of what belongs to a version of a model.
KeyBuilder KeyOf(RecordKind kind, absl::string_view model, absl::string_view version);
/// Begins the key of what is kept of its predictions and labels.
KeyBuilder LabelKey(RecordKind kind, const LabelHome& home);

/// Reads the parts of a key behind its first `skip` bytes. After a part that is not there ok() is
/// false and parts are empty.
class KeyReader {
 public:
  KeyReader(absl::string_view key, size_t skip);
  std::string Text();
  uint64_t Number();
  int64_t Signed();
  bool ok() const { return ok_; }

 private:
  absl::string_view rest_;
  bool ok_ = true;
};

/// What stands in the place of the generation in the keys of a window and its panes: the number of
/// the slice (0: all rows of the model) in the highest 16 bits. Generations have 48.
inline constexpr uint64_t kMaxSliceNumber = 0xffff;
constexpr uint64_t SliceKey(uint64_t generation, uint64_t slice) {
  return generation | (slice << 48);
}
constexpr uint64_t GenerationOfKey(uint64_t slice_key) { return slice_key & ((1ull << 48) - 1); }

/// Bytes of a key's kind, model and version; 0 for a key without them.
size_t VersionPrefixLength(absl::string_view key);

/// The smallest key behind all keys that begin with `prefix`.
std::string PrefixEnd(std::string prefix);

/// The key in words, for error messages.
std::string DescribeKey(absl::string_view key);

}  // namespace plumbline::storage

#endif  // PLUMBLINE_SERVER_STORAGE_KEYS_H_
