#ifndef PLUMBLINE_SERVER_PROFILE_CODE_COUNTS_H_
#define PLUMBLINE_SERVER_PROFILE_CODE_COUNTS_H_

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <variant>
#include <vector>

#include "absl/types/span.h"

namespace plumbline::profile {

/// A count for each code, exact. All are as wide as the largest needs, 1, 2, 4 or 8 bytes, and
/// become wider before one overflows: the minute of a quiet variable takes a byte a code. A value
/// type; not thread-safe.
class CodeCounts {
 public:
  CodeCounts() = default;
  /// `size` zeros.
  explicit CodeCounts(size_t size) : counts_(std::vector<uint8_t>(size)) {}
  /// As narrow as `counts` can be.
  static CodeCounts Of(absl::Span<const uint64_t> counts);

  size_t size() const;
  bool empty() const { return size() == 0; }
  uint64_t operator[](size_t code) const;
  uint64_t front() const { return (*this)[0]; }
  uint64_t back() const { return (*this)[size() - 1]; }

  void Add(size_t code, uint64_t rows = 1);
  /// Adds rows[i] to code i, for the first codes or all; they sum up to at most `total`.
  void AddEach(absl::Span<const uint32_t> rows, uint64_t total);
  /// Adds one to each of `codes`.
  void AddCodes(absl::Span<const uint32_t> codes);
  /// Adds the other's counts; of two sizes the larger stays.
  void Merge(const CodeCounts& other);
  /// All zero, keeping the memory.
  void Clear();

  uint64_t Total() const;
  /// The largest; 0 if there is none.
  uint64_t Max() const;
  /// The first codes into `out`, which has no more than there are.
  void CopyTo(absl::Span<uint64_t> out) const;
  std::vector<uint64_t> ToVector() const;
  /// Calls use() with a span of all counts, of the width that they have.
  template <class Use>
  void Visit(const Use& use) const {
    std::visit([&](const auto& own) { use(absl::MakeConstSpan(own)); }, counts_);
  }

  /// Reads the counts in order.
  class const_iterator {
   public:
    using iterator_category = std::input_iterator_tag;
    using value_type = uint64_t;
    using difference_type = std::ptrdiff_t;
    using pointer = const uint64_t*;
    using reference = uint64_t;

    uint64_t operator*() const { return (*counts_)[code_]; }
    const_iterator& operator++() {
      ++code_;
      return *this;
    }
    const_iterator operator++(int) {
      const_iterator before = *this;
      ++code_;
      return before;
    }
    friend bool operator==(const const_iterator&, const const_iterator&) = default;

   private:
    friend class CodeCounts;
    const_iterator(const CodeCounts* counts, size_t code) : counts_(counts), code_(code) {}

    const CodeCounts* counts_;
    size_t code_;
  };
  using iterator = const_iterator;
  using value_type = uint64_t;
  const_iterator begin() const { return {this, 0}; }
  const_iterator end() const { return {this, size()}; }

  /// Equal counts, whatever their width.
  friend bool operator==(const CodeCounts& a, const CodeCounts& b);

 private:
  // Makes room for `more` upon any count. `more_max` says how much it is at most, if `more` may be
  // too pessimistic.
  template <class MoreMax>
  void Reserve(uint64_t more, const MoreMax& more_max);
  void WidenTo(uint64_t largest);

  std::variant<std::vector<uint8_t>, std::vector<uint16_t>, std::vector<uint32_t>,
               std::vector<uint64_t>>
      counts_;
  uint64_t most_ = 0;  // no count is larger
};

}  // namespace plumbline::profile

#endif  // PLUMBLINE_SERVER_PROFILE_CODE_COUNTS_H_
