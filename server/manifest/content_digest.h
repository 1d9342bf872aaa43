#ifndef PLUMBLINE_SERVER_MANIFEST_CONTENT_DIGEST_H_
#define PLUMBLINE_SERVER_MANIFEST_CONTENT_DIGEST_H_

#include <cstdint>

#include "absl/numeric/int128.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace plumbline::manifest {

/// 128 bits that stand for the value of one cell: XXH3 (128 bits), the same on every machine and in
/// every version, so that it may be stored. Not cryptographic: it finds accidents, not forgers.
struct CellHash {
  uint64_t low = 0;
  uint64_t high = 0;

  [[nodiscard]] absl::uint128 value() const { return absl::MakeUint128(high, low); }
  friend bool operator==(const CellHash&, const CellHash&) = default;
};

/// A cell without a value.
[[nodiscard]] CellHash HashOfNull();
/// A number, by its value and not by its type: -0.0 is 0.0, and every NaN is one value, which is
/// not null.
[[nodiscard]] CellHash HashOfNumber(double number);
/// Where double holds the integer, HashOfNumber of that double (5 is 5.0); else a value of its own.
[[nodiscard]] CellHash HashOfInteger(int64_t number);
/// A text, byte by byte; never the hash of a number or of null ("5" is not 5).
[[nodiscard]] CellHash HashOfText(absl::string_view text);
/// A text but for how it is written: without spaces around it, in lower case (ASCII), and as the
/// number that it reads as, so that ` <=50K` is `<=50k`, and `5.0` is `5`.
[[nodiscard]] CellHash HashOfFoldedText(absl::string_view text);

/// What a sequence of cells holds, in 40 bytes, by two digests.
///
/// Regardless of order: the sum of the hashes modulo 2^128, so that duplicates count. Merge in any
/// order and over any partition gives the same; two multisets that differ have the same sum by a
/// chance of 2^-128.
///
/// In order: the polynomial of the hashes in a fixed base, modulo the prime 2^61 - 1, twice (122
/// bits). Merge appends, so parts merge if they are merged in their order.
///
/// Cost: about 5 ns a cell, besides its hash, which takes 3 ns. A value type; not thread-safe.
class ContentDigest {
 public:
  /// For storage.
  struct Parts {
    uint64_t cells = 0;
    absl::uint128 sum = 0;
    uint64_t ordered_low = 0;   // less than 2^61 - 1
    uint64_t ordered_high = 0;  // likewise

    friend bool operator==(const Parts&, const Parts&) = default;
  };

  void Add(const CellHash& cell) { AddAll({&cell, 1}); }
  void AddAll(absl::Span<const CellHash> cells);
  /// As if the cells of `behind` had been added here, behind those that are here. Cost: the
  /// logarithm of their number.
  void Merge(const ContentDigest& behind);

  [[nodiscard]] uint64_t cells() const { return parts_.cells; }
  [[nodiscard]] absl::uint128 sum() const { return parts_.sum; }
  [[nodiscard]] const Parts& ToParts() const { return parts_; }
  /// Errors: InvalidArgument for a part that is out of range.
  [[nodiscard]] static absl::StatusOr<ContentDigest> FromParts(const Parts& parts);

  /// The same cells, in whatever order.
  [[nodiscard]] bool SameContent(const ContentDigest& other) const {
    return parts_.cells == other.parts_.cells && parts_.sum == other.parts_.sum;
  }
  /// The same cells in the same order.
  friend bool operator==(const ContentDigest&, const ContentDigest&) = default;

 private:
  Parts parts_;
};

/// Sums up the cells of rows, one column after the other, into hashes of the rows: sums over the
/// columns of cell * key modulo 2^128, where the keys come from the column's name, and then a hash
/// of that. So a row is the same whatever the order of its columns, and another one if two cells
/// trade places. Cost: about 2 ns a cell.
class RowHasher {
 public:
  /// The keys of a column.
  struct Key {
    uint64_t low = 0;
    uint64_t high = 0;
  };
  [[nodiscard]] static Key KeyOf(absl::string_view column);
  /// What a cell adds to its row.
  [[nodiscard]] static absl::uint128 Term(const Key& key, const CellHash& cell) {
    return absl::uint128(cell.low) * key.low + absl::uint128(cell.high) * key.high;
  }
  /// row += term. Spelled out, since compilers make much of the carry.
  static void Add(absl::uint128 term, absl::uint128* row) {
    const uint64_t low = absl::Uint128Low64(*row) + absl::Uint128Low64(term);
    const uint64_t carry = low < absl::Uint128Low64(term) ? 1 : 0;
    *row = absl::MakeUint128(absl::Uint128High64(*row) + absl::Uint128High64(term) + carry, low);
  }
  /// Adds cells[i] to rows[i]. RowSetBuilder makes the same sums without the cells, and faster.
  static void AddColumn(const Key& key, absl::Span<const CellHash> cells,
                        absl::Span<absl::uint128> rows);
  /// The hash of a row whose columns have all been added.
  [[nodiscard]] static CellHash Finish(absl::uint128 row);
  /// The sum of that over rows, modulo 2^128.
  [[nodiscard]] static absl::uint128 SumOfFinished(absl::Span<const absl::uint128> rows);
};

}  // namespace plumbline::manifest

#endif  // PLUMBLINE_SERVER_MANIFEST_CONTENT_DIGEST_H_
