#include "server/profile/code_counts.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace plumbline::profile {
namespace {

template <class Vector>
constexpr uint64_t LimitOf(const Vector&) {
  return std::numeric_limits<typename Vector::value_type>::max();
}

template <class Count>
uint64_t LargestOf(absl::Span<const Count> counts) {
  Count largest = 0;
  for (const Count count : counts) largest = std::max(largest, count);
  return largest;
}

template <class To, class From>
void AddCounts(const From* from, size_t size, To* to) {
  for (size_t i = 0; i < size; ++i) to[i] = static_cast<To>(to[i] + from[i]);
}

// Calls use() with an empty vector of the narrowest counts that hold `largest`.
template <class Use>
void UseNarrowest(uint64_t largest, const Use& use) {
  if (largest <= std::numeric_limits<uint8_t>::max()) {
    use(std::vector<uint8_t>());
  } else if (largest <= std::numeric_limits<uint16_t>::max()) {
    use(std::vector<uint16_t>());
  } else if (largest <= std::numeric_limits<uint32_t>::max()) {
    use(std::vector<uint32_t>());
  } else {
    use(std::vector<uint64_t>());
  }
}

// No more than uint64_t holds: a sum of counts, of which none comes near it.
uint64_t Saturated(uint64_t a, uint64_t b) {
  return a > std::numeric_limits<uint64_t>::max() - b ? std::numeric_limits<uint64_t>::max()
                                                      : a + b;
}

}  // namespace

CodeCounts CodeCounts::Of(absl::Span<const uint64_t> counts) {
  CodeCounts result;
  result.most_ = LargestOf(counts);
  UseNarrowest(result.most_, [&](auto own) {
    own.resize(counts.size());
    std::transform(counts.begin(), counts.end(), own.begin(), [](uint64_t count) {
      return static_cast<typename decltype(own)::value_type>(count);
    });
    result.counts_ = std::move(own);
  });
  return result;
}

size_t CodeCounts::size() const {
  return std::visit([](const auto& own) { return own.size(); }, counts_);
}

uint64_t CodeCounts::operator[](size_t code) const {
  return std::visit([&](const auto& own) -> uint64_t { return own[code]; }, counts_);
}

uint64_t CodeCounts::Total() const {
  return std::visit(
      [](const auto& own) {
        uint64_t total = 0;
        for (const auto count : own) total += count;
        return total;
      },
      counts_);
}

uint64_t CodeCounts::Max() const {
  return std::visit([](const auto& own) { return LargestOf(absl::MakeConstSpan(own)); }, counts_);
}

void CodeCounts::CopyTo(absl::Span<uint64_t> out) const {
  std::visit([&](const auto& own) { std::copy_n(own.begin(), out.size(), out.begin()); }, counts_);
}

std::vector<uint64_t> CodeCounts::ToVector() const {
  return std::visit([](const auto& own) { return std::vector<uint64_t>(own.begin(), own.end()); },
                    counts_);
}

void CodeCounts::WidenTo(uint64_t largest) {
  if (largest <= std::visit([](const auto& own) { return LimitOf(own); }, counts_)) return;
  UseNarrowest(largest, [&](auto wide) {
    std::visit([&](const auto& own) { wide.assign(own.begin(), own.end()); }, counts_);
    counts_ = std::move(wide);
  });
}

template <class MoreMax>
void CodeCounts::Reserve(uint64_t more, const MoreMax& more_max) {
  const uint64_t limit = std::visit([](const auto& own) { return LimitOf(own); }, counts_);
  if (more <= limit && most_ <= limit - more) {
    most_ += more;
    return;
  }
  most_ = Saturated(Max(), more_max());
  WidenTo(most_);
}

void CodeCounts::Add(size_t code, uint64_t rows) {
  const uint64_t count = Saturated((*this)[code], rows);
  if (count > most_) {
    most_ = count;
    WidenTo(count);
  }
  std::visit(
      [&](auto& own) {
        own[code] = static_cast<typename std::decay_t<decltype(own)>::value_type>(count);
      },
      counts_);
}

void CodeCounts::AddEach(absl::Span<const uint32_t> rows, uint64_t total) {
  Reserve(total, [&] { return LargestOf(rows); });
  std::visit([&](auto& own) { AddCounts(rows.data(), rows.size(), own.data()); }, counts_);
}

void CodeCounts::AddCodes(absl::Span<const uint32_t> codes) {
  Reserve(codes.size(), [&] { return codes.size(); });
  std::visit(
      [&](auto& own) {
        for (const uint32_t code : codes) ++own[code];
      },
      counts_);
}

void CodeCounts::Merge(const CodeCounts& other) {
  std::visit(
      [&](auto& own) {
        if (own.size() < other.size()) own.resize(other.size());
      },
      counts_);
  Reserve(other.most_, [&] { return other.Max(); });
  std::visit([](auto& own, const auto& more) { AddCounts(more.data(), more.size(), own.data()); },
             counts_, other.counts_);
}

void CodeCounts::Clear() {
  std::visit([](auto& own) { std::fill(own.begin(), own.end(), 0); }, counts_);
  most_ = 0;
}

bool operator==(const CodeCounts& a, const CodeCounts& b) {
  return std::visit(
      [](const auto& x, const auto& y) {
        return std::equal(x.begin(), x.end(), y.begin(), y.end());
      },
      a.counts_, b.counts_);
}

}  // namespace plumbline::profile
