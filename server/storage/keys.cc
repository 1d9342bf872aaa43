#include "server/storage/keys.h"

#include <algorithm>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "server/storage/store.h"

namespace plumbline::storage {
namespace {

constexpr uint64_t kSignBit = uint64_t{1} << 63;

void AppendBigEndian(uint64_t value, int bytes, std::string* out) {
  for (int i = bytes - 1; i >= 0; --i) out->push_back(static_cast<char>(value >> (8 * i)));
}

}  // namespace

absl::string_view RecordKindName(RecordKind kind) {
  switch (kind) {
    case RecordKind::kFormat:
      return "format";
    case RecordKind::kModel:
      return "model";
    case RecordKind::kBaseline:
      return "baseline";
    case RecordKind::kBaselineHead:
      return "baseline head";
    case RecordKind::kBaselineDetail:
      return "baseline detail";
    case RecordKind::kPaneBlock:
      return "pane block";
    case RecordKind::kWindow:
      return "window";
    case RecordKind::kEnvironment:
      return "environment";
    case RecordKind::kSplit:
      return "split";
    case RecordKind::kGoldenRows:
      return "golden rows";
    case RecordKind::kGoldenResult:
      return "golden result";
    case RecordKind::kLoad:
      return "load";
    case RecordKind::kProfile:
      return "profile";
    case RecordKind::kProfileHead:
      return "profile head";
    case RecordKind::kJoinRow:
      return "row to be joined";
    case RecordKind::kJoinTime:
      return "time of a row to be joined";
    case RecordKind::kPerformanceSlice:
      return "performance slice";
    case RecordKind::kLabelState:
      return "label state";
    case RecordKind::kOnCall:
      return "on-call";
    case RecordKind::kPolicy:
      return "policy";
    case RecordKind::kState:
      return "state";
    case RecordKind::kPane:
      return "pane";
    case RecordKind::kPaneDelta:
      return "pane delta";
    case RecordKind::kProducer:
      return "producer";
    case RecordKind::kAlert:
      return "alert";
    case RecordKind::kCommits:
      return "commit count";
  }
  return "unknown";
}

KeyBuilder& KeyBuilder::Text(absl::string_view text) {
  AppendBigEndian(text.size(), 4, &key_);
  key_.append(text.data(), text.size());
  return *this;
}

KeyBuilder& KeyBuilder::Number(uint64_t number) {
  AppendBigEndian(number, 8, &key_);
  return *this;
}

KeyBuilder& KeyBuilder::Signed(int64_t number) {
  return Number(static_cast<uint64_t>(number) ^ kSignBit);
}

KeyBuilder KeyOf(RecordKind kind, absl::string_view model, absl::string_view version) {
  KeyBuilder key(kind);
  key.Text(model).Text(version);
  return key;
}

KeyBuilder LabelKey(RecordKind kind, const LabelHome& home) {
  return KeyOf(kind, home.model, home.version).Number(home.baseline);
}

KeyReader::KeyReader(absl::string_view key, size_t skip)
    : rest_(key.substr(std::min(skip, key.size()))) {}

std::string KeyReader::Text() {
  if (rest_.size() < 4) {
    ok_ = false;
    return "";
  }
  size_t size = 0;
  for (int i = 0; i < 4; ++i) size = size << 8 | static_cast<uint8_t>(rest_[i]);
  rest_.remove_prefix(4);
  if (size > rest_.size()) {
    ok_ = false;
    return "";
  }
  const std::string text(rest_.substr(0, size));
  rest_.remove_prefix(size);
  return text;
}

uint64_t KeyReader::Number() {
  if (rest_.size() < 8) {
    ok_ = false;
    return 0;
  }
  uint64_t number = 0;
  for (int i = 0; i < 8; ++i) number = number << 8 | static_cast<uint8_t>(rest_[i]);
  rest_.remove_prefix(8);
  return number;
}

size_t VersionPrefixLength(absl::string_view key) {
  KeyReader reader(key, 1);
  const size_t model = reader.Text().size();
  const size_t version = reader.Text().size();
  return reader.ok() ? 1 + 4 + model + 4 + version : 0;
}

int64_t KeyReader::Signed() { return static_cast<int64_t>(Number() ^ kSignBit); }

std::string PrefixEnd(std::string prefix) {
  while (!prefix.empty() && static_cast<uint8_t>(prefix.back()) == 0xff) prefix.pop_back();
  if (!prefix.empty()) ++prefix.back();
  return prefix;
}

std::string DescribeKey(absl::string_view key) {
  if (key.empty()) return "the empty key";
  const auto kind = static_cast<RecordKind>(key[0]);
  std::string words = absl::StrCat("the ", RecordKindName(kind), " record");
  if (kind == RecordKind::kFormat || kind == RecordKind::kCommits) return words;
  KeyReader reader(key, 1);
  if (kind == RecordKind::kProfile || kind == RecordKind::kProfileHead) {
    for (const char* part : {" of data set", " stage", " environment", " source"}) {
      const std::string text = reader.Text();
      if (reader.ok()) absl::StrAppend(&words, part, " \"", absl::CHexEscape(text), "\"");
    }
    return words;
  }
  const std::string model = reader.Text();
  if (reader.ok()) absl::StrAppend(&words, " of model \"", absl::CHexEscape(model), "\"");
  if (kind == RecordKind::kModel) return words;
  const std::string version = reader.Text();
  if (reader.ok()) absl::StrAppend(&words, " version \"", absl::CHexEscape(version), "\"");
  const size_t known = 1 + 4 + model.size() + 4 + version.size();
  if (key.size() > known) {
    absl::StrAppend(&words, " (key ", absl::BytesToHexString(key.substr(known)), ")");
  }
  return words;
}

}  // namespace plumbline::storage
