#include "server/transport/request_split.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>
#include <utility>

#include "plumbline/v1/ingest_service.pb.h"

namespace plumbline::transport {
namespace {

constexpr size_t kMaxVarintBytes = 10;
// Of what protobuf takes for a tag or a length.
constexpr size_t kMaxShortVarintBytes = 5;

constexpr uint32_t kVarintType = 0, kFixed64Type = 1, kLengthType = 2, kFixed32Type = 5;

size_t VarintSize(size_t value) {
  size_t size = 1;
  for (; value >= 0x80; value >>= 7) ++size;
  return size;
}

char* WriteVarint(size_t value, char* out) {
  for (; value >= 0x80; value >>= 7) *out++ = static_cast<char>(value | 0x80);
  *out++ = static_cast<char>(value);
  return out;
}

// Bytes of a value, as they are packed; 0: not a column of numbers.
size_t WidthOf(uint32_t field) {
  switch (field) {
    case v1::Column::kDoubleValuesFieldNumber:
    case v1::Column::kInt64ValuesFieldNumber:
      return 8;
    case v1::Column::kFloatValuesFieldNumber:
      return 4;
    default:
      return 0;
  }
}

// In the messages of all of them.
constexpr uint32_t kPackedField = 1;
static_assert(v1::DoubleValues::kValuesFieldNumber == static_cast<int>(kPackedField));
static_assert(v1::FloatValues::kValuesFieldNumber == static_cast<int>(kPackedField));
static_assert(v1::Int64Values::kValuesFieldNumber == static_cast<int>(kPackedField));

bool IsValues(uint32_t field) {
  return field >= v1::Column::kDoubleValuesFieldNumber &&
         field <= v1::Column::kDictionaryValuesFieldNumber;
}

}  // namespace

SliceCursor::SliceCursor(absl::Span<const grpc::Slice> slices) : slices_(slices) { NextSlice(); }

bool SliceCursor::NextSlice() {
  if (slices_.empty()) return false;
  before_ += static_cast<size_t>(end_ - begin_);
  begin_ = at_ = slices_.front().begin();
  end_ = slices_.front().end();
  slices_.remove_prefix(1);
  return true;
}

bool SliceCursor::ReadVarint(uint64_t* value) {
  *value = 0;
  for (size_t i = 0; i < kMaxVarintBytes; ++i) {
    while (at_ == end_) {
      if (!NextSlice()) return false;
    }
    const uint8_t byte = *at_++;
    *value |= static_cast<uint64_t>(byte & 0x7f) << (7 * i);
    if (byte < 0x80) return true;
  }
  return false;
}

bool SliceCursor::Skip(size_t size) {
  while (size > left()) {
    size -= left();
    if (!NextSlice()) return false;
  }
  at_ += size;
  return true;
}

bool SliceCursor::Copy(size_t size, char* to) {
  while (size > left()) {
    const size_t part = left();
    if (part > 0) std::memcpy(to, at_, part);
    to += part;
    size -= part;
    if (!NextSlice()) return false;
  }
  if (size > 0) std::memcpy(to, at_, size);
  at_ += size;
  return true;
}

absl::string_view SliceCursor::Peek(size_t size) const {
  if (size > left()) return {};
  return {reinterpret_cast<const char*>(at_), size};
}

RequestSplit::RequestSplit(absl::Span<const grpc::Slice> slices, const Limits& limits)
    : slices_(slices), limits_(limits), cursor_(slices) {
  if constexpr (std::endian::native != std::endian::little) return;
  for (const grpc::Slice& slice : slices) size_ += slice.size();
  if (size_ >= limits_.least_bytes && Request(size_)) return;
  edits_.clear();
  columns_.clear();
  removed_ = joined_ = 0;
}

bool RequestSplit::Next(size_t end, Field* field) {
  uint64_t tag = 0;
  const size_t begin = cursor_.offset();
  if (!cursor_.ReadVarint(&tag) || cursor_.offset() - begin > kMaxShortVarintBytes ||
      tag > std::numeric_limits<uint32_t>::max()) {
    return false;
  }
  field->number = static_cast<uint32_t>(tag >> 3);
  field->has_length = false;
  uint64_t value = 0;
  switch (tag & 7) {
    case kVarintType:
      return cursor_.ReadVarint(&value) && cursor_.offset() <= end;
    case kFixed64Type:
      return cursor_.Skip(8) && cursor_.offset() <= end;
    case kFixed32Type:
      return cursor_.Skip(4) && cursor_.offset() <= end;
    case kLengthType:
      break;
    default:
      return false;
  }
  field->has_length = true;
  field->length_at = cursor_.offset();
  if (!cursor_.ReadVarint(&value)) return false;
  field->begin = cursor_.offset();
  if (field->begin - field->length_at > kMaxShortVarintBytes || field->begin > end ||
      value > end - field->begin) {
    return false;
  }
  field->end = field->begin + static_cast<size_t>(value);
  return true;
}

template <class Read>
bool RequestSplit::Inside(const Field& field, const Read& read) {
  const size_t index = edits_.size(), removed = removed_;
  edits_.push_back({field.length_at, field.begin, 0, false});
  if (!read(field.end)) return false;
  if (removed_ == removed) {
    edits_.resize(index);
    return true;
  }
  const size_t length = field.end - field.begin - (removed_ - removed);
  edits_[index].length = length;
  removed_ += field.begin - field.length_at - VarintSize(length);
  return true;
}

template <class Use>
bool RequestSplit::ForFields(size_t end, const Use& use) {
  Field field;
  while (cursor_.offset() < end) {
    if (!Next(end, &field) || (field.has_length && !use(field))) return false;
  }
  return true;
}

bool RequestSplit::Request(size_t end) {
  bool seen = false;
  return ForFields(end, [&](const Field& field) {
    if (field.number != v1::IngestRequest::kBatchFieldNumber) return SkipTo(field.end);
    return !std::exchange(seen, true) &&
           Inside(field, [this](size_t to) { return NumberedBatch(to); });
  });
}

bool RequestSplit::NumberedBatch(size_t end) {
  bool seen = false;
  return ForFields(end, [&](const Field& field) {
    if (field.number != v1::NumberedBatch::kBatchFieldNumber) return SkipTo(field.end);
    return !std::exchange(seen, true) && Inside(field, [this](size_t to) { return Batch(to); });
  });
}

bool RequestSplit::Batch(size_t end) {
  return ForFields(end, [this](const Field& field) {
    if (field.number != v1::Batch::kColumnsFieldNumber) return SkipTo(field.end);
    const bool sound = Inside(field, [this](size_t to) { return ReadColumn(to); });
    ++batch_columns_;
    return sound;
  });
}

bool RequestSplit::ReadColumn(size_t end) {
  bool seen = false;
  return ForFields(end, [&](const Field& field) {
    if (IsValues(field.number) && std::exchange(seen, true)) return false;
    const size_t width = WidthOf(field.number);
    if (width == 0) return SkipTo(field.end);
    return Inside(field, [&](size_t to) { return Values(to, width); });
  });
}

bool RequestSplit::Values(size_t end, size_t width) {
  const size_t begin = cursor_.offset();
  if (begin == end) return true;
  Field field;
  if (!Next(end, &field)) return false;
  const size_t size = field.end - field.begin;
  if (field.number == kPackedField && field.has_length && field.end == end &&
      size >= limits_.least_column_bytes && size % width == 0) {
    const bool joined = cursor_.Peek(size).empty();
    columns_.push_back({batch_columns_, cursor_, size, joined});
    if (joined) joined_ += size;
    edits_.push_back({begin, end, 0, true});
    removed_ += end - begin;
  }
  return SkipTo(end);
}

std::vector<ColumnBytes> RequestSplit::Write(char* rest, char* joined) const {
  SliceCursor from(slices_);
  for (const Edit& edit : edits_) {
    const size_t kept = edit.begin - from.offset();
    from.Copy(kept, rest);
    rest += kept;
    from.Skip(edit.end - edit.begin);
    if (!edit.leaves_out) rest = WriteVarint(edit.length, rest);
  }
  from.Copy(size_ - from.offset(), rest);
  std::vector<ColumnBytes> columns;
  columns.reserve(columns_.size());
  for (const Column& column : columns_) {
    absl::string_view bytes = column.at.Peek(column.size);
    if (column.is_joined) {
      SliceCursor(column.at).Copy(column.size, joined);
      bytes = {joined, column.size};
      joined += column.size;
    }
    columns.push_back({column.column, bytes});
  }
  return columns;
}

}  // namespace plumbline::transport
