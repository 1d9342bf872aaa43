#ifndef PLUMBLINE_SERVER_PROFILE_GOLDEN_ROWS_H_
#define PLUMBLINE_SERVER_PROFILE_GOLDEN_ROWS_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "server/profile/aliases.h"
#include "server/profile/batch.h"
#include "server/profile/schema.h"

namespace plumbline::profile {

/// A number is within tolerance of what is expected if |actual - expected| <= absolute + relative *
/// |expected|.
struct Tolerance {
  double absolute = 1e-9;
  double relative = 1e-6;
};

/// One variable of golden rows. A null is nullopt.
struct GoldenColumn {
  std::string name;
  Role role = Role::kFeature;  // or kPrediction
  Kind kind = Kind::kNumeric;
  Tolerance tolerance;                            // of a numeric prediction
  std::vector<std::optional<double>> numbers;     // numeric: one a row
  std::vector<std::optional<std::string>> texts;  // categorical: one a row
};

/// Whether a column's values can be those of a variable of this kind: as PreparedBatch has it.
bool Fits(const ColumnView& column, Kind kind);

/// Rows whose predictions are known.
struct GoldenRows {
  static constexpr uint64_t kMaxRows = 10'000;
  static constexpr size_t kMaxBytes = 16 << 20;

  uint64_t rows = 0;
  std::vector<std::string> ids;  // one a row, each once (an empty one is none); or none
  std::vector<GoldenColumn> columns;

  /// Of all values.
  size_t bytes() const;
};

/// Gathers golden rows from batches. Labels and variables that the schema does not know are left
/// out. Not thread-safe.
class GoldenRowsBuilder {
 public:
  /// `tolerances` by prediction; `otherwise` for the others.
  GoldenRowsBuilder(const Schema& schema, std::map<std::string, Tolerance> tolerances,
                    Tolerance otherwise);
  /// The batch must have passed ValidateBatch. Errors: InvalidArgument: a variable of another type,
  /// other columns than before, more than GoldenRows holds.
  absl::Status Add(const BatchView& batch);
  /// Errors: InvalidArgument: no rows, no prediction, neither ids nor features, an id that is there
  /// twice, a tolerance that is no tolerance or of no prediction, or see
  /// GoldenBook::WithoutRepeats.
  absl::StatusOr<GoldenRows> Finish();

 private:
  absl::Status Start(const BatchView& batch);
  absl::Status AddColumn(const ColumnView& from, GoldenColumn* to);

  const Schema& schema_;
  const std::map<std::string, Tolerance> tolerances_;
  const Tolerance otherwise_;
  bool started_ = false;
  GoldenRows rows_;
};

enum class GoldenOutcome : uint8_t { kNotSeen = 0, kExact = 1, kWithin = 2, kDifferent = 3 };

/// One prediction of a golden row that was replayed.
struct GoldenPrediction {
  uint32_t column = 0;  // of the golden rows
  GoldenOutcome outcome = GoldenOutcome::kNotSeen;
  double difference = 0;    // |actual - expected|; infinite where one is not a number
  bool as_float32 = false;  // the expected one, rounded to float32
};

/// A golden row that was replayed.
struct GoldenHit {
  static constexpr size_t kMaxFeatures = 4;

  uint32_t row = 0;
  uint32_t batch_row = 0;
  GoldenOutcome outcome = GoldenOutcome::kNotSeen;  // of the worst prediction
  uint32_t prediction = 0;                          // its column
  double difference = 0;
  bool as_float32 = false;  // each prediction that is not exact is the expected one so rounded
  // Of a row that is not exact: features that are the recorded ones rounded to float32, and those
  // that are others; and the columns of the first of them, the others first.
  uint32_t rounded = 0, changed = 0;
  std::vector<uint32_t> features = {};
  uint32_t compared = 0;  // features that came with it

  /// The same result, whatever row of whatever batch it came from.
  bool SameResult(const GoldenHit& other) const;
};

/// Golden rows, and what finds them among others. Immutable; any thread.
class GoldenBook {
 public:
  /// `rows` is as GoldenRowsBuilder makes it. Errors: InvalidArgument if it is not.
  static absl::StatusOr<std::shared_ptr<const GoldenBook>> Create(GoldenRows rows);

