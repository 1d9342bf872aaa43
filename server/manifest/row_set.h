#ifndef PLUMBLINE_SERVER_MANIFEST_ROW_SET_H_
#define PLUMBLINE_SERVER_MANIFEST_ROW_SET_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/numeric/int128.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "server/manifest/content_digest.h"

namespace plumbline::manifest {

/// Which rows there are, whatever their order, that of their columns, and the parts that they come
/// in: how many, and the sum of their hashes modulo 2^128. A row that comes twice counts twice.
struct RowSet {
  uint64_t rows = 0;
  absl::uint128 digest = 0;

  void Add(const RowSet& other) {
    rows += other.rows;
    digest += other.digest;
  }
  friend bool operator==(const RowSet&, const RowSet&) = default;
};

/// The rows of a part, added a column after the other, in any order. Of each column there is one
/// value a row; `validity` as in RowHasher.
class RowSetBuilder {
 public:
  explicit RowSetBuilder(size_t rows) : sums_(rows) {}

  /// double, float, int64 or bool (0 and 1).
  template <class Number>
  void AddNumbers(absl::string_view name, absl::Span<const Number> values,
                  absl::Span<const uint8_t> validity) {
    RowHasher::AddNumbers(RowHasher::KeyOf(name), values, validity, absl::MakeSpan(sums_));
  }
  void AddTexts(absl::string_view name, absl::Span<const absl::string_view> texts,
                absl::Span<const uint8_t> validity);
  /// The index of a row that is not valid is ignored.
  void AddTexts(absl::string_view name, absl::Span<const absl::string_view> dictionary,
                absl::Span<const uint32_t> indices, absl::Span<const uint8_t> validity);
  [[nodiscard]] RowSet Finish() const;

 private:
  std::vector<absl::uint128> sums_;
};

/// 32 hex digits.
[[nodiscard]] std::string DigestText(absl::uint128 digest);
/// Back; nullopt: it is not 32 hex digits.
[[nodiscard]] std::optional<absl::uint128> ParseDigest(absl::string_view text);

}  // namespace plumbline::manifest

#endif  // PLUMBLINE_SERVER_MANIFEST_ROW_SET_H_
