#ifndef PLUMBLINE_SERVER_STATS_OPTIONAL_DOUBLE_H_
#define PLUMBLINE_SERVER_STATS_OPTIONAL_DOUBLE_H_

#include <cmath>
#include <limits>
#include <optional>

namespace plumbline::stats {

/// A std::optional<double> in the eight bytes of a double: a NaN is no value. For statistics, of
/// which a process holds millions and which are never NaN when they are there.
class OptionalDouble {
 public:
  constexpr OptionalDouble() = default;
  constexpr OptionalDouble(std::nullopt_t) {}                // NOLINT(google-explicit-constructor)
  constexpr OptionalDouble(double value) : value_(value) {}  // NOLINT(google-explicit-constructor)
  constexpr OptionalDouble(
      const std::optional<double>& value)  // NOLINT(google-explicit-constructor)
      : value_(value.value_or(kNone)) {}

  [[nodiscard]] bool has_value() const { return !std::isnan(value_); }
  explicit operator bool() const { return has_value(); }
  operator std::optional<double>() const {  // NOLINT(google-explicit-constructor)
    if (!has_value()) return std::nullopt;
    return value_;
  }
  /// NaN if there is no value.
  double operator*() const { return value_; }
  [[nodiscard]] double value_or(double other) const { return has_value() ? value_ : other; }
  void reset() { value_ = kNone; }

  friend bool operator==(const OptionalDouble& a, const OptionalDouble& b) {
    return a.has_value() == b.has_value() && (!a.has_value() || a.value_ == b.value_);
  }

 private:
  static constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

  double value_ = kNone;
};

}  // namespace plumbline::stats

#endif  // PLUMBLINE_SERVER_STATS_OPTIONAL_DOUBLE_H_