  /// The batch's columns by column of the golden rows; nullptr: it lacks that one. A prediction may
  /// be of another type, a feature is not.
  using Columns = std::vector<const ColumnView*>;
  Columns Align(const BatchView& batch) const { return Align(batch, {}, Schema()); }
  /// Where it lacks one, that of another name for it; see Aliases.
  Columns Align(const BatchView& batch, const Aliases& aliases, const Schema& schema) const;
  /// Rows of the batch (which must have passed ValidateBatch) that are golden rows, by their id
  /// (as NormalId has it), or else because all features are the recorded ones, as they are or
  /// rounded to float32; a batch with neither features nor predictions of theirs (it may have
  /// labels) is passed over. Cost: a look-up of each id, and of the value of one feature in each
  /// row.
  std::vector<GoldenHit> Find(const BatchView& batch) const { return Find(batch, Align(batch)); }
  std::vector<GoldenHit> Find(const BatchView& batch, const Columns& columns) const;
  /// One by one: all of them. What is not there, or of another type, differs.
  std::vector<GoldenPrediction> ComparePredictions(const Columns& columns, uint32_t batch_row,
                                                   uint32_t row) const;

  const GoldenRows& rows() const { return rows_; }
  /// Rows without an id are found by their features only: each of these once, if those that repeat
  /// them expect the same. Errors: InvalidArgument if they do not, naming both.
  absl::StatusOr<GoldenRows> WithoutRepeats() const;
  /// What a person calls the row: its id, or `number 17`.
  std::string NameOf(uint32_t row) const;
  /// A value in words.
  std::string ExpectedText(uint32_t column, uint32_t row) const;
  static std::string ActualText(const ColumnView* column, Kind kind, uint32_t row);

 private:
  explicit GoldenBook(GoldenRows rows);
  void IndexIds();
  void IndexContent();
  std::vector<std::pair<uint32_t, uint32_t>> Match(const BatchView& batch,
                                                   const Columns& columns) const;
  std::optional<uint32_t> FindId(const BatchView& batch, uint32_t row) const;
  bool MayBeAnchor(uint32_t bits) const;
  // Rows whose value of the anchor may be that of a golden row.
  std::vector<uint32_t> Candidates(const BatchView& batch, const ColumnView& anchor) const;
  uint64_t RecordedKey(uint32_t row) const;
  uint64_t KeyOf(const Columns& columns, uint32_t row) const;
  GoldenHit Compare(const Columns& columns, uint32_t batch_row, uint32_t row) const;
  void CompareFeatures(const Columns& columns, uint32_t batch_row, GoldenHit* hit) const;

  const GoldenRows rows_;
  absl::flat_hash_map<std::string, uint32_t> column_of_;
  std::vector<uint32_t> features_, predictions_;  // columns
  std::vector<uint64_t> id_bits_;                 // a filter over ids
  absl::flat_hash_map<std::string, uint32_t> row_of_id_;
  absl::flat_hash_map<int64_t, uint32_t> row_of_int_id_;
  // Content: the feature with the most distinct values sorts out nearly all rows.
  std::optional<uint32_t> anchor_;
  std::vector<uint64_t> anchor_bits_;  // a filter over its values
  uint32_t anchor_shift_ = 0;
  absl::flat_hash_map<uint64_t, uint32_t> row_of_content_;
};

/// The latest result of each golden row. A value.
class GoldenResults {
 public:
  explicit GoldenResults(size_t rows = 0) : latest_(rows) {}
  /// False if nothing new was learnt.
  bool Add(const GoldenHit& hit);
  const std::vector<GoldenHit>& latest() const { return latest_; }

 private:
  std::vector<GoldenHit> latest_;  // by row; kNotSeen before the first
};

}  // namespace plumbline::profile

#endif  // PLUMBLINE_SERVER_PROFILE_GOLDEN_ROWS_H_
