#ifndef PLUMBLINE_SERVER_PROFILE_PREDICTION_FAULTS_H_
#define PLUMBLINE_SERVER_PROFILE_PREDICTION_FAULTS_H_

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "absl/container/btree_map.h"

namespace plumbline::profile {

/// What may be wrong with an input of a row. Values are stored on disk.
enum class InputState : uint8_t {
  kAbsent = 0,     // the batch lacks the column
  kWrongType = 1,  // it has another type
  kNull = 2,
  kNan = 3,
  kInfinite = 4,
  kOutOfRange = 5,  // beyond everything in training
  kUnseen = 6       // a category that training never had
};
inline constexpr size_t kInputStates = 7;

/// What may be wrong with a prediction of a row. Values are stored on disk.
enum class FaultKind : uint8_t {
  kNan = 0,
  kInfinite = 1,
  kOutside = 2,   // of its domain, or a class that training never had
  kWrongSum = 3,  // the probabilities of a group do not sum to 1
  kAny = 4        // in panes that did not tell them apart
};
inline constexpr size_t kFaultKinds = 5;

/// Of so many predictions, and of so many probability groups, faults are told apart: the first
/// ones. Those of all others are one.
inline constexpr uint32_t kFaultsApart = 16;

/// A kind of fault, and in which of the predictions of the baseline, counted from 0 in the order of
/// its variables, or in which of its probability groups. kFaultsApart: in any of the others.
using FaultKey = std::pair<FaultKind, uint32_t>;

/// Rows with one fault, and what was wrong with their inputs.
struct FaultyRows {
  uint64_t rows = 0;
  uint64_t inspected = 0;  // of these, rows whose inputs were looked at
  /// By variable and state, those of the rows inspected that have it.
  absl::btree_map<std::pair<uint32_t, InputState>, uint64_t> inputs;

  void Merge(const FaultyRows& other);

  friend bool operator==(const FaultyRows&, const FaultyRows&) = default;
};

/// Rows whose predictions cannot be right (NaN, infinite, outside their domain, a class that
/// training never had, probabilities that do not sum to 1), and what was wrong with the inputs of
/// the same rows, fault by fault. Takes no memory while there are none. A value; adding is exact.
struct PredictionFaults {
  uint64_t rows = 0;                 // with any such prediction
  std::vector<uint64_t> outside;     // by variable: predictions outside their domain
  std::vector<uint64_t> wrong_sums;  // by probability group: rows that do not sum to 1
  absl::btree_map<FaultKey, FaultyRows> faults;

  bool empty() const { return rows == 0; }
  void Merge(const PredictionFaults& other);
  /// Rows with a fault in the prediction (or group) of that number; what was not told apart counts
  /// for each.
  FaultyRows Of(FaultKind kind, uint32_t number) const;

  friend bool operator==(const PredictionFaults&, const PredictionFaults&) = default;
};

}  // namespace plumbline::profile

#endif  // PLUMBLINE_SERVER_PROFILE_PREDICTION_FAULTS_H_
