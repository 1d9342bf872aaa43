#ifndef PLUMBLINE_SERVER_PROFILE_PACKED_H_
#define PLUMBLINE_SERVER_PROFILE_PACKED_H_

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <iterator>
#include <type_traits>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace plumbline::profile {

/// Values beside each other in memory that somebody else owns, at any address: a message holds them
/// wherever its other fields leave off. A view.
template <class T>
class Packed {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  using value_type = T;

  Packed() = default;
  template <class List,
            class = std::enable_if_t<std::is_convertible_v<const List&, absl::Span<const T>>>>
  Packed(const List& values) {  // NOLINT: as absl::Span
    const absl::Span<const T> span(values);
    at_ = reinterpret_cast<const char*>(span.data());
    size_ = span.size();
  }
  /// The values in `bytes`, in the byte order of this machine.
  static Packed In(absl::string_view bytes) {
    Packed packed;
    packed.at_ = bytes.data();
    packed.size_ = bytes.size() / sizeof(T);
    return packed;
  }

  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  T operator[](size_t i) const {
    T value;
    std::memcpy(&value, at_ + i * sizeof(T), sizeof(T));
    return value;
  }
  Packed subspan(size_t begin, size_t size) const {
    return In({at_ + begin * sizeof(T), size * sizeof(T)});
  }

  absl::string_view bytes() const { return {at_, size_ * sizeof(T)}; }
  /// True if they can be read as they are: span().
  bool is_aligned() const { return reinterpret_cast<uintptr_t>(at_) % alignof(T) == 0; }
  /// Only if is_aligned().
  absl::Span<const T> span() const { return {reinterpret_cast<const T*>(at_), size_}; }
  void CopyTo(T* out) const {
    if (size_ > 0) std::memcpy(out, at_, size_ * sizeof(T));
  }

  /// Reads the values in order.
  class const_iterator {
   public:
    using iterator_category = std::input_iterator_tag;
    using value_type = T;
    using difference_type = std::ptrdiff_t;
    using pointer = const T*;
    using reference = T;

    T operator*() const {
      T value;
      std::memcpy(&value, at_, sizeof(T));
      return value;
    }
    const_iterator& operator++() {
      at_ += sizeof(T);
      return *this;
    }
    const_iterator operator++(int) {
      const_iterator before = *this;
      at_ += sizeof(T);
      return before;
    }
    friend bool operator==(const const_iterator&, const const_iterator&) = default;

   private:
    friend class Packed;
    explicit const_iterator(const char* at) : at_(at) {}

    const char* at_;
  };
  using iterator = const_iterator;
  const_iterator begin() const { return const_iterator(at_); }
  const_iterator end() const { return const_iterator(at_ + size_ * sizeof(T)); }

 private:
  const char* at_ = nullptr;
  size_t size_ = 0;
};

}  // namespace plumbline::profile

#endif  // PLUMBLINE_SERVER_PROFILE_PACKED_H_
