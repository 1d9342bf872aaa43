#include "server/profile/row_sampler.h"

#include <algorithm>
#include <utility>

#include "server/profile/values.h"

namespace plumbline::profile {
namespace {

constexpr uint64_t kSeed = 20'240'117;
constexpr size_t kNumberBytes = 9;
constexpr size_t kCategoryBytes = 8;

uint64_t RowsFor(double row_bytes, size_t max_rows, size_t max_bytes) {
  const double rows = static_cast<double>(max_bytes) / std::max(row_bytes, 1.0);
  return static_cast<uint64_t>(std::min(rows, static_cast<double>(max_rows)));
}

// The chosen entries only, in their order; nothing if the variable has none (the other kind).
template <class T>
void KeepOnly(const std::vector<bool>& chosen, std::vector<T>* entries) {
  if (entries->empty()) return;
  size_t next = 0;
  for (size_t i = 0; i < chosen.size(); ++i) {
    if (!chosen[i]) continue;
    if (next != i) (*entries)[next] = std::move((*entries)[i]);
    ++next;
  }
  entries->resize(next);
}

}  // namespace

Selection::Selection(uint64_t population, uint64_t wanted)
    : left_(population), wanted_(std::min(wanted, population)), random_(kSeed) {}

bool Selection::Next() {
  if (left_ == 0) return false;
  // The modulo favours no row by more than population / 2^64.
  const bool take = random_() % left_ < wanted_;
  --left_;
  if (take) --wanted_;
  return take;
}

RowSampler::RowSampler(std::vector<Kind> kinds, uint64_t rows, double expected_row_bytes,
                       size_t max_rows, size_t max_bytes)
    : kinds_(std::move(kinds)),
      max_bytes_(max_bytes),
      selection_(rows, RowsFor(expected_row_bytes, max_rows, max_bytes)) {
  sample_.numeric.resize(kinds_.size());
  sample_.categorical.resize(kinds_.size());
}

void RowSampler::Add(absl::Span<const ColumnView* const> columns, uint32_t rows) {
  for (uint32_t row = 0; row < rows; ++row) {
    if (!selection_.Next()) continue;
    ++sample_.rows;
    for (size_t i = 0; i < kinds_.size(); ++i) {
      const ColumnView& column = *columns[i];
      const bool valid = column.IsValid(row);
      if (kinds_[i] == Kind::kNumeric) {
        sample_.numeric[i].push_back(valid ? std::optional<double>(NumberAt(column, row))
                                           : std::nullopt);
      } else {
        sample_.categorical[i].push_back(valid ? std::optional<std::string>(CategoryAt(column, row))
                                               : std::nullopt);
      }
    }
  }
}

RowSample RowSampler::Finish() && {
  size_t bytes = Bytes();
  while (bytes > max_bytes_ && sample_.rows > 0) {
    const double share = static_cast<double>(max_bytes_) / static_cast<double>(bytes);
    Thin(std::min(sample_.rows - 1,
                  static_cast<uint64_t>(share * static_cast<double>(sample_.rows))));
    bytes = Bytes();
  }
  return std::move(sample_);
}

size_t RowSampler::Bytes() const {
  size_t bytes = 0;
  for (const auto& numbers : sample_.numeric) bytes += numbers.size() * kNumberBytes;
  for (const auto& categories : sample_.categorical) {
    for (const auto& category : categories) {
      bytes += category.has_value() ? kCategoryBytes + category->size() : kNumberBytes;
    }
  }
  return bytes;
}

void RowSampler::Thin(uint64_t wanted) {
  Selection selection(sample_.rows, wanted);
  std::vector<bool> chosen(sample_.rows);
  for (uint64_t row = 0; row < sample_.rows; ++row) chosen[row] = selection.Next();
  for (auto& numbers : sample_.numeric) KeepOnly(chosen, &numbers);
  for (auto& categories : sample_.categorical) KeepOnly(chosen, &categories);
  sample_.rows = wanted;
}

}  // namespace plumbline::profile
